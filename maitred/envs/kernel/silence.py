"""Silent abandonment: customers who leave without a word hold a place until the agent finds out (K-4).

They leave in the queue, or while they wait for a reply. Nobody leaves within the tolerance; from then on the hazard is
one per tolerance, crossed against an Exp(1) threshold per reply. In law that is one threshold per contact against the
hazard of all its waits, since the exponential has no memory, and it needs none.
"""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import SILENCE, schedule
from maitred.envs.kernel.channels import channel_of
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
    channel = channel_of(w, x, b, row)
    return chance.uniform(x.queued[b, row].key, SILENT, x.talks[b, row].joins) < channel.channels_silent_share


@inner
def lost_patience(w, x, b, row, reply_s):
    """Whether the customer left while waiting for this reply."""
    tolerance_s = channel_of(w, x, b, row).channels_silence_tolerance_s
    if tolerance_s == 0 or reply_s <= tolerance_s:
        return False
    return reply_s / tolerance_s - 1.0 > chance.exponential(x.queued[b, row].key, TOLERANCE, x.talks[b, row].turns)


@inner
def await_nobody(w, x, b, row):
    """The agent has written to a customer who is gone, and waits, or goes home where the channel allows it."""
    channel = channel_of(w, x, b, row)
    talk = x.talks[b, row]
    talk.place, talk.event_s = CUSTOMER, x.center[b].now + channel.channels_silence_timeout_s
    x.agents[b, x.contacts[b, row].agent].parked += channel.channels_interruptible
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
    x.agents[b, agent].parked -= channel_of(w, x, b, row).channels_interruptible
    close_slot(w, x, b, row, agent)
    if x.agents[b, agent].activity == IDLE:
        x.center[b].freed = agent
    elif update_room(w, x, b, agent):
        x.center[b].next_cap = agent
