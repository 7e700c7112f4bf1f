"""Bots and virtual agents: a conversation with automation, turn by turn, until it resolves, errs or hands over.

A customer waits for nothing there, so patience does not run: `leave_p` alone says who has had enough. What a
specialist must approve a bot may prepare, but not close (RS-10).
"""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import BOT_TURN, schedule
from maitred.envs.kernel.channels import answer_target_s
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.dialogue import advance
from maitred.envs.kernel.handoff import approval_due, hand, seek_approval
from maitred.envs.kernel.induced import feel
from maitred.envs.kernel.layout import Mark, Outcome, Place, Term
from maitred.envs.kernel.quality import book_loss, book_outcome, conversation_terms, satisfaction
from maitred.envs.kernel.queues import leave_queue
from maitred.envs.kernel.recorder import record
from maitred.envs.kernel.returns import repeat_after_service, retry_after_failure

BOT_TIME, BOT_END, BOT_RESULT, BOT_LEAVE = chance.BOT_TIME, chance.BOT_END, chance.BOT_RESULT, chance.BOT_LEAVE
BOT, CLOSED = int(Place.BOT), int(Place.CLOSED)
SERVED, ABANDONED = int(Outcome.SERVED), int(Outcome.ABANDONED)
COST, ABANDONED_TERM = int(Term.COST), int(Term.ABANDONED)
TURN_MARK, START_MARK, CLOSE_MARK, ABANDON_MARK = (
    int(Mark.BOT_TURN), int(Mark.BOT_START), int(Mark.CLOSE), int(Mark.ABANDON),
)  # fmt: skip
GREETING = 1  # the first bot turn says hello and answers nothing (DG-5)


@inner
def bot_is_free(w, x, b, bot):
    """Whether a bot can take another session."""
    sessions = w.bots[bot].bots_sessions
    return sessions == 0 or x.bot_load[b, bot] < sessions


@inner
def may_bot(w, bot, kind):
    """Whether a bot can, and may, take contacts of a type."""
    return w.bot_takes[bot, kind] == 1 and w.types[kind].governance_must_human == 0


@inner
def start_bot(w, x, b, row, bot):
    """A bot takes a contact, waiting, just arrived, or handed back."""
    talk = x.talks[b, row]
    if x.queued[b, row].waiting == 1:
        leave_queue(x, b, row)
    talk.bot, talk.bot_turns, talk.place = bot, 0, BOT
    x.bot_load[b, bot] += 1
    x.center[b].bot_sessions += 1
    _spend(w, x, b, row, w.bots[bot].bots_cost_per_session)
    record(x, b, START_MARK, row, -1, talk.turns, bot)
    _schedule_turn(w, x, b, row)


@inner
def _spend(w, x, b, row, cost):
    x.talks[b, row].bot_cost += cost
    x.booked[b, COST] += cost


@inner
def _schedule_turn(w, x, b, row):
    talk, key = x.talks[b, row], x.queued[b, row].key
    turn_s = w.bots[talk.bot].bots_turn_s * chance.exponential(key, BOT_TIME, talk.turns)
    talk.event_s = x.center[b].now + turn_s
    talk.bot_s += turn_s
    schedule(x, b, talk.event_s, BOT_TURN, row)


@inner
def bot_turn(w, x, b, row):
    """A bot's turn is over: it goes on, or ends in one of four ways."""
    talk, key, center = x.talks[b, row], x.queued[b, row].key, x.center[b]
    if talk.place != BOT or talk.event_s != center.now:
        return
    bot = w.bots[talk.bot]
    talk.turns += 1
    talk.bot_turns += 1
    _spend(w, x, b, row, bot.bots_cost_per_turn)
    record(x, b, TURN_MARK, row, -1, talk.turns, talk.bot)
    if talk.bot_turns > GREETING and math.isnan(talk.first_reply_s):
        talk.first_reply_s = center.now
    leaves = talk.intolerant == 1 and chance.uniform(key, BOT_LEAVE, talk.turns) < bot.bots_leave_p
    leaves |= talk.ghost == 1
    done = chance.uniform(key, BOT_END, talk.turns) * bot.bots_turns_mean < 1.0 or talk.bot_turns >= bot.bots_max_turns
    if leaves:
        _leave(w, x, b, row)
    elif done:
        _finish(w, x, b, row)
    else:
        advance(w, x, b, row, False)
        center.next_turn = row


@inner
def go_on_with_bot(w, x, b, row):
    """The bot's next turn."""
    _schedule_turn(w, x, b, row)


@inner
def hand_to_human(w, x, b, row):
    """A bot gives up, or is told to: the contact is to be routed to people, with the context the bot passes on."""
    talk = x.talks[b, row]
    _end_session(x, b, row)
    talk.handovers += 1
    hand(talk, talk.last_agent, w.bots[talk.bot].bots_handoff_context)
    x.center[b].next_contact = row


@inner
def _finish(w, x, b, row):
    """The bot has done what it can: resolved, wrongly closed, or not contained."""
    talk, contact, key = x.talks[b, row], x.contacts[b, row], x.queued[b, row].key
    resolve_p = w.bot_resolve_p[talk.bot, contact.type, talk.complexity]
    u = chance.uniform(key, BOT_RESULT, talk.turns)
    if u >= resolve_p + (1.0 - resolve_p) * w.bots[talk.bot].bots_wrong_p:
        hand_to_human(w, x, b, row)
    elif approval_due(w, x, b, row):
        _end_session(x, b, row)
        talk.handovers += 1
        seek_approval(w, x, b, row, w.bots[talk.bot].bots_handoff_context)
        x.center[b].next_contact = row
    else:
        contact.resolved = u < resolve_p
        _contain(w, x, b, row)


@inner
def _contain(w, x, b, row):
    """The bot closes the contact; whoever answered first, human or bot, ended the wait."""
    talk, contact, now = x.talks[b, row], x.contacts[b, row], x.center[b].now
    talk.contained = 1
    if math.isnan(talk.first_reply_s):
        talk.first_reply_s = now
    answered_s = now - talk.bot_s if math.isnan(contact.answer_s) else contact.answer_s
    wait_s, target_s = answered_s - contact.arrival_s, answer_target_s(w, talk.first_type)
    contact.outcome = SERVED
    contact.csat = satisfaction(w, wait_s, target_s, contact.resolved, conversation_terms(w, x, b, row, 0.0))
    _close(x, b, row)
    record(x, b, CLOSE_MARK, row, -1, talk.turns, contact.resolved)
    book_outcome(w, x, b, row)
    feel(w, x, b, wait_s <= target_s)
    repeat_after_service(w, x, b, row)


@inner
def _leave(w, x, b, row):
    """The customer has had enough of the bot, or has left without a word before it began."""
    talk = x.talks[b, row]
    talk.silent = talk.ghost
    x.contacts[b, row].outcome = ABANDONED
    x.booked[b, ABANDONED_TERM] += 1
    _close(x, b, row)
    record(x, b, ABANDON_MARK, row, -1, talk.turns, 0.0)
    book_loss(w, x, b, row)
    feel(w, x, b, 0.0)
    retry_after_failure(w, x, b, row)


@inner
def _close(x, b, row):
    _end_session(x, b, row)
    x.contacts[b, row].end_s = x.center[b].now
    x.talks[b, row].place = CLOSED
    x.center[b].in_system -= 1


@inner
def _end_session(x, b, row):
    x.bot_load[b, x.talks[b, row].bot] -= 1
    x.center[b].bot_sessions -= 1
