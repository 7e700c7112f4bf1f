"""The event loop: run each center to its next decision or its horizon.

An event or an answer never does all that follows from it: it leaves notes in its center of what comes next (a
contact to close, an agent who is free, a turn to start, an offer to make), and `_follow_up` works them off in a
fixed order before the next event. Each consequence therefore has one place in the code, and in the machine code.
"""

from __future__ import annotations

import math

import numpy as np

from maitred.envs.kernel.answers import answer
from maitred.envs.kernel.bots import bot_turn
from maitred.envs.kernel.calendar import (
    ABANDON,
    BOT_TURN,
    CALLBACK,
    DRIFT,
    END_PAUSE,
    END_WORK,
    END_WRAP_UP,
    FOLLOW_UP,
    INACTIVE,
    LAST_CALL,
    NEED,
    OFFER_AGENT,
    OFFER_CONTACT,
    REPEAT,
    REPLY,
    RETRIAL,
    SILENCE,
    pop,
)
from maitred.envs.kernel.compiler import entry, inner
from maitred.envs.kernel.contacts import (
    REPEAT_ORIGIN,
    RETRIAL_ORIGIN,
    abandon,
    first_contact,
    prompted_contact,
    returning_contact,
    wait,
)
from maitred.envs.kernel.deferral import callback_due
from maitred.envs.kernel.layout import Array, Centers, Observation, Progress, Term
from maitred.envs.kernel.observe import observe
from maitred.envs.kernel.offers import (
    DECISION,
    HOLD,
    NOBODY,
    ROUTE,
    RUNNING,
    offer_agent,
    offer_cap,
    offer_contact,
    offer_need,
    offer_turn,
)
from maitred.envs.kernel.outreach import schedule_need
from maitred.envs.kernel.people import OFF, UNAVAILABLE, book_overrun, last_call, roster_event, switch_activity
from maitred.envs.kernel.readiness import drift, end_pause
from maitred.envs.kernel.service import close, end_work, end_wrap_up
from maitred.envs.kernel.silence import find_out
from maitred.envs.kernel.turns import become_inactive, next_turn, reply, resume, start_turn
from maitred.envs.kernel.world import World
from maitred.envs.trace import SHIFT_START

DONE, FULL = int(Progress.DONE), int(Progress.FULL)
COST = int(Term.COST)

WAIT, SIT_OUT = -1, -2  # in the place of an answer
ROWS_PER_EVENT, EVENTS_PER_EVENT, LOGGED_PER_EVENT = 1, 8, 8


@entry
def start(w: World, x: Centers, b: int, key: np.uint64, arrivals: int, roster: int, needs: int) -> None:
    """Set a center to the beginning of the trace already copied into its arrays."""
    center = x.center[b]
    center.now, center.progress = 0.0, RUNNING
    center.next_arrival, center.next_roster, center.heap, center.sequence = 0, 0, 0, 0
    center.rows, center.decisions, center.waiting, center.idle = 0, 0, 0, 0
    center.idle_head, center.idle_tail, center.on_duty, center.in_system = -1, -1, 0, 0
    center.today, center.arrived_today, center.events, center.open = 0, 0, 0, 0
    center.key, center.arrivals, center.roster, center.needs = key, arrivals, roster, needs
    center.bot_sessions, center.promised, center.messages_today, center.logged = 0, 0, 0, 0
    center.ease, center.ease_s = 0.5, 0.0
    center.chosen, center.closing, center.freed, center.starting, center.queueing = -1, -1, -1, -1, -1
    center.resuming = -1
    center.next_contact, center.next_agent, center.next_turn, center.next_cap, center.next_need = -1, -1, -1, -1, -1
    _leave_only_hold(x, b)
    x.queue_head[b], x.queue_tail[b], x.waiting_of_type[b], x.idle_of_type[b] = -1, -1, 0, 0
    x.accounts[b], x.booked[b], x.bot_load[b] = 0.0, 0.0, 0
    for agent in range(x.agents.shape[1]):
        person = x.agents[b, agent]
        person.since_s, person.due_s, person.shift_end_s, person.turn_end_s = 0.0, math.nan, 0.0, math.nan
        person.offer_s, person.overrun_s, person.contact = math.nan, 0.0, -1
        person.next, person.previous, person.pauses, person.last_call = -1, -1, 0, 0
        person.activity, person.on_shift, person.away, person.room = OFF, 0, 0, 0
        person.open, person.live, person.locks, person.parked, person.turns_due = 0, 0, 0, 0, 0
        person.line_head, person.line_tail, person.load, person.mix = -1, -1, 0.0, 0.0
        person.cap = min(w.parameters[0].concurrency_cap_slots, w.parameters[0].governance_max_cap_slots)
        person.experience_wk, person.started_wk = w.people[agent].tenure_wk, w.people[agent].tenure_wk
        person.fatigue, person.hazard, person.left, person.assisted = 0.0, 0.0, 0, 0
        person.shift_start_s, person.shift_busy_s = 0.0, 0.0
    for i in range(roster):
        event = x.roster[b, i]
        if event.code == SHIFT_START:
            x.booked[b, COST] += (event.end_s - event.s) * w.people[event.agent].cost_per_s
    schedule_need(x, b, 0)


