"""How long things take: work of a turn, and patience in a queue."""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.channels import is_spoken
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.dialogue import turn_factor
from maitred.envs.kernel.proficiency import work_factor

PATIENCE, SHORT, SERVICE, ANGLE = chance.PATIENCE, chance.SHORT, chance.SERVICE, chance.SERVICE_ANGLE


@inner
def period_of_day(w, now):
    """Index of the period of the day."""
    return int(now / w.parameters[0].period_s) % len(w.service_factor)


@inner
def handle_time(w, x, b, row, agent):
    """Seconds of work: a point mass of very short contacts, else log-normal or exponential around the mean.

    Work on a contact in the wrong queue lasts until the error shows, exponential (LV-G1).
    """
    contact, key = x.contacts[b, row], x.queued[b, row].key
    parameters = w.parameters[0]
    turn = 0
    if parameters.talks == 1:
        turn = x.talks[b, row].turns
    if is_spoken(w, contact.type) and chance.uniform(key, SHORT, turn) < w.people[agent].short_share:
        contact.short = 1
        return parameters.short_max_s * chance.uniform(key, SERVICE, turn)
    if parameters.talks == 1 and x.talks[b, row].needs != contact.type:
        return parameters.handoff_discovery_s * chance.exponential(key, SERVICE, turn)
    mean = x.handle_mean_s[b, agent, contact.type] * w.service_factor[period_of_day(w, x.center[b].now)]
    fatigue = 0.0
    if parameters.talks == 1:
        mean *= turn_factor(w, x, b, row, agent)
    if parameters.people_change == 1:
        mean *= work_factor(w, x, b, agent)
        fatigue = x.agents[b, agent].fatigue
    if parameters.exponential == 1:
        return mean * chance.exponential(key, SERVICE, turn)
    log_sd = w.types[contact.type].log_sd
    if fatigue > 0:
        log_sd *= 1.0 + parameters.people_fatigue_log_sd * fatigue
    return mean * math.exp(log_sd * chance.normal(key, SERVICE, ANGLE, turn) - log_sd * log_sd / 2)


@inner
def patience_s(w, x, b, row, joins):
    """Time in queue at which the cumulative hazard reaches the contact's Exp(1) threshold; inf if never."""
    contact = x.contacts[b, row]
    steps, hazard = w.patience_from_s, w.hazard_per_s[contact.type, contact.level]
    left = chance.exponential(x.queued[b, row].key, PATIENCE, joins)
    scale = w.patience_factor[period_of_day(w, x.center[b].now)]
    if w.parameters[0].talks == 1:
        scale *= w.tiers[x.talks[b, row].tier].customers_patience_factor
    last = len(steps) - 1
    for h in range(last):
        used = hazard[h] * (steps[h + 1] - steps[h])
        if left < used:
            return scale * (steps[h] + left / hazard[h])
        left -= used
    return scale * (steps[last] + left / hazard[last]) if hazard[last] > 0 else math.inf
