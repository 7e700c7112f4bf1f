"""Contacts coming, queueing and giving up."""

from __future__ import annotations

import math

import numpy as np

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import ABANDON, schedule
from maitred.envs.kernel.channels import is_spoken
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.deferral import is_owed, settle
from maitred.envs.kernel.dialogue import believed_work, open_dialogue, shift_sentiment
from maitred.envs.kernel.durations import patience_s
from maitred.envs.kernel.handoff import misroute
from maitred.envs.kernel.induced import comes, feel
from maitred.envs.kernel.layout import Mark, Origin, Outcome, Place, Term
from maitred.envs.kernel.quality import book_loss
from maitred.envs.kernel.queues import join_queue, leave_queue
from maitred.envs.kernel.recorder import record
from maitred.envs.kernel.returns import retry_after_failure
from maitred.envs.kernel.silence import leaves_silently

FIRST, RETRIAL_ORIGIN, REPEAT_ORIGIN, PROACTIVE = map(int, Origin)
ABANDONED, BLOCKED = int(Outcome.ABANDONED), int(Outcome.BLOCKED)
ABANDONED_TERM = int(Term.ABANDONED)
QUEUE, CLOSED = int(Place.QUEUE), int(Place.CLOSED)
ARRIVE, ABANDON_MARK = int(Mark.ARRIVE), int(Mark.ABANDON)
CHILD, TIER, PREFERENCE, INTOLERANCE = chance.CHILD, chance.TIER, chance.PREFERENCE, chance.INTOLERANCE


@inner
def first_contact(w, x, b, arrival):
    """The next contact of the trace arrives, unless it is one of those that only ease would bring."""
    if comes(x, b, arrival.induced):
        x.center[b].arrived_today += 1
        row = _new_row(x, b, arrival.type, arrival.level, arrival.key)
        x.contacts[b, row].case = row
        if w.parameters[0].talks == 1:
            _open_talk(w, x, b, row, arrival.shock)
        _admit(w, x, b, row)


@inner
def prompted_contact(w, x, b, need):
    """A customer whose problem was predicted gets in touch."""
    n = x.needs[b, need]
    row = _new_row(x, b, n.type, 0, chance.mix(n.key, CHILD, 0))
    contact = x.contacts[b, row]
    contact.case, contact.origin = row, PROACTIVE
    _open_talk(w, x, b, row, 0)
    _admit(w, x, b, row)


@inner
def returning_contact(w, x, b, parent, origin):
    """A caller comes back."""
    before = x.contacts[b, parent]
    key = chance.mix(x.queued[b, parent].key, CHILD, 0)
    kind = before.type
    if w.parameters[0].talks == 1:
        kind = x.talks[b, parent].first_type
    row = _new_row(x, b, kind, before.level, key)
    contact = x.contacts[b, row]
    contact.case, contact.origin, contact.attempts = before.case, origin, before.attempts + 1
    if w.parameters[0].talks == 1:
        _open_talk(w, x, b, row, x.talks[b, parent].shock)
        _remember(w, x, b, row, parent)
    _admit(w, x, b, row)


@inner
def _new_row(x, b, kind, level, key):
    center = x.center[b]
    row = center.rows
    center.rows += 1
    contact, queued = x.contacts[b, row], x.queued[b, row]
    contact.arrival_s, contact.answer_s, contact.end_s = center.now, math.nan, math.nan
    contact.work_s, contact.wrap_up_s, contact.csat = 0.0, 0.0, math.nan
    contact.type, contact.level, contact.agent = kind, level, -1
    contact.attempts, contact.decisions = 0, 0
    contact.outcome, contact.origin, contact.short, contact.resolved = 0, FIRST, 0, 0
    queued.key, queued.waiting, queued.offer_s = np.uint64(key), 0, math.nan
    return row