@inner
def _advance(w, x, b):
    """Process events until a decision is due, the horizon is reached or an array is full."""
    center, horizon_s = x.center[b], w.parameters[0].horizon_s
    while True:
        _follow_up(w, x, b)
        if center.progress != RUNNING:
            return
        if _is_full(x, b):
            center.progress = FULL
            return
        arrival_s, roster_s, event_s = math.inf, math.inf, math.inf
        if center.next_arrival < center.arrivals:
            arrival_s = x.arrivals[b, center.next_arrival].s
        if center.next_roster < center.roster:
            roster_s = x.roster[b, center.next_roster].s
        if center.heap > 0:
            event_s = x.heap[b, 0].s
        now = min(arrival_s, roster_s, event_s)
        if now >= horizon_s:
            center.now = horizon_s
            _close_books(w, x, b)
            return
        center.now = now
        center.events += 1
        if now >= 86400.0 * (center.today + 1):
            center.today, center.arrived_today, center.messages_today = int(now / 86400.0), 0, 0
        if event_s <= now:
            _scheduled_event(w, x, b)
        elif roster_s <= now:
            roster_event(w, x, b, x.roster[b, center.next_roster])
            center.next_roster += 1
        else:
            first_contact(w, x, b, x.arrivals[b, center.next_arrival])
            center.next_arrival += 1


@inner
def _is_full(x, b):
    center = x.center[b]
    full = center.rows + ROWS_PER_EVENT > x.contacts.shape[1] or center.heap + EVENTS_PER_EVENT > x.heap.shape[1]
    return full or (x.log.shape[1] > 0 and center.logged + LOGGED_PER_EVENT > x.log.shape[1])


@inner
def _follow_up(w, x, b):
    """Work off the notes that the last event or answer left, until a decision is due or none is left."""
    center = x.center[b]
    while True:
        if center.progress == DECISION:
            if center.places > 1:
                return
            center.progress, center.chosen = RUNNING, 0
        if center.chosen >= 0:
            place, center.chosen = center.chosen, -1
            answer(w, x, b, place)
        elif center.closing >= 0:
            row, center.closing = center.closing, -1
            close(w, x, b, row)
        elif center.next_contact >= 0:
            # Before the agent who has passed it on is free: it has no claim on that agent before those who wait.
            row, center.next_contact = center.next_contact, -1
            offer_contact(w, x, b, row)
        elif center.freed >= 0:
            agent, center.freed = center.freed, -1
            next_turn(w, x, b, agent)
        elif center.starting >= 0:
            row, center.starting = center.starting, -1
            start_turn(w, x, b, row)
        elif center.queueing >= 0:
            row, center.queueing = center.queueing, -1
            wait(w, x, b, row)
        elif not _offer(w, x, b):
            return


@inner
def _offer(w, x, b):
    """Make the next offer there is; False if there is none."""
    center = x.center[b]
    if center.next_turn >= 0:
        row, center.next_turn = center.next_turn, -1
        offer_turn(w, x, b, row)
    elif center.next_agent >= 0:
        agent, center.next_agent = center.next_agent, -1
        offer_agent(w, x, b, agent)
    elif center.next_cap >= 0:
        agent, center.next_cap = center.next_cap, -1
        if w.parameters[0].concurrency_decided == 1:
            offer_cap(w, x, b, agent)
        else:
            center.next_agent = agent
    elif center.next_need >= 0:
        need, center.next_need = center.next_need, -1
        offer_need(w, x, b, need)
    elif center.resuming >= 0:
        agent, center.resuming = center.resuming, -1
        resume(x, b, agent)
    else:
        return False
    return True


