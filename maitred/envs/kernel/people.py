"""Agents: how their time is spent, and the roster's comings and goings."""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.attrition import start_of_shift
from maitred.envs.kernel.calendar import DRIFT, LAST_CALL, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.fatigue import tire
from maitred.envs.kernel.layout import Activity, Mark, Term
from maitred.envs.kernel.recorder import record
from maitred.envs.kernel.rooms import update_room
from maitred.envs.trace import AWAY_END, AWAY_START, CODE_MASK, REASON_SHIFT, SHIFT_END, SHIFT_START

OFF, IDLE, WORK, WRAP_UP, BREAK, TRAINING, UNAVAILABLE = map(int, Activity)
MARK_START, MARK_END = int(Mark.SHIFT_START), int(Mark.SHIFT_END)
COST = int(Term.COST)
READY = chance.READY


@inner
def switch_activity(w, x, b, agent, activity):
    """Book the time since the last switch, then begin `activity`."""
    person, now = x.agents[b, agent], x.center[b].now
    spent_s = now - person.since_s
    x.accounts[b, agent, person.activity] += spent_s
    if w.parameters[0].people_change == 1:
        tire(w, person, spent_s)
    was_on_duty = person.activity >= IDLE and person.activity <= WRAP_UP
    is_on_duty = activity >= IDLE and activity <= WRAP_UP
    x.center[b].on_duty += int(is_on_duty) - int(was_on_duty)
    person.activity, person.since_s = activity, now


@inner
def release(w, x, b, agent):
    """An agent has nothing to do now: idle, away or home."""
    person = x.agents[b, agent]
    person.contact = -1
    engaged = person.open > person.parked
    if person.on_shift == 0 and not engaged:
        book_overrun(w, x, b, agent)
        switch_activity(w, x, b, agent, OFF)
    elif person.on_shift == 1 and person.away != 0 and not engaged:
        switch_activity(w, x, b, agent, person.away)
    else:
        become_idle(w, x, b, agent)


@inner
def become_idle(w, x, b, agent):
    """An agent is there, with nothing to do now, and will drift away before long where agents do."""
    person, center, ready_share = x.agents[b, agent], x.center[b], w.parameters[0].ready_share
    switch_activity(w, x, b, agent, IDLE)
    person.due_s = math.nan
    if ready_share < 1 and person.open == 0:
        person.pauses += 1
        ready_mean_s = w.parameters[0].drift_mean_s * ready_share / (1 - ready_share)
        ready_s = ready_mean_s * chance.exponential(chance.agent_key(x, b, agent), READY, person.pauses)
        person.due_s = center.now + ready_s
        schedule(x, b, person.due_s, DRIFT, agent)


@inner
def book_overrun(w, x, b, agent):
    """Pay the time worked past the end of the shift."""
    person = x.agents[b, agent]
    overrun_s = x.center[b].now - person.shift_end_s
    person.overrun_s += overrun_s
    x.booked[b, COST] += overrun_s * w.people[agent].cost_per_s


@inner
def roster_event(w, x, b, event):
    """An agent's shift or absence begins or ends; whom that frees is offered work."""
    agent, code = event.agent, event.code & CODE_MASK
    person = x.agents[b, agent]
    if code == SHIFT_START:
        freed = _start_shift(w, x, b, agent, event.end_s)
    elif code == SHIFT_END:
        freed = _end_shift(x, b, agent)
    elif code == AWAY_START:
        reason = event.code >> REASON_SHIFT
        person.away = reason if reason > 0 else UNAVAILABLE
        freed = person.activity == IDLE or (person.activity == UNAVAILABLE and person.away != UNAVAILABLE)
    else:
        assert code == AWAY_END
        freed = person.away != 0 and person.activity == person.away
        person.away = 0
    if freed:
        release(w, x, b, agent)
    if update_room(w, x, b, agent):
        x.center[b].next_cap = agent


@inner
def _start_shift(w, x, b, agent, end_s):
    person, p, now = x.agents[b, agent], w.parameters[0], x.center[b].now
    if person.activity != OFF:  # still finishing a contact of the shift before
        book_overrun(w, x, b, agent)
    if p.people_change == 1:
        if person.activity != OFF:  # what was done so far was not done on this shift
            switch_activity(w, x, b, agent, person.activity)
        start_of_shift(w, x, b, agent, end_s)
    last_call_s = end_s - p.people_last_call_s
    person.on_shift, person.shift_end_s = 1, end_s
    person.last_call = p.people_last_call_s > 0 and last_call_s <= now
    if p.people_last_call_s > 0 and last_call_s > now:
        schedule(x, b, last_call_s, LAST_CALL, agent)
    record(x, b, MARK_START, -1, agent, 0, 0.0)
    return person.activity == OFF


@inner
def _end_shift(x, b, agent):
    person = x.agents[b, agent]
    record(x, b, MARK_END, -1, agent, 0, 0.0)
    was_away = person.away != 0 and person.activity == person.away
    person.on_shift, person.away = 0, 0
    return person.activity == IDLE or person.activity == UNAVAILABLE or was_away


@inner
def last_call(w, x, b, agent):
    """The last part of a shift begins, in which no new live conversation is taken on (RS-5)."""
    person, p = x.agents[b, agent], w.parameters[0]
    if person.on_shift == 1 and x.center[b].now == person.shift_end_s - p.people_last_call_s:
        person.last_call = 1
        update_room(w, x, b, agent)
