"""One contact with one agent: begin, the end of a turn, close, wrap-up."""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import END_WRAP_UP, schedule
from maitred.envs.kernel.channels import answer_target_s, is_spoken
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.deferral import answered, nobody_answers
from maitred.envs.kernel.dialogue import advance, believed_complexity, ends_now
from maitred.envs.kernel.handoff import approval_due, move, seek_approval
from maitred.envs.kernel.induced import feel
from maitred.envs.kernel.layout import Mark, Outcome, Place, Term
from maitred.envs.kernel.people import WRAP_UP, switch_activity
from maitred.envs.kernel.proficiency import copilot_gain, learn
from maitred.envs.kernel.quality import book_outcome, conversation_terms, resolve_chance, satisfaction
from maitred.envs.kernel.queues import leave_queue
from maitred.envs.kernel.recorder import record
from maitred.envs.kernel.returns import repeat_after_service
from maitred.envs.kernel.rooms import close_room, update_room
from maitred.envs.kernel.silence import await_nobody, lost_patience
from maitred.envs.kernel.turns import close_slot, open_slot, take_turn

SERVED = int(Outcome.SERVED)
FOCUS_S = int(Term.FOCUS_S)
CLOSED = int(Place.CLOSED)
END_TURN, CLOSE, WRAP_UP_MARK = int(Mark.END_TURN), int(Mark.CLOSE), int(Mark.WRAP_UP)
RESOLVE, WRAP = chance.RESOLVE, chance.WRAP_UP


@inner
def begin(w, x, b, row, agent):
    """An agent with room takes a contact, waiting or just arrived."""
    center, contact = x.center[b], x.contacts[b, row]
    if x.queued[b, row].waiting == 1:
        leave_queue(x, b, row)
    close_room(w, x, b, agent)
    contact.agent = agent
    there = w.parameters[0].talks == 0 or answered(w, x, b, row, agent)
    if there and math.isnan(contact.answer_s):
        contact.answer_s = center.now
    if w.parameters[0].talks == 1:
        x.talks[b, row].asked_s = center.now
    open_slot(w, x, b, row, agent)
    take_turn(w, x, b, row, agent)
    if update_room(w, x, b, agent):
        center.next_agent = agent


@inner
def end_work(w, x, b, agent):
    """A turn is over, unless it was interrupted."""
    person = x.agents[b, agent]
    if person.turn_end_s != x.center[b].now:
        return
    person.turn_end_s = math.nan
    row = person.contact
    if w.parameters[0].talks == 1:
        _end_turn(w, x, b, row, agent)
    else:
        x.booked[b, FOCUS_S] += x.contacts[b, row].work_s
        x.center[b].closing = row


@inner
def _end_turn(w, x, b, row, agent):
    talk = x.talks[b, row]
    x.booked[b, FOCUS_S] += talk.turn_s
    talk.turns += 1
    talk.agent_turns += 1
    record(x, b, END_TURN, row, agent, talk.turns, 0.0)
    if nobody_answers(w, x, b, row):
        close_slot(w, x, b, row, agent)
        x.center[b].freed = agent
        return
    reply_s = 0.0
    if talk.ghost == 0:
        reply_s = _book_reply(w, x, b, row)
        talk.ghost = lost_patience(w, x, b, row, reply_s)
    if talk.ghost == 1:
        await_nobody(w, x, b, row)
        x.center[b].freed = agent
    elif talk.needs != x.contacts[b, row].type:
        _transfer(w, x, b, row, agent, talk.needs)
    else:
        _go_on(w, x, b, row, agent, reply_s)


@inner
def _book_reply(w, x, b, row):
    """How long the customer waited for this turn, its work included, since writing or since an agent took over.

    On a channel without think time the reply is spoken as it is made, so that nobody waits for it.
    """
    talk, now = x.talks[b, row], x.center[b].now
    spoken = is_spoken(w, x.contacts[b, row].type)
    if math.isnan(talk.first_reply_s):
        talk.first_reply_s = now - talk.turn_s if spoken else now
    if spoken:
        return 0.0
    reply_s = now - talk.asked_s
    talk.reply_s += reply_s
    talk.replies += 1
    return reply_s