@inner
def _scheduled_event(w, x, b):
    """Take the earliest event of the heap and do what it says."""
    kind, entity = pop(x, b)
    if kind == END_WORK:
        end_work(w, x, b, entity)
    elif kind == END_WRAP_UP:
        end_wrap_up(w, x, b, entity)
    elif kind == REPLY:
        reply(w, x, b, entity)
    elif kind == END_PAUSE:
        end_pause(w, x, b, entity)
    elif kind == DRIFT:
        drift(w, x, b, entity)
    elif kind == ABANDON:
        abandon(w, x, b, entity)
    elif kind in (RETRIAL, REPEAT):
        returning_contact(w, x, b, entity, RETRIAL_ORIGIN if kind == RETRIAL else REPEAT_ORIGIN)
    elif kind == OFFER_CONTACT:
        # A hold is stale unless its subject still waits under the very hold that scheduled this offer.
        if x.queued[b, entity].waiting == 1 and x.queued[b, entity].offer_s == x.center[b].now:
            x.center[b].next_contact = entity
    elif kind == OFFER_AGENT:
        if x.agents[b, entity].room != 0 and x.agents[b, entity].offer_s == x.center[b].now:
            x.center[b].next_agent = entity
    else:
        _conversation_event(w, x, b, kind, entity)


@inner
def _conversation_event(w, x, b, kind, entity):
    if kind == INACTIVE:
        become_inactive(w, x, b, entity)
    elif kind == SILENCE:
        find_out(w, x, b, entity)
    elif kind == BOT_TURN:
        bot_turn(w, x, b, entity)
    elif kind == CALLBACK:
        callback_due(x, b, entity)
    elif kind == NEED:
        x.center[b].next_need = entity
        schedule_need(x, b, entity + 1)
    elif kind == FOLLOW_UP:
        prompted_contact(w, x, b, entity)
    else:
        assert kind == LAST_CALL
        last_call(w, x, b, entity)


@inner
def _close_books(w, x, b):
    """Book every agent's time up to the horizon."""
    for agent in range(x.agents.shape[1]):
        activity = x.agents[b, agent].activity
        if x.agents[b, agent].on_shift == 0 and activity != OFF and activity != UNAVAILABLE:
            book_overrun(w, x, b, agent)
        switch_activity(w, x, b, agent, activity)
    _leave_only_hold(x, b)
    x.center[b].progress = DONE


@inner
def _leave_only_hold(x, b):
    """Where nothing is to be decided, there is only to hold, of nobody: whoever waits goes on waiting."""
    center = x.center[b]
    center.kind, center.subject, center.places, center.usual = ROUTE, NOBODY, 1, 0
    x.candidates[b, 0], x.actions[b, 0] = NOBODY, HOLD


@entry
def run(w: World, x: Centers, places: Array, usual: Array, observation: Observation) -> None:
    """Answer decisions, run on to the next ones or the horizon, and observe those.

    `places` (B,) holds the answers; `WAIT` leaves a decision to what is usual, or waiting, and `SIT_OUT` passes the
    center over. `usual` (B,) holds how many further decisions of each center are answered by what is usual; it is
    left with those still to be made where a center was full or came to its horizon before. Centers that were full run
    on too.
    """
    for b in range(len(x.center)):
        if places[b] == SIT_OUT:
            continue
        center = x.center[b]
        if center.progress == FULL:
            center.progress = RUNNING
        elif center.progress == DECISION and places[b] >= 0:
            center.progress, center.chosen = RUNNING, places[b]
        while center.progress == RUNNING or (center.progress == DECISION and usual[b] > 0):
            if center.progress == DECISION:
                center.progress, center.chosen = RUNNING, center.usual
                usual[b] -= 1
            _advance(w, x, b)
        if center.progress != FULL:
            observe(w, x, b, observation)
