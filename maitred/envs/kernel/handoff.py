"""A contact changes hands: transfers after a wrong first queue, escalation, approval by a specialist."""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.dialogue import shift_sentiment
from maitred.envs.kernel.layout import Mark, Place, Term
from maitred.envs.kernel.recorder import record

QUEUE = int(Place.QUEUE)
TRANSFERRED = int(Term.TRANSFERRED)
TRANSFER, ESCALATE = int(Mark.TRANSFER), int(Mark.ESCALATE)
MISROUTE, APPROVAL = chance.MISROUTE, chance.APPROVAL
PENDING = -1


@inner
def misroute(w, x, b, row):
    """Where a contact lands: in a queue of another type of its channel if the menu or the customer erred."""
    contact, key = x.contacts[b, row], x.queued[b, row].key
    p = w.types[contact.type].handoff_misroute_p
    x.talks[b, row].needs = contact.type
    if p == 0:
        return
    u = chance.uniform(key, MISROUTE, 0)
    if u >= p:
        return
    channel, others = w.types[contact.type].channels_of_type, 0
    for kind in range(len(w.types)):
        others += kind != contact.type and w.types[kind].channels_of_type == channel
    choice = int(u / p * others)
    for kind in range(len(w.types)):
        if kind != x.talks[b, row].needs and w.types[kind].channels_of_type == channel:
            if choice == 0:
                contact.type = kind
            choice -= 1


@inner
def approval_due(w, x, b, row):
    """Whether a specialist must still approve before the contact may close (RS-10)."""
    talk, kind = x.talks[b, row], w.types[x.contacts[b, row].type]
    if talk.approved != 0 or kind.handoff_approval_by < 0:
        return False
    asked = chance.uniform(x.queued[b, row].key, APPROVAL, 0) < kind.handoff_approval_p
    return asked or kind.governance_two_person == 1


@inner
def seek_approval(w, x, b, row, context):
    """Hand a contact that is as good as done to the specialists who must approve it; they close it."""
    x.talks[b, row].approved = PENDING
    move(w, x, b, row, w.types[x.contacts[b, row].type].handoff_approval_by, context)


@inner
def move(w, x, b, row, to_type, context):
    """Give a contact to another type's queue, with the share `context` of what was said."""
    talk, contact = x.talks[b, row], x.contacts[b, row]
    contact.type, talk.needs = to_type, to_type
    talk.transfers += 1
    x.booked[b, TRANSFERRED] += 1
    hand(talk, contact.agent, context)
    shift_sentiment(talk, w.parameters[0].dialogue_sentiment_transfer)
    record(x, b, TRANSFER, row, contact.agent, talk.turns, to_type)


@inner
def hand(talk, agent, context):
    """The conversation leaves its agent's or bot's hands."""
    talk.context, talk.handed, talk.group, talk.finishing = context, 1, -1, 0
    talk.last_agent, talk.place = agent, QUEUE


@inner
def take_over(w, talk):
    """Work of taking a conversation over: reading what was kept, and being told again what was lost (K-17)."""
    p = w.parameters[0]
    again_s = p.handoff_repeat_info_s * (1.0 - talk.context)
    talk.repeated_s += again_s
    talk.handed, talk.context = 0, 1.0
    return again_s + p.handoff_kept_info_s


@inner
def escalate(w, x, b, row):
    """Give a contact to the specialists of its type."""
    talk, kind = x.talks[b, row], w.types[x.contacts[b, row].type]
    talk.escalations += 1
    record(x, b, ESCALATE, row, x.contacts[b, row].agent, talk.turns, kind.handoff_escalate_to)
    move(w, x, b, row, kind.handoff_escalate_to, w.parameters[0].handoff_context_kept)
