"""Promises: answers in writing and call-backs, with the clock running on (AC-2, AC-3, DG-3)."""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import CALLBACK, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Mark, Outcome, Place, Term
from maitred.envs.kernel.quality import book_loss
from maitred.envs.kernel.queues import leave_queue
from maitred.envs.kernel.recorder import record
from maitred.envs.kernel.returns import retry_after_failure

ACCEPT, NO_ANSWER = chance.ACCEPT, chance.NO_ANSWER
PROMISED, QUEUE, CLOSED = int(Place.PROMISED), int(Place.QUEUE), int(Place.CLOSED)
COST, PROMISE_BROKEN, MISMATCHED = int(Term.COST), int(Term.PROMISE_BROKEN), int(Term.MISMATCHED)
ABANDONED, ABANDONED_TERM = int(Outcome.ABANDONED), int(Term.ABANDONED)
CALLBACK_MARK, ABANDON_MARK = int(Mark.CALLBACK), int(Mark.ABANDON)


@inner
def defer(w, x, b, row):
    """Turn a contact into one in writing, to be answered within the promised time."""
    talk, contact, p = x.talks[b, row], x.contacts[b, row], w.parameters[0]
    if x.queued[b, row].waiting == 1:
        leave_queue(x, b, row)
    right = w.types[talk.needs].deferral_async_of
    contact.type = w.types[contact.type].deferral_async_of
    talk.needs = right if right >= 0 else contact.type
    _promise(x, b, row, p.deferral_promise_s)
    talk.deferred = 1


@inner
def call_back(w, x, b, row):
    """Offer a call back. Returns whether the customer accepts it; a refusal is final for this contact."""
    talk, p = x.talks[b, row], w.parameters[0]
    talk.tries = 0
    talk.callback = 1
    if talk.ghost == 1 or chance.uniform(x.queued[b, row].key, ACCEPT, 0) >= p.deferral_callback_accept_p:
        return False
    if x.queued[b, row].waiting == 1:
        leave_queue(x, b, row)
    _park(w, x, b, row)
    x.booked[b, COST] += p.deferral_callback_cost
    record(x, b, CALLBACK_MARK, row, -1, talk.turns, talk.promised_s)
    return True


@inner
def _promise(x, b, row, within_s):
    x.talks[b, row].promised_s = x.center[b].now + within_s
    x.center[b].promised += 1


@inner
def _park(w, x, b, row):
    """The call is due after the window, and late after another one."""
    talk, window_s = x.talks[b, row], w.parameters[0].deferral_callback_window_s
    _promise(x, b, row, 2.0 * window_s)
    talk.place, talk.event_s = PROMISED, x.center[b].now + window_s
    schedule(x, b, talk.event_s, CALLBACK, row)


@inner
def callback_due(x, b, row):
    """A call-back's time has come: the contact is to be routed, before those who came later."""
    talk = x.talks[b, row]
    if talk.place == PROMISED and talk.event_s == x.center[b].now:
        talk.place = QUEUE
        x.center[b].next_contact = row


@inner
def is_owed(talk):
    """Whether a contact in a queue is one of those promised an answer, who no longer wait on the line."""
    return not math.isnan(talk.promised_s)


@inner
def answered(w, x, b, row, agent):
    """An agent takes a contact: keep or break the promise. Returns whether the customer is there."""
    talk, contact, p = x.talks[b, row], x.contacts[b, row], w.parameters[0]
    if talk.last_agent == agent:
        talk.context, talk.handed = 1.0, 0
    calls_back = is_owed(talk) and talk.deferred == 0
    settle(x, b, row)
    key = x.queued[b, row].key
    if calls_back and chance.uniform(key, NO_ANSWER, talk.tries) < p.deferral_callback_no_answer_p:
        talk.unanswered, talk.left_s, talk.turn_s = 1, p.deferral_callback_dial_s, p.deferral_callback_dial_s
        return False
    if math.isnan(contact.answer_s):
        x.booked[b, MISMATCHED] += _on_another_channel(w, x, b, row) != (talk.prefers_other == 1)
    return True


@inner
def _on_another_channel(w, x, b, row):
    came_by = w.types[x.talks[b, row].first_type].channels_of_type
    return w.types[x.contacts[b, row].type].channels_of_type != came_by


@inner
def settle(x, b, row):
    """What was promised is done, or came to nothing."""
    talk = x.talks[b, row]
    if not math.isnan(talk.promised_s):
        if x.center[b].now > talk.promised_s:
            talk.promise_broken += 1
            x.booked[b, PROMISE_BROKEN] += 1
        talk.promised_s = math.nan
        x.center[b].promised -= 1


@inner
def nobody_answers(w, x, b, row):
    """After a call that nobody answered: try again later, or give up. Returns whether that is so."""
    talk, contact, p = x.talks[b, row], x.contacts[b, row], w.parameters[0]
    if talk.unanswered == 0:
        return False
    talk.unanswered = 0
    talk.tries += 1
    if talk.tries < p.deferral_callback_tries:
        _park(w, x, b, row)
        return True
    contact.outcome, contact.end_s, talk.place = ABANDONED, x.center[b].now, CLOSED
    x.booked[b, ABANDONED_TERM] += 1
    x.center[b].in_system -= 1
    record(x, b, ABANDON_MARK, row, contact.agent, talk.turns, 0.0)
    book_loss(w, x, b, row)
    retry_after_failure(w, x, b, row)
    return True
