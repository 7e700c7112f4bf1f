"""Contacts coming, queueing and giving up."""

from __future__ import annotations

import math

import numpy as np

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import ABANDON, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Origin, Outcome, Term
from maitred.envs.kernel.queues import join_queue, leave_queue
from maitred.envs.kernel.service import patience_s, retry_after_failure

FIRST, RETRIAL_ORIGIN, REPEAT_ORIGIN = map(int, Origin)
ABANDONED, BLOCKED = int(Outcome.ABANDONED), int(Outcome.BLOCKED)
ABANDONED_TERM = int(Term.ABANDONED)
CHILD = chance.CHILD


@inner
def first_contact(w, x, b, arrival):
    """The next contact of the trace arrives. Returns its row, or -1 if it was blocked."""
    row = _new_row(x, b, arrival.type, arrival.level, arrival.key)
    x.contacts[b, row].case = row
    x.center[b].arrived_today += 1
    return row if _admit(w, x, b, row) else -1


@inner
def returning_contact(w, x, b, parent, origin):
    """A caller comes back. Returns the new row, or -1 if it was blocked."""
    before = x.contacts[b, parent]
    key = chance.mix(x.queued[b, parent].key, CHILD, 0)
    row = _new_row(x, b, before.type, before.level, key)
    contact = x.contacts[b, row]
    contact.case, contact.origin, contact.attempts = before.case, origin, before.attempts + 1
    return row if _admit(w, x, b, row) else -1


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
def _admit(w, x, b, row):
    center, lines = x.center[b], w.parameters[0].lines
    if lines > 0 and center.in_system >= lines:
        x.contacts[b, row].outcome, x.contacts[b, row].end_s = BLOCKED, center.now
        retry_after_failure(w, x, b, row)
        return False
    center.in_system += 1
    return True


@inner
def wait(w, x, b, row):
    """A contact joins its queue; its patience starts."""
    now = x.center[b].now
    x.queued[b, row].rank_s = now - w.head_start_s[x.contacts[b, row].level]
    join_queue(x, b, row)
    gives_up_after = patience_s(w, x, b, row)
    if now + gives_up_after < w.parameters[0].horizon_s:
        schedule(x, b, now + gives_up_after, ABANDON, row)


@inner
def abandon(w, x, b, row):
    """Patience is over; nothing happens if the contact is no longer waiting."""
    if x.queued[b, row].waiting == 0:
        return
    leave_queue(x, b, row)
    x.contacts[b, row].outcome, x.contacts[b, row].end_s = ABANDONED, x.center[b].now
    x.booked[b, ABANDONED_TERM] += 1
    x.center[b].in_system -= 1
    retry_after_failure(w, x, b, row)
