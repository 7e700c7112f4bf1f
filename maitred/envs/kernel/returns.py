"""Callers who come back: after failing to get through, after being cut short, after an unresolved contact."""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import REPEAT, RETRIAL, schedule
from maitred.envs.kernel.compiler import inner

RETURN, RETURN_DELAY, AVOID = chance.RETURN, chance.RETURN_DELAY, chance.AVOID


@inner
def repeat_after_service(w, x, b, row):
    """A contact cut short or left unresolved may come back, unless the next issue was headed off."""
    contact, key, parameters = x.contacts[b, row], x.queued[b, row].key, w.parameters[0]
    if contact.resolved == 1:
        return
    p, mean_s = parameters.repeat_unresolved_p, parameters.repeat_unresolved_mean_s
    if contact.short == 1:
        p, mean_s = parameters.repeat_short_p, parameters.repeat_short_mean_s
    if parameters.talks == 1 and x.talks[b, row].avoided == 1:
        p *= 1.0 - parameters.reassess_next_issue_avoids_p
    if chance.uniform(key, RETURN, 0) < p:
        delay_s = mean_s * chance.exponential(key, RETURN_DELAY, 0)
        schedule(x, b, x.center[b].now + delay_s, REPEAT, row)


@inner
def retry_after_failure(w, x, b, row):
    """A caller who abandoned or found no line may call again."""
    key, parameters = x.queued[b, row].key, w.parameters[0]
    if chance.uniform(key, RETURN, 0) < parameters.retrial_p:
        delay_s = parameters.retrial_mean_s * chance.exponential(key, RETURN_DELAY, 0)
        schedule(x, b, x.center[b].now + delay_s, RETRIAL, row)
