"""Room: which channels an agent may take one more conversation on, and the list of agents who have any.

Room is a set of channels as bits, and above them the channels on which there is room for a heavy contact, so that
more room for those counts as more room. The list keeps who has been in it longest first; an agent who takes a contact
and has room left goes to its end.
"""

from __future__ import annotations

from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Activity

OFF, UNAVAILABLE, WRAP_UP = int(Activity.OFF), int(Activity.UNAVAILABLE), int(Activity.WRAP_UP)
BREAK, TRAINING = int(Activity.BREAK), int(Activity.TRAINING)
HEAVY = 15  # places of the bits for heavy contacts above those for others
ASKED = 1 << 30  # set with any room; a freed slot clears it, so that it counts as more room even beside free ones
TOLERANCE = 1e-6  # of sums of slots such as 0.1, kept in single precision


@inner
def present(person):
    """Whether an agent is on shift and at the desk."""
    absent = person.activity == OFF or person.activity == UNAVAILABLE
    absent |= person.activity == BREAK or person.activity == TRAINING
    return person.on_shift == 1 and person.away == 0 and not absent


@inner
def slots_of(w, heavy, channel):
    """Weight of one conversation; heavy ones count double (CT-7)."""
    return w.channels[channel].channels_slots * (1.0 + heavy)


@inner
def fits(w, person, channel, heavy):
    """Whether a conversation is within the agent's cap; one alone always is, whatever it weighs."""
    if w.channels[channel].channels_exclusive == 1:
        return True
    return person.load == 0 or person.load + slots_of(w, heavy, channel) <= person.cap + TOLERANCE


@inner
def _room(w, person):
    p = w.parameters[0]
    if not present(person) or person.open >= p.concurrency_open_limit or person.locks > 0:
        return 0
    room = 0
    for channel in range(len(w.channels)):
        kind = w.channels[channel]
        if person.last_call == 1 and kind.channels_interruptible == 0:
            continue
        if kind.channels_exclusive == 1:
            has_room = person.live == 0 and person.activity != WRAP_UP
        else:
            has_room = fits(w, person, channel, 0)
        if has_room:
            room |= 1 << channel
            if p.concurrency_heavy_above_s > 0 and fits(w, person, channel, 1):
                room |= 1 << (channel + HEAVY)
    return room | ASKED if room != 0 else 0


@inner
def update_room(w, x, b, agent):
    """After any change of an agent: renew the room. Returns whether there is more of it."""
    before, after = x.agents[b, agent].room, _room(w, x.agents[b, agent])
    if after != before:
        _set_room(w, x, b, agent, before, after)
    return (after & ~before) != 0


@inner
def close_room(w, x, b, agent):
    """Take an agent out of the list, until the next `update_room`."""
    before = x.agents[b, agent].room
    if before != 0:
        _set_room(w, x, b, agent, before, 0)


@inner
def _set_room(w, x, b, agent, before, after):
    for kind in range(x.may_answer.shape[2]):
        if x.may_answer[b, agent, kind]:
            channel = w.types[kind].channels_of_type
            x.idle_of_type[b, kind] += ((after >> channel) & 1) - ((before >> channel) & 1)
    x.agents[b, agent].room = after
    if before == 0:
        _join_list(x, b, agent)
    elif after == 0:
        _leave_list(x, b, agent)


@inner
def _join_list(x, b, agent):
    agents, center = x.agents[b], x.center[b]
    tail = center.idle_tail
    agents[agent].previous, agents[agent].next = tail, -1
    if tail < 0:
        center.idle_head = agent
    else:
        agents[tail].next = agent
    center.idle_tail = agent
    center.idle += 1


@inner
def _leave_list(x, b, agent):
    agents, center = x.agents[b], x.center[b]
    before, after = agents[agent].previous, agents[agent].next
    if before < 0:
        center.idle_head = after
    else:
        agents[before].next = after
    if after < 0:
        center.idle_tail = before
    else:
        agents[after].previous = before
    center.idle -= 1
