"""What a policy sees of a decision: estimates and counts, never a true mean, patience, complexity or outcome."""

from __future__ import annotations

import math

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Action, Kind
from maitred.envs.kernel import chance
from maitred.envs.kernel.channels import is_spoken
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.dialogue import believed_complexity, believed_work
from maitred.envs.kernel.durations import period_of_day
from maitred.envs.kernel.layout import Activity

ROUTE, PULL, REASSESS, CONCURRENCY, OUTREACH = map(int, Kind)
ASSIGN, BOT, DEFER, CALLBACK, CAP, MESSAGE = (
    int(Action.ASSIGN), int(Action.BOT), int(Action.DEFER), int(Action.CALLBACK), int(Action.CAP), int(Action.MESSAGE),
)  # fmt: skip
HAND_BACK = int(Action.HAND_BACK)
KINDS = len(Kind)
WORK, WRAP_UP, IDLE = int(Activity.WORK), int(Activity.WRAP_UP), int(Activity.IDLE)
DECISION_PURPOSE = chance.DECISION

(
    TIME_SIN, TIME_COS, AGENTS_ON_DUTY, AGENTS_IDLE, CONTACTS_WAITING, OLDEST_WAIT, FORECAST_PER_H,
    FORECAST_LOAD, BUSYNESS, OPEN_TOTAL, BOT_SESSIONS, PROMISED,
) = (
    CONTEXT_NAMES.index(name)
    for name in (
        "time_of_day_sin", "time_of_day_cos", "agents_on_duty", "agents_idle", "contacts_waiting",
        "oldest_wait_s", "forecast_per_h", "forecast_load", "busyness", "conversations_open", "bot_sessions",
        "promised",
    )
)  # fmt: skip
FIRST_ACTION = CANDIDATE_NAMES.index("is_hold")  # the flags of the other actions follow in the order of `Action`
(
    USUAL, COST, DELAY, CAP_SET, WAIT, PRIORITY, ATTEMPTS, HAZARD, TYPE_WAITING, TYPE_IDLE, TYPE_HANDLE, LIVE, THINK,
    COMPLEXITY, COMPLEXITY_SD, URGENCY, DEADLINE_LEFT, SENTIMENT, TURNS, TRANSFERS, CONTEXT_KEPT, VALUE,
    PREFERS_OTHER, NEED_P, AGENT_IDLE, OCCUPANCY, AGENT_TYPES, LOG_SPEED, SHIFT_LEFT, SHORT_SHARE, OPEN, LOAD, CAP_NOW,
    TURNS_DUE, MIX, TENURE, FATIGUE, EMPATHY, HANDLE, HANDLE_LOG_SE, FIT, RESOLVE_P, LAST_AGENT,
) = (
    CANDIDATE_NAMES.index(name)
    for name in (
        "usual", "cost", "delay_s", "cap_set", "wait_s", "priority", "attempts", "abandon_hazard_per_min",
        "type_waiting", "type_agents_idle", "type_handle_s", "live", "think_s", "complexity", "complexity_sd",
        "urgency", "deadline_left_s", "sentiment", "turns", "transfers", "context_kept", "customer_value",
        "prefers_other", "need_p", "idle_s", "occupancy", "agent_types", "agent_log_speed", "shift_left_s",
        "short_share", "open", "load", "cap", "turns_due", "mix", "tenure_wk", "fatigue", "empathy", "handle_s",
        "handle_log_se", "fit", "resolve_p", "last_agent",
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
    for place in range(center.places):
        mask[place] = True
        into = candidates[place]
        action, target = x.actions[b, place], x.candidates[b, place]
        if action != ASSIGN:
            into[FIRST_ACTION + action - 1] = 1.0
        into[USUAL] = 1.0 if place == center.usual else 0.0
        row, agent = _pair_of(x, b, action, target)
        if row >= 0:
            _contact(w, x, b, row, into)
        if agent >= 0:
            _agent(w, x, b, agent, into)
        if row >= 0 and agent >= 0:
            _pair(w, x, b, row, agent, into)
        if action != ASSIGN:
            _action(w, x, b, row, action, target, into)


@inner
def _pair_of(x, b, action, target):
    """(contact row, agent) that a candidate is about; -1 for none."""
    center = x.center[b]
    if center.kind == ROUTE:
        return center.subject, (target if action == ASSIGN else -1)
    if center.kind == PULL:
        return (target if action == ASSIGN else -1), center.subject
    if center.kind == REASSESS:
        return center.subject, x.contacts[b, center.subject].agent
    if center.kind == CONCURRENCY:
        return -1, center.subject
    return -1, -1


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
    into[OPEN_TOTAL], into[BOT_SESSIONS], into[PROMISED] = center.open, center.bot_sessions, center.promised


@inner
def _contact(w, x, b, row, into):
    contact = x.contacts[b, row]
    waited_until = x.center[b].now if math.isnan(contact.answer_s) else contact.answer_s
    wait_s = waited_until - contact.arrival_s
    into[WAIT], into[PRIORITY], into[ATTEMPTS] = wait_s, contact.level, contact.attempts
    stretch = w.patience_factor[period_of_day(w, contact.arrival_s)]
    step = len(w.patience_from_s) - 1
    while w.patience_from_s[step] * stretch > wait_s:
        step -= 1
    into[HAZARD] = 60.0 * w.hazard_per_s[contact.type, contact.level, step] / stretch
    into[TYPE_WAITING] = x.waiting_of_type[b, contact.type]
    into[TYPE_IDLE] = x.idle_of_type[b, contact.type]
    into[TYPE_HANDLE] = w.types[contact.type].handle_s
    if w.parameters[0].talks == 1:
        _talk(w, x, b, row, w.types[contact.type], into)


@inner
def _talk(w, x, b, row, kind, into):
    talk, belief, channel = x.talks[b, row], x.beliefs[b, row], w.channels[kind.channels_of_type]
    single = channel.channels_think_mean_s == 0
    into[TYPE_HANDLE] = kind.handle_s * believed_work(w, belief, single)
    into[LIVE], into[THINK] = channel.channels_exclusive, channel.channels_think_mean_s
    into[COMPLEXITY], into[COMPLEXITY_SD] = believed_complexity(w, belief)
    into[URGENCY] = talk.urgency
    if talk.urgency > 0.5 and kind.dialogue_deadline_mean_s > 0:
        into[DEADLINE_LEFT] = kind.dialogue_deadline_mean_s - (x.center[b].now - x.contacts[b, row].arrival_s)
    into[SENTIMENT], into[TURNS], into[TRANSFERS] = talk.mood, talk.turns, talk.transfers
    into[CONTEXT_KEPT] = talk.context
    into[VALUE] = w.tiers[talk.tier].customers_value
    into[PREFERS_OTHER] = talk.prefers_other


@inner
def _agent(w, x, b, agent, into):
    person, now = x.agents[b, agent], x.center[b].now
    account = x.accounts[b, agent]
    worked_s = account[WORK] + account[WRAP_UP]
    idle_s = now - person.since_s if person.activity == IDLE else 0.0
    into[AGENT_IDLE] = idle_s
    present_s = now - person.since_s
    into[OCCUPANCY] = (worked_s + present_s - idle_s) / max(worked_s + account[IDLE] + present_s, 1.0)
    into[AGENT_TYPES], into[LOG_SPEED] = w.people[agent].types, w.people[agent].log_speed
    into[SHIFT_LEFT] = max(person.shift_end_s - now, 0.0)
    into[SHORT_SHARE] = w.people[agent].short_share
    into[OPEN], into[LOAD], into[CAP_NOW], into[TURNS_DUE] = person.open, person.load, person.cap, person.turns_due
    into[MIX] = person.mix / max(person.open, 1)
    into[TENURE], into[FATIGUE], into[EMPATHY] = person.experience_wk, person.fatigue, w.people[agent].empathy


@inner
def _pair(w, x, b, row, agent, into):
    kind = x.contacts[b, row].type
    pair = w.pairs[agent, kind]
    into[HANDLE], into[HANDLE_LOG_SE] = pair.handle_s, pair.log_se
    into[FIT], into[RESOLVE_P] = pair.fit, pair.resolve_p
    if w.parameters[0].talks == 1:
        into[HANDLE] = pair.handle_s * believed_work(w, x.beliefs[b, row], is_spoken(w, kind))
        into[LAST_AGENT] = 1.0 if x.talks[b, row].last_agent == agent else 0.0


@inner
def _action(w, x, b, row, action, target, into):
    """What an action other than an assignment costs, promises, resolves or sets."""
    p = w.parameters[0]
    if action in (BOT, HAND_BACK):
        bot = w.bots[target]
        into[COST] = bot.bots_cost_per_session + bot.bots_turns_mean * bot.bots_cost_per_turn
        into[HANDLE] = bot.bots_turns_mean * bot.bots_turn_s
        into[RESOLVE_P] = _contained(w, x, b, row, target)
    elif action == DEFER:
        into[DELAY] = p.deferral_promise_s
    elif action == CALLBACK:
        into[DELAY], into[COST] = p.deferral_callback_window_s, p.deferral_callback_cost
    elif action == CAP:
        into[CAP_SET] = target
    if x.center[b].kind == OUTREACH:
        into[NEED_P] = x.needs[b, x.center[b].subject].predicted_p
        into[COST] = p.outreach_message_cost if action == MESSAGE else 0.0


@inner
def _contained(w, x, b, row, bot):
    """Chance that a bot resolves the contact, under the belief of its complexity."""
    belief, contained = x.beliefs[b, row], 0.0
    for c in range(len(belief)):
        contained += belief[c] * w.bot_resolve_p[bot, x.contacts[b, row].type, c]
    return contained
