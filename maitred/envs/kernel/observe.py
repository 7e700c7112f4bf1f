"""What a policy sees of a decision: estimates and counts, never a true mean, patience or outcome."""

from __future__ import annotations

import math

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Kind
from maitred.envs.kernel import chance
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Activity
from maitred.envs.kernel.service import period_of_day

ROUTE = int(Kind.ROUTE)
KINDS = len(Kind)
WORK, WRAP_UP, IDLE = int(Activity.WORK), int(Activity.WRAP_UP), int(Activity.IDLE)
HOLD = -1
DECISION_PURPOSE = chance.DECISION

(
    TIME_SIN, TIME_COS, AGENTS_ON_DUTY, AGENTS_IDLE, CONTACTS_WAITING, OLDEST_WAIT, FORECAST_PER_H,
    FORECAST_LOAD, BUSYNESS,
) = (
    CONTEXT_NAMES.index(name)
    for name in (
        "time_of_day_sin", "time_of_day_cos", "agents_on_duty", "agents_idle", "contacts_waiting",
        "oldest_wait_s", "forecast_per_h", "forecast_load", "busyness",
    )
)  # fmt: skip
(
    IS_HOLD, WAIT, PRIORITY, ATTEMPTS, HAZARD, TYPE_WAITING, TYPE_IDLE, TYPE_HANDLE, AGENT_IDLE, OCCUPANCY,
    AGENT_TYPES, LOG_SPEED, SHIFT_LEFT, SHORT_SHARE, HANDLE, HANDLE_LOG_SE, FIT, RESOLVE_P,
) = (
    CANDIDATE_NAMES.index(name)
    for name in (
        "is_hold", "wait_s", "priority", "attempts", "abandon_hazard_per_min", "type_waiting",
        "type_agents_idle", "type_handle_s", "idle_s", "occupancy", "agent_types", "agent_log_speed",
        "shift_left_s", "short_share", "handle_s", "handle_log_se", "fit", "resolve_p",
    )
)  # fmt: skip


@inner
def observe(w, x, b, observation):
    """Write the pending decision of center `b` into row `b` of the observation buffers."""
    center = x.center[b]
    observation.key[b] = chance.mix(center.key, DECISION_PURPOSE, center.decisions)
    _context(w, x, b, observation.context[b])
    candidates, mask = observation.candidates[b], observation.mask[b]
    for place in range(len(mask)):
        if not mask[place]:
            break  # nothing was written here or behind
        candidates[place], mask[place] = 0.0, False
    routing = center.kind == ROUTE
    for place in range(center.places):
        mask[place] = True
        other, into = x.candidates[b, place], candidates[place]
        row, agent = (center.subject, other) if routing else (other, center.subject)
        if other == HOLD:
            into[IS_HOLD] = 1.0
        if row != HOLD:
            _contact(w, x, b, row, into)
        if agent != HOLD:
            _agent(w, x, b, agent, into)
        if other != HOLD:
            _pair(w, agent, x.contacts[b, row].type, into)


@inner
def _context(w, x, b, into):
    center = x.center[b]
    now, period_s = center.now, w.parameters[0].period_s
    for kind in range(KINDS):
        into[kind] = 1.0 if kind == center.kind else 0.0
    angle = 2.0 * math.pi * (now / 86400.0 - center.today)
    into[TIME_SIN], into[TIME_COS] = math.sin(angle), math.cos(angle)
    into[AGENTS_ON_DUTY], into[AGENTS_IDLE] = center.on_duty, center.idle
    into[CONTACTS_WAITING] = center.waiting
    oldest = now
    for kind in range(x.queue_head.shape[1]):
        head = x.queue_head[b, kind]
        if head >= 0:
            oldest = min(oldest, x.contacts[b, head].arrival_s)
    into[OLDEST_WAIT] = now - oldest
    period = int(now / period_s)
    forecast = x.forecast[b, period]
    into[FORECAST_PER_H] = forecast.per_h
    into[FORECAST_LOAD] = min(forecast.work / max(center.on_duty, 1), 1000.0)
    expected = forecast.cumulative + forecast.per_h * (now - period * period_s) / 3600.0
    into[BUSYNESS] = (center.arrived_today + 20.0) / (expected + 20.0)


@inner
def _contact(w, x, b, row, into):
    contact = x.contacts[b, row]
    wait_s = x.center[b].now - contact.arrival_s
    into[WAIT], into[PRIORITY], into[ATTEMPTS] = wait_s, contact.level, contact.attempts
    stretch = w.patience_factor[period_of_day(w, contact.arrival_s)]
    step = len(w.patience_from_s) - 1
    while w.patience_from_s[step] * stretch > wait_s:
        step -= 1
    into[HAZARD] = 60.0 * w.hazard_per_s[contact.type, contact.level, step] / stretch
    into[TYPE_WAITING] = x.waiting_of_type[b, contact.type]
    into[TYPE_IDLE] = x.idle_of_type[b, contact.type]
    into[TYPE_HANDLE] = w.types[contact.type].handle_s


@inner
def _agent(w, x, b, agent, into):
    person, now = x.agents[b, agent], x.center[b].now
    account = x.accounts[b, agent]
    worked_s = account[WORK] + account[WRAP_UP]
    into[AGENT_IDLE] = now - person.since_s
    into[OCCUPANCY] = worked_s / max(worked_s + account[IDLE] + now - person.since_s, 1.0)
    into[AGENT_TYPES], into[LOG_SPEED] = w.people[agent].types, w.people[agent].log_speed
    into[SHIFT_LEFT] = max(person.shift_end_s - now, 0.0)
    into[SHORT_SHARE] = w.people[agent].short_share


@inner
def _pair(w, agent, kind, into):
    pair = w.pairs[agent, kind]
    into[HANDLE], into[HANDLE_LOG_SE] = pair.handle_s, pair.log_se
    into[FIT], into[RESOLVE_P] = pair.fit, pair.resolve_p
