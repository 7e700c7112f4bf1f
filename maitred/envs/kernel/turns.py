"""Turns: an agent is one server that its open conversations visit between their customers' turns.

A work turn ends in the customer's thinking, and that in a place in the agent's line. Work on an interruptible
conversation gives way to an exclusive one and goes on after it. A customer who thinks long weighs less.
"""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import END_WORK, INACTIVE, REPLY, schedule
from maitred.envs.kernel.channels import channel_of
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.dialogue import automated, believed_complexity
from maitred.envs.kernel.durations import handle_time
from maitred.envs.kernel.handoff import hand, take_over
from maitred.envs.kernel.layout import Mark, Place
from maitred.envs.kernel.lines import first_in_line, join_line, jump_line
from maitred.envs.kernel.people import IDLE, WORK, switch_activity
from maitred.envs.kernel.readiness import rest
from maitred.envs.kernel.recorder import record
from maitred.envs.kernel.rooms import ASKED, slots_of, update_room

LINE, CUSTOMER = int(Place.LINE), int(Place.CUSTOMER)
START_TURN, REPLIED = int(Mark.START_TURN), int(Mark.REPLY)
THINK = chance.THINK
NOBODY = -1


@inner
def open_slot(w, x, b, row, agent):
    """A conversation is now one of the agent's."""
    person = x.agents[b, agent]
    person.open += 1
    x.center[b].open += 1
    if w.parameters[0].talks == 0:
        person.load += 1.0
        return
    talk, channel = x.talks[b, row], w.types[x.contacts[b, row].type].channels_of_type
    talk.slots, talk.inactive, talk.place = slots_of(w, talk.heavy, channel), 0, LINE
    person.load += talk.slots
    person.locks += w.channels[channel].channels_exclusive
    person.live += 1 - w.channels[channel].channels_interruptible
    person.mix += believed_complexity(w, x.beliefs[b, row])[0]


@inner
def close_slot(w, x, b, row, agent):
    """A conversation is no longer one of the agent's."""
    person = x.agents[b, agent]
    person.room &= ~ASKED
    if person.contact == row:
        person.contact = NOBODY
    person.open -= 1
    x.center[b].open -= 1
    if w.parameters[0].talks == 0:
        person.load -= 1.0
        return
    talk, channel = x.talks[b, row], w.types[x.contacts[b, row].type].channels_of_type
    person.load -= talk.slots
    person.locks -= w.channels[channel].channels_exclusive
    person.live -= 1 - w.channels[channel].channels_interruptible
    person.mix = max(person.mix - believed_complexity(w, x.beliefs[b, row])[0], 0.0)
    talk.slots = 0.0
    if person.open == 0:
        person.load, person.mix = 0.0, 0.0


@inner
def take_turn(w, x, b, row, agent):
    """A customer waits for the agent: work on it at once if the agent is free, else in line."""
    person = x.agents[b, agent]
    if person.activity == IDLE:
        x.center[b].starting = row
    elif person.activity == WORK and _goes_first(w, x, b, person.contact, row):
        if person.contact >= 0 and person.turn_end_s > x.center[b].now:
            _interrupt(x, b, agent)
            x.center[b].starting = row
        else:
            jump_line(x, b, agent, row)
    else:
        join_line(x, b, agent, row)


@inner
def start_turn(w, x, b, row):
    """The agent works on a conversation: a new turn, one whose length is set, or on after an interruption."""
    contact, now, talks, work_s = x.contacts[b, row], x.center[b].now, w.parameters[0].talks == 1, 0.0
    agent = contact.agent
    person = x.agents[b, agent]
    person.contact = row
    switch_activity(w, x, b, agent, WORK)
    if talks:
        work_s = x.talks[b, row].left_s
    if work_s == 0:
        work_s = handle_time(w, x, b, row, agent)
        if talks:
            work_s = _new_turn(w, x, b, row, work_s)
    if talks:
        x.talks[b, row].left_s = 0.0
        if work_s == x.talks[b, row].turn_s:
            record(x, b, START_TURN, row, agent, x.talks[b, row].turns, work_s)
    contact.work_s += work_s
    person.turn_end_s = now + work_s
    schedule(x, b, person.turn_end_s, END_WORK, agent)


@inner
def _new_turn(w, x, b, row, work_s):
    """Seconds of a turn with so much work of its own: books what automation adds, and what must be said again."""
    talk = x.talks[b, row]
    if talk.needs == x.contacts[b, row].type:
        talk.automated_s += automated(w, talk, work_s)
    talk.turn_s = work_s
    if talk.handed == 1:
        talk.turn_s += take_over(w, talk)
    return talk.turn_s