@inner
def _open_talk(w, x, b, row, shock):
    talk, key, p, contact = x.talks[b, row], x.queued[b, row].key, w.parameters[0], x.contacts[b, row]
    talk.event_s, talk.left_s, talk.turn_s, talk.promised_s = math.nan, 0.0, 0.0, math.nan
    talk.asked_s, talk.first_reply_s = x.center[b].now, math.nan
    talk.bot_s, talk.bot_cost, talk.repeated_s, talk.automated_s = 0.0, 0.0, 0.0, 0.0
    talk.reply_s, talk.think_s = 0.0, 0.0
    talk.slots, talk.context, talk.handed, talk.place = 0.0, 1.0, 0, QUEUE
    talk.group, talk.last_agent, talk.first_type, talk.bot, talk.shock = -1, -1, contact.type, -1, shock
    talk.turns, talk.agent_turns, talk.replies, talk.joins = 0, 0, 0, 0
    talk.bot_turns, talk.transfers, talk.escalations, talk.handovers, talk.tries = 0, 0, 0, 0, 0
    talk.phase, talk.ghost, talk.silent, talk.inactive, talk.approved, talk.declined = 0, 0, 0, 0, 0, 0
    talk.contained, talk.avoided, talk.callback, talk.deferred, talk.surveyed = 0, 0, 0, 0, 0
    talk.promise_broken, talk.deadline_missed, talk.sticky, talk.finishing, talk.unanswered = 0, 0, 0, 0, 0
    talk.prefers_other = chance.uniform(key, PREFERENCE, 0) < p.customers_prefers_other_p
    talk.intolerant = chance.uniform(key, INTOLERANCE, 0) < p.customers_bot_intolerant_share
    talk.tier = _tier(w, chance.uniform(key, TIER, 0))
    open_dialogue(w, x, b, row)
    misroute(w, x, b, row)
    if p.concurrency_heavy_above_s > 0:
        work = believed_work(w, x.beliefs[b, row], is_spoken(w, contact.type))
        talk.heavy = work * w.types[contact.type].handle_s > p.concurrency_heavy_above_s
    else:
        talk.heavy = 0


@inner
def _tier(w, u):
    for tier in range(len(w.tiers) - 1):
        u -= w.tiers[tier].customers_tier_share
        if u < 0:
            return tier
    return len(w.tiers) - 1


@inner
def _remember(w, x, b, row, parent):
    """A repeat begins in a worse mood, and has a history: who handled it, and what the customer is like."""
    talk, before, p = x.talks[b, row], x.talks[b, parent], w.parameters[0]
    talk.tier, talk.prefers_other, talk.intolerant = before.tier, before.prefers_other, before.intolerant
    talk.last_agent = x.contacts[b, parent].agent if x.contacts[b, parent].agent >= 0 else before.last_agent
    talk.context, talk.handed = p.handoff_context_kept, talk.last_agent >= 0
    talk.sticky = talk.last_agent >= 0 and p.handoff_sticky_wait_s > 0
    shift_sentiment(talk, p.dialogue_sentiment_repeat)


@inner
def _admit(w, x, b, row):
    """Let a contact in, to be routed next, or turn it away where no line is free."""
    center, lines = x.center[b], w.parameters[0].lines
    record(x, b, ARRIVE, row, -1, 0, x.contacts[b, row].type)
    if lines > 0 and center.in_system >= lines:
        x.contacts[b, row].outcome, x.contacts[b, row].end_s = BLOCKED, center.now
        feel(w, x, b, 0.0)
        retry_after_failure(w, x, b, row)
        return
    center.in_system += 1
    center.next_contact = row


@inner
def wait(w, x, b, row):
    """A contact that is not there yet joins its queue; its patience starts, unless it is owed a call back."""
    if x.queued[b, row].waiting == 1:
        return
    now, contact, p = x.center[b].now, x.contacts[b, row], w.parameters[0]
    since_s, joins, owed = now, 0, False
    if p.talks == 1:
        talk = x.talks[b, row]
        joins = talk.joins
        talk.joins += 1
        owed = is_owed(talk) and talk.deferred == 0
        if owed or (p.handoff_keep_position == 1 and (joins > 0 or talk.agent_turns > 0)):
            since_s = contact.arrival_s
    x.queued[b, row].rank_s = since_s - w.head_start_s[contact.level]
    join_queue(x, b, row)
    if owed:
        return
    gives_up_after = patience_s(w, x, b, row, joins)
    if p.talks == 1:
        x.talks[b, row].event_s = now + gives_up_after
    if now + gives_up_after < p.horizon_s:
        schedule(x, b, now + gives_up_after, ABANDON, row)


@inner
def abandon(w, x, b, row):
    """Patience is over; nothing happens if the contact has left the queue meanwhile."""
    if x.queued[b, row].waiting == 0:
        return
    if w.parameters[0].talks == 1:
        talk = x.talks[b, row]
        if talk.event_s != x.center[b].now:
            return
        if leaves_silently(w, x, b, row):
            talk.ghost = 1
            return
        talk.place = CLOSED
        settle(x, b, row)
        book_loss(w, x, b, row)
        record(x, b, ABANDON_MARK, row, -1, talk.turns, 0.0)
    leave_queue(x, b, row)
    x.contacts[b, row].outcome, x.contacts[b, row].end_s = ABANDONED, x.center[b].now
    x.booked[b, ABANDONED_TERM] += 1
    x.center[b].in_system -= 1
    feel(w, x, b, 0.0)
    retry_after_failure(w, x, b, row)
