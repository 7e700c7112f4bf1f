"""One conversation's life: begin, end of work, wrap-up, satisfaction, and the caller who comes back."""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import END_WORK, END_WRAP_UP, REPEAT, RETRIAL, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Outcome, Term
from maitred.envs.kernel.people import WORK, WRAP_UP, switch_activity
from maitred.envs.kernel.queues import leave_idle, leave_queue
from maitred.envs.kernel.readiness import finish_contact

SERVED = int(Outcome.SERVED)
FOCUS_S, CSAT = int(Term.FOCUS_S), int(Term.CSAT)
PATIENCE, SHORT, SERVICE, ANGLE = chance.PATIENCE, chance.SHORT, chance.SERVICE, chance.SERVICE_ANGLE
WRAP, RESOLVE, RETURN, RETURN_DELAY = chance.WRAP_UP, chance.RESOLVE, chance.RETURN, chance.RETURN_DELAY


@inner
def period_of_day(w, now):
    """Index of the period of the day."""
    return int(now / w.parameters[0].period_s) % len(w.service_factor)


@inner
def begin(w, x, b, row, agent):
    """An idle agent takes a contact, waiting or just arrived."""
    center, contact = x.center[b], x.contacts[b, row]
    if x.queued[b, row].waiting == 1:
        leave_queue(x, b, row)
    leave_idle(x, b, agent)
    switch_activity(x, b, agent, WORK)
    x.agents[b, agent].contact = row
    contact.agent, contact.answer_s = agent, center.now
    contact.work_s = handle_time(w, x, b, row, agent)
    schedule(x, b, center.now + contact.work_s, END_WORK, agent)


@inner
def handle_time(w, x, b, row, agent):
    """Seconds of work: a point mass of very short contacts, else log-normal or exponential around the mean."""
    contact, key = x.contacts[b, row], x.queued[b, row].key
    parameters = w.parameters[0]
    if chance.uniform(key, SHORT, 0) < w.people[agent].short_share:
        contact.short = 1
        return parameters.short_max_s * chance.uniform(key, SERVICE, 0)
    mean = x.handle_mean_s[b, agent, contact.type] * w.service_factor[period_of_day(w, x.center[b].now)]
    if parameters.exponential == 1:
        return mean * chance.exponential(key, SERVICE, 0)
    log_sd = w.types[contact.type].log_sd
    return mean * math.exp(log_sd * chance.normal(key, SERVICE, ANGLE, 0) - log_sd * log_sd / 2)


@inner
def end_work(w, x, b, agent):
    """The conversation is over: book it, then wrap up. Returns whether the agent is now idle."""
    row, center = x.agents[b, agent].contact, x.center[b]
    contact, key = x.contacts[b, row], x.queued[b, row].key
    contact.outcome, contact.end_s = SERVED, center.now
    resolve_p = w.pairs[agent, contact.type].resolve_p
    contact.resolved = contact.short == 0 and chance.uniform(key, RESOLVE, 0) < resolve_p
    contact.csat = satisfaction(w, contact.answer_s - contact.arrival_s, contact.resolved)
    x.booked[b, FOCUS_S] += contact.work_s
    x.booked[b, CSAT] += contact.csat
    center.in_system -= 1
    repeat_after_service(w, x, b, row)
    wrap_up_mean_s = w.types[contact.type].wrap_up_mean_s
    if wrap_up_mean_s == 0:
        return finish_contact(w, x, b, agent)
    contact.wrap_up_s = wrap_up_mean_s * chance.exponential(key, WRAP, 0)
    switch_activity(x, b, agent, WRAP_UP)
    schedule(x, b, center.now + contact.wrap_up_s, END_WRAP_UP, agent)
    return False


@inner
def end_wrap_up(w, x, b, agent):
    """After-contact work is done. Returns whether the agent is now idle."""
    x.booked[b, FOCUS_S] += x.contacts[b, x.agents[b, agent].contact].wrap_up_s
    return finish_contact(w, x, b, agent)


@inner
def satisfaction(w, wait_s, resolved):
    """Latent CSAT of a served contact, 0..1.

    A logit with +2.0 if resolved and -0.25 per doubling of the wait over the promise (domain parameters 2.4);
    unobserved terms (empathy, sentiment) stand at their mean of zero.
    """
    over = max(wait_s / w.parameters[0].answer_target_s, 1.0)
    return 1.0 / (1.0 + math.exp(-(2.0 * resolved - 0.25 * math.log2(over))))


@inner
def repeat_after_service(w, x, b, row):
    """A contact cut short or left unresolved may come back."""
    contact, key, parameters = x.contacts[b, row], x.queued[b, row].key, w.parameters[0]
    if contact.resolved == 1:
        return
    p, mean_s = parameters.repeat_unresolved_p, parameters.repeat_unresolved_mean_s
    if contact.short == 1:
        p, mean_s = parameters.repeat_short_p, parameters.repeat_short_mean_s
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


@inner
def patience_s(w, x, b, row):
    """Time in queue at which the cumulative hazard reaches the contact's Exp(1) threshold; inf if never."""
    contact = x.contacts[b, row]
    steps, hazard = w.patience_from_s, w.hazard_per_s[contact.type, contact.level]
    left = chance.exponential(x.queued[b, row].key, PATIENCE, 0)
    scale = w.patience_factor[period_of_day(w, x.center[b].now)]
    last = len(steps) - 1
    for h in range(last):
        used = hazard[h] * (steps[h + 1] - steps[h])
        if left < used:
            return scale * (steps[h] + left / hazard[h])
        left -= used
    return scale * (steps[last] + left / hazard[last]) if hazard[last] > 0 else math.inf
