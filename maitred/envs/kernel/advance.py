"""The event loop: run each center to its next decision or its horizon."""

from __future__ import annotations

import math

import numpy as np

from maitred.envs.kernel.calendar import (
    ABANDON,
    DRIFT,
    END_PAUSE,
    END_WORK,
    END_WRAP_UP,
    OFFER_CONTACT,
    REPEAT,
    RETRIAL,
    pop,
)
from maitred.envs.kernel.compiler import entry, inner
from maitred.envs.kernel.contacts import REPEAT_ORIGIN, RETRIAL_ORIGIN, abandon, first_contact, returning_contact
from maitred.envs.kernel.decide import DECISION, RUNNING, answer, offer_agent, offer_contact
from maitred.envs.kernel.layout import Array, Centers, Observation, Progress, Term, World
from maitred.envs.kernel.observe import observe
from maitred.envs.kernel.people import IDLE, OFF, UNAVAILABLE, book_overrun, roster_event, switch_activity
from maitred.envs.kernel.readiness import drift, end_pause
from maitred.envs.kernel.service import end_work, end_wrap_up
from maitred.envs.trace import SHIFT_START

DONE, FULL = int(Progress.DONE), int(Progress.FULL)
COST = int(Term.COST)

ROWS_PER_EVENT, EVENTS_PER_EVENT = 1, 4


@entry
def start(w: World, x: Centers, b: int, key: np.uint64, arrivals: int, roster: int) -> None:
    """Set a center to the beginning of the trace already copied into its arrays."""
    center = x.center[b]
    center.now, center.progress, center.kind, center.subject, center.places = 0.0, RUNNING, 0, -1, 0
    center.next_arrival, center.next_roster, center.heap, center.sequence = 0, 0, 0, 0
    center.rows, center.decisions, center.waiting, center.idle = 0, 0, 0, 0
    center.idle_head, center.idle_tail, center.on_duty, center.in_system = -1, -1, 0, 0
    center.today, center.arrived_today, center.events = 0, 0, 0
    center.key, center.arrivals, center.roster = key, arrivals, roster
    x.queue_head[b], x.queue_tail[b], x.waiting_of_type[b], x.idle_of_type[b] = -1, -1, 0, 0
    x.accounts[b], x.booked[b] = 0.0, 0.0
    for agent in range(x.agents.shape[1]):
        person = x.agents[b, agent]
        person.since_s, person.due_s, person.shift_end_s = 0.0, math.nan, 0.0
        person.offer_s, person.overrun_s, person.contact = math.nan, 0.0, -1
        person.next, person.previous, person.pauses = -1, -1, 0
        person.activity, person.on_shift, person.away = OFF, 0, 0
    for i in range(roster):
        event = x.roster[b, i]
        if event.code == SHIFT_START:
            x.booked[b, COST] += (event.end_s - event.s) * w.people[event.agent].cost_per_s


@inner
def _advance(w, x, b):
    """Process events until a decision is due, the horizon is reached or an array is full."""
    center, horizon_s = x.center[b], w.parameters[0].horizon_s
    while center.progress == RUNNING:
        if center.rows + ROWS_PER_EVENT > x.contacts.shape[1] or center.heap + EVENTS_PER_EVENT > x.heap.shape[1]:
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
            _close(w, x, b)
            return
        center.now = now
        center.events += 1
        if now >= 86400.0 * (center.today + 1):
            center.today, center.arrived_today = int(now / 86400.0), 0
        agent, row = -1, -1
        if event_s <= now:
            agent, row = _scheduled_event(w, x, b)
        elif roster_s <= now:
            agent = roster_event(w, x, b, x.roster[b, center.next_roster])
            center.next_roster += 1
        else:
            row = first_contact(w, x, b, x.arrivals[b, center.next_arrival])
            center.next_arrival += 1
        if agent >= 0:
            offer_agent(w, x, b, agent)
        elif row >= 0:
            offer_contact(w, x, b, row)
        if center.progress == DECISION and center.places == 1:
            answer(w, x, b, 0)


@inner
def _scheduled_event(w, x, b):
    """Take the earliest event of the heap. Returns the (agent, contact row) to be offered, -1 for none."""
    kind, entity = pop(x, b)
    if kind == END_WORK:
        return (entity if end_work(w, x, b, entity) else -1), -1
    if kind == END_WRAP_UP:
        return (entity if end_wrap_up(w, x, b, entity) else -1), -1
    if kind == END_PAUSE:
        return (entity if end_pause(w, x, b, entity) else -1), -1
    if kind == DRIFT:
        drift(w, x, b, entity)
        return -1, -1
    if kind == ABANDON:
        abandon(w, x, b, entity)
        return -1, -1
    if kind in (RETRIAL, REPEAT):
        origin = RETRIAL_ORIGIN if kind == RETRIAL else REPEAT_ORIGIN
        return -1, returning_contact(w, x, b, entity, origin)
    # A hold is stale unless its subject still waits under the very hold that scheduled this offer.
    if kind == OFFER_CONTACT:
        held = x.queued[b, entity].waiting == 1 and x.queued[b, entity].offer_s == x.center[b].now
        return -1, (entity if held else -1)
    held = x.agents[b, entity].activity == IDLE and x.agents[b, entity].offer_s == x.center[b].now
    return (entity if held else -1), -1


@inner
def _close(w, x, b):
    """Book every agent's time up to the horizon."""
    for agent in range(x.agents.shape[1]):
        activity = x.agents[b, agent].activity
        if x.agents[b, agent].on_shift == 0 and activity != OFF and activity != UNAVAILABLE:
            book_overrun(w, x, b, agent)
        switch_activity(x, b, agent, activity)
    x.center[b].progress = DONE


@entry
def step(w: World, x: Centers, places: Array, observation: Observation) -> None:
    """Answer decisions, run on to the next ones, and observe those.

    `places` (B,) holds the answers; a negative one leaves its decision waiting. Centers that were full run on too.
    """
    for b in range(len(x.center)):
        center = x.center[b]
        if center.progress == FULL:
            center.progress = RUNNING
        elif center.progress == DECISION and places[b] >= 0:
            answer(w, x, b, places[b])
        if center.progress == RUNNING:
            _advance(w, x, b)
            if center.progress == DECISION:
                observe(w, x, b, observation)


@entry
def run_incumbent(w: World, x: Centers) -> int:
    """Run every center with the incumbent rule, candidate 0: longest waiting, longest idle.

    Returns the number of decisions that had at least two legal candidates.
    """
    decisions = 0
    for b in range(len(x.center)):
        center = x.center[b]
        before = center.decisions
        if center.progress == FULL:
            center.progress = RUNNING
        while center.progress == RUNNING or center.progress == DECISION:
            if center.progress == DECISION:
                answer(w, x, b, 0)
            _advance(w, x, b)
        decisions += center.decisions - before
    return decisions