@inner
def _goes_first(w, x, b, at_work, row):
    """Whether a conversation goes before the one at work, or before the line if none is."""
    if w.parameters[0].talks == 0 or channel_of(w, x, b, row).channels_exclusive == 0:
        return False
    return at_work < 0 or channel_of(w, x, b, at_work).channels_interruptible == 1


@inner
def _interrupt(x, b, agent):
    person, now = x.agents[b, agent], x.center[b].now
    row = person.contact
    left_s = person.turn_end_s - now
    x.talks[b, row].left_s = left_s
    x.contacts[b, row].work_s -= left_s
    person.turn_end_s = math.nan
    jump_line(x, b, agent, row)


@inner
def next_turn(w, x, b, agent):
    """An agent has finished a turn, or a contact: on to the next in line, or to rest.

    A freed slot is filled before the next turn starts, so that this turn counts the newcomer as open.
    """
    if x.agents[b, agent].line_head >= 0:
        x.agents[b, agent].contact = NOBODY
        switch_activity(w, x, b, agent, WORK)  # wrap-up is over, so that a call may come before the line
        x.center[b].resuming = agent
    else:
        rest(w, x, b, agent)
    if update_room(w, x, b, agent):
        x.center[b].next_cap = agent


@inner
def resume(x, b, agent):
    """The agent takes the next conversation out of the line."""
    x.center[b].starting = first_in_line(x, b, agent)


@inner
def think(w, x, b, row, agent):
    """The customer's turn."""
    talk, now = x.talks[b, row], x.center[b].now
    channel = channel_of(w, x, b, row)
    think_s = channel.channels_think_mean_s * chance.exponential(x.queued[b, row].key, THINK, talk.turns)
    talk.place, talk.event_s = CUSTOMER, now + think_s
    talk.think_s += think_s
    schedule(x, b, talk.event_s, REPLY, row)
    if channel.channels_interruptible == 1:
        x.agents[b, agent].parked += 1
    if channel.channels_inactive_after_s > 0 and think_s > channel.channels_inactive_after_s:
        schedule(x, b, now + channel.channels_inactive_after_s, INACTIVE, row)


@inner
def become_inactive(w, x, b, row):
    """A customer has been thinking for long: the conversation weighs less, and the agent may have room again."""
    talk, agent = x.talks[b, row], x.contacts[b, row].agent
    if talk.place != CUSTOMER or talk.inactive == 1 or not talk.event_s > x.center[b].now:
        return
    channel = channel_of(w, x, b, row)
    talk.inactive = 1
    _weigh(x, b, row, agent, min(talk.slots, channel.channels_inactive_slots))
    if update_room(w, x, b, agent):
        x.center[b].next_cap = agent


@inner
def wake(w, x, b, row, agent):
    """A conversation becomes active again, even where that takes the agent over the cap."""
    talk = x.talks[b, row]
    if talk.inactive == 1:
        talk.inactive = 0
        _weigh(x, b, row, agent, slots_of(w, talk.heavy, w.types[x.contacts[b, row].type].channels_of_type))


@inner
def _weigh(x, b, row, agent, slots):
    """Give a conversation another weight; slots are rounded where they are kept, so that loads stay their exact sum."""
    talk, person = x.talks[b, row], x.agents[b, agent]
    person.load -= talk.slots
    talk.slots = slots
    person.load += talk.slots


@inner
def reply(w, x, b, row):
    """The customer has replied: the agent's turn, or the queue's if the agent has gone home meanwhile."""
    talk, agent, now = x.talks[b, row], x.contacts[b, row].agent, x.center[b].now
    if talk.place != CUSTOMER or talk.event_s != now:
        return
    channel = channel_of(w, x, b, row)
    person = x.agents[b, agent]
    talk.asked_s = now
    record(x, b, REPLIED, row, agent, talk.turns, 0.0)
    wake(w, x, b, row, agent)
    if channel.channels_interruptible == 1:
        person.parked -= 1
        if person.on_shift == 0 or person.away != 0:
            close_slot(w, x, b, row, agent)
            hand(talk, agent, w.parameters[0].handoff_context_kept)
            x.center[b].next_contact = row
            return
    talk.place = LINE
    take_turn(w, x, b, row, agent)
    update_room(w, x, b, agent)