@inner
def _go_on(w, x, b, row, agent, reply_s):
    """After a turn with the right agent: the end, or the next turn of a conversation of which more is now known."""
    talk, contact, belief = x.talks[b, row], x.contacts[b, row], x.beliefs[b, row]
    before = believed_complexity(w, belief)[0]
    over = talk.finishing == 1 or contact.short == 1 or is_spoken(w, contact.type) or ends_now(w, x, b, row)
    if not over:
        advance(w, x, b, row, reply_s > w.parameters[0].dialogue_slow_reply_s)
    x.agents[b, agent].mix += believed_complexity(w, belief)[0] - before
    if over:
        _finish(w, x, b, row, agent)
    else:
        x.center[b].next_turn = row


@inner
def _finish(w, x, b, row, agent):
    """After the last turn: an approval, a last look at what else may be done, or the end."""
    talk, contact, center = x.talks[b, row], x.contacts[b, row], x.center[b]
    if contact.short == 0 and approval_due(w, x, b, row):
        close_slot(w, x, b, row, agent)
        seek_approval(w, x, b, row, w.parameters[0].handoff_context_kept)
        center.next_contact, center.freed = row, agent
    elif contact.short == 0 and talk.finishing == 0:
        talk.finishing = 1
        center.next_turn = row
    else:
        center.closing = row


@inner
def _transfer(w, x, b, row, agent, to_type):
    close_slot(w, x, b, row, agent)
    move(w, x, b, row, to_type, w.parameters[0].handoff_context_kept)
    x.center[b].next_contact = row
    x.center[b].freed = agent


@inner
def close(w, x, b, row):
    """The conversation is over: book it, then wrap up."""
    center, contact, key, p = x.center[b], x.contacts[b, row], x.queued[b, row].key, w.parameters[0]
    agent = contact.agent
    contact.outcome, contact.end_s = SERVED, center.now
    contact.resolved = contact.short == 0 and chance.uniform(key, RESOLVE, 0) < resolve_chance(w, x, b, row, agent)
    wait_s, kind, wrap_up = contact.answer_s - contact.arrival_s, contact.type, 1.0
    extra = p.quality_empathy * x.empathy[b, agent]
    if p.talks == 1:
        talk = x.talks[b, row]
        talk.place = CLOSED
        talk.approved = talk.approved * talk.approved
        kind = talk.first_type  # putting a contact off must not loosen its target (DG-3)
        extra = conversation_terms(w, x, b, row, x.empathy[b, agent])
        if talk.bot >= 0:
            wrap_up = w.bots[talk.bot].bots_wrap_up_factor
        record(x, b, CLOSE, row, agent, talk.turns, contact.resolved)
    if p.people_change == 1:
        learn(w, x, b, agent)
        wrap_up /= 1.0 + copilot_gain(w, x, b, agent)
    target_s = answer_target_s(w, kind)
    contact.csat = satisfaction(w, wait_s, target_s, contact.resolved, extra)
    book_outcome(w, x, b, row)
    center.in_system -= 1
    feel(w, x, b, wait_s <= target_s)
    repeat_after_service(w, x, b, row)
    _wrap_up(w, x, b, row, agent, wrap_up)


@inner
def _wrap_up(w, x, b, row, agent, factor):
    contact, center = x.contacts[b, row], x.center[b]
    mean_s = w.types[contact.type].wrap_up_mean_s * factor
    if mean_s == 0:
        close_slot(w, x, b, row, agent)
        x.center[b].freed = agent
        return
    contact.wrap_up_s = mean_s * chance.exponential(x.queued[b, row].key, WRAP, 0)
    switch_activity(w, x, b, agent, WRAP_UP)
    update_room(w, x, b, agent)
    record(x, b, WRAP_UP_MARK, row, agent, 0, contact.wrap_up_s)
    schedule(x, b, center.now + contact.wrap_up_s, END_WRAP_UP, agent)


@inner
def end_wrap_up(w, x, b, agent):
    """After-contact work is done."""
    row = x.agents[b, agent].contact
    x.booked[b, FOCUS_S] += x.contacts[b, row].wrap_up_s
    close_slot(w, x, b, row, agent)
    x.center[b].freed = agent
