"""Agents: how their time is spent, and the roster's comings and goings."""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import DRIFT, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Activity, Term
from maitred.envs.kernel.queues import join_idle, leave_idle
from maitred.envs.trace import AWAY_END, AWAY_START, SHIFT_END, SHIFT_START

OFF, IDLE, WORK, WRAP_UP, _, _, UNAVAILABLE = map(int, Activity)
COST = int(Term.COST)
READY, AGENT_KEY = chance.READY, chance.AGENT_KEY


@inner
def switch_activity(x, b, agent, activity):
    """Book the time since the last switch, then begin `activity`."""
    person, now = x.agents[b, agent], x.center[b].now
    x.accounts[b, agent, person.activity] += now - person.since_s
    was_on_duty = person.activity != OFF and person.activity != UNAVAILABLE
    is_on_duty = activity != OFF and activity != UNAVAILABLE
    x.center[b].on_duty += is_on_duty - was_on_duty
    person.activity, person.since_s = activity, now


@inner
def release(w, x, b, agent):
    """An agent has nothing in hand: idle, away or home. Returns whether the agent is now idle."""
    person = x.agents[b, agent]
    person.contact = -1
    if person.on_shift == 0:
        book_overrun(w, x, b, agent)
        switch_activity(x, b, agent, OFF)
        return False
    if person.away == 1:
        switch_activity(x, b, agent, UNAVAILABLE)
        return False
    become_idle(w, x, b, agent)
    return True


@inner
def become_idle(w, x, b, agent):
    """An agent is there, with nothing to do, and will drift away before long where agents do."""
    person, center, ready_share = x.agents[b, agent], x.center[b], w.parameters[0].ready_share
    switch_activity(x, b, agent, IDLE)
    person.due_s = math.nan
    join_idle(x, b, agent)
    if ready_share < 1:
        person.pauses += 1
        ready_mean_s = w.parameters[0].drift_mean_s * ready_share / (1 - ready_share)
        ready_s = ready_mean_s * chance.exponential(agent_key(x, b, agent), READY, person.pauses)
        person.due_s = center.now + ready_s
        schedule(x, b, person.due_s, DRIFT, agent)


@inner
def agent_key(x, b, agent):
    """The key of an agent's own draws in this episode."""
    return chance.mix(x.center[b].key, AGENT_KEY, agent)


@inner
def book_overrun(w, x, b, agent):
    """Pay the time worked past the end of the shift."""
    person = x.agents[b, agent]
    overrun_s = x.center[b].now - person.shift_end_s
    person.overrun_s += overrun_s
    x.booked[b, COST] += overrun_s * w.people[agent].cost_per_s


@inner
def roster_event(w, x, b, event):
    """An agent's shift or absence begins or ends. Returns the agent if that freed it, else -1."""
    agent = event.agent
    person = x.agents[b, agent]
    if event.code == SHIFT_START:
        if person.activity != OFF:  # still finishing a contact of the shift before
            book_overrun(w, x, b, agent)
        person.on_shift, person.shift_end_s = 1, event.end_s
        freed = person.activity == OFF
    elif event.code == SHIFT_END:
        person.on_shift, person.away = 0, 0
        freed = person.activity == IDLE or person.activity == UNAVAILABLE
    elif event.code == AWAY_START:
        person.away = 1
        freed = person.activity == IDLE
    else:
        assert event.code == AWAY_END
        person.away = 0
        freed = person.activity == UNAVAILABLE
    if not freed:
        return -1
    if person.activity == IDLE:
        leave_idle(x, b, agent)
    return agent if release(w, x, b, agent) else -1
