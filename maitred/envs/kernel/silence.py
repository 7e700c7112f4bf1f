"""Silent abandonment: customers who leave without a word hold a place until the agent finds out (K-4)."""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import SILENCE, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Mark, Outcome, Place, Term
from maitred.envs.kernel.people import IDLE
from maitred.envs.kernel.quality import book_loss
from maitred.envs.kernel.recorder import record
from maitred.envs.kernel.returns import retry_after_failure
from maitred.envs.kernel.rooms import update_room
from maitred.envs.kernel.turns import close_slot

TOLERANCE, SILENT = chance.TOLERANCE, chance.SILENT
CUSTOMER, CLOSED = int(Place.CUSTOMER), int(Place.CLOSED)
ABANDONED, ABANDONED_TERM = int(Outcome.ABANDONED), int(Term.ABANDONED)
SILENT_MARK = int(Mark.SILENT)


@inner
def leaves_silently(w, x, b, row):
    """Whether a customer who gives up in the queue says nothing, so that nobody knows."""
    channel = w.channels[w.types[x.contacts[b, row].type].channels_of_type]
    return chance.uniform(x.queued[b, row].key, SILENT, x.talks[b, row].joins) < channel.channels_silent_share


@inner
def lost_patience(w, x, b, row, reply_s):
    """Whether the customer left while waiting for this reply (exponential tolerance)."""
    channel = w.channels[w.types[x.contacts[b, row].type].channels_of_type]
    if channel.channels_silence_tolerance_s == 0:
        return False
    tolerance = chance.exponential(x.queued[b, row].key, TOLERANCE, x.talks[b, row].turns)
    return reply_s > channel.channels_silence_tolerance_s * tolerance


@inner
def await_nobody(w, x, b, row):
    """The agent has written to a customer who is gone, and waits."""
    channel = w.channels[w.types[x.contacts[b, row].type].channels_of_type]
    talk = x.talks[b, row]
    talk.ghost, talk.place, talk.event_s = 1, CUSTOMER, x.center[b].now + channel.channels_silence_timeout_s
    schedule(x, b, talk.event_s, SILENCE, row)


@inner
def find_out(w, x, b, row):
    """The agent closes a conversation that nobody answers."""
    contact, talk, agent = x.contacts[b, row], x.talks[b, row], x.contacts[b, row].agent
    contact.outcome, contact.end_s = ABANDONED, x.center[b].now
    talk.silent, talk.place = 1, CLOSED
    x.booked[b, ABANDONED_TERM] += 1
    x.center[b].in_system -= 1
    record(x, b, SILENT_MARK, row, agent, talk.turns, 0.0)
    book_loss(w, x, b, row)
    retry_after_failure(w, x, b, row)
    close_slot(w, x, b, row, agent)
    if x.agents[b, agent].activity == IDLE:
        x.center[b].freed = agent
    elif update_room(w, x, b, agent):
        x.center[b].next_cap = agent
