"""Decisions: which candidates there are, in short-list order, and what an answer does."""

from __future__ import annotations

from maitred.envs.decision import Kind
from maitred.envs.kernel.calendar import OFFER_AGENT, OFFER_CONTACT, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.contacts import wait
from maitred.envs.kernel.layout import Progress
from maitred.envs.kernel.service import begin

ROUTE, PULL = int(Kind.ROUTE), int(Kind.PULL)
RUNNING, DECISION = int(Progress.RUNNING), int(Progress.DECISION)
HOLD = -1


@inner
def offer_contact(w, x, b, row):
    """A contact may be routed: decide among idle agents, or let it wait where there is none."""
    kind, center = x.contacts[b, row].type, x.center[b]
    if x.idle_of_type[b, kind] == 0:
        if x.queued[b, row].waiting == 0:
            wait(w, x, b, row)
        return
    center.kind, center.subject = ROUTE, row
    n, agent = 0, center.idle_head
    while agent >= 0 and n < w.parameters[0].places - 1:
        if x.may_answer[b, agent, kind]:
            x.candidates[b, n] = agent
            n += 1
        agent = x.agents[b, agent].next
    _raise(w, x, b, n)


@inner
def offer_agent(w, x, b, agent):
    """An idle agent may pull: decide among the waiting contacts it may answer, best rank first."""
    center, cursor = x.center[b], x.cursor[b]
    if center.waiting == 0:
        return
    for kind in range(len(cursor)):
        cursor[kind] = x.queue_head[b, kind] if x.may_answer[b, agent, kind] else -1
    n = 0
    while n < w.parameters[0].places - 1:
        row = _take_first(x, b, cursor)
        if row < 0:
            break
        x.candidates[b, n] = row
        n += 1
    if n > 0:
        center.kind, center.subject = PULL, agent
        _raise(w, x, b, n)


@inner
def _take_first(x, b, cursor):
    """The contact of best rank among one cursor per queue; its cursor moves on. -1 if all are at the end."""
    queued, best = x.queued[b], -1
    for kind in range(len(cursor)):
        row = cursor[kind]
        if row >= 0 and (best < 0 or queued[row].rank_s < queued[cursor[best]].rank_s):
            best = kind
    if best < 0:
        return -1
    row = cursor[best]
    cursor[best] = queued[row].next
    return row


@inner
def _raise(w, x, b, n):
    """A decision among the first n candidates, and holding where the platform allows it."""
    center = x.center[b]
    if w.parameters[0].may_hold == 1:
        x.candidates[b, n] = HOLD
        n += 1
    center.places, center.progress = n, DECISION
    center.decisions += n > 1


@inner
def answer(w, x, b, place):
    """Do what was chosen: the candidate in `place` of the short list."""
    center = x.center[b]
    chosen, subject = x.candidates[b, place], center.subject
    center.progress = RUNNING
    offer_again_s = center.now + w.parameters[0].hold_s
    if center.kind == ROUTE:
        x.contacts[b, subject].decisions += 1
        if chosen != HOLD:
            begin(w, x, b, subject, chosen)
            return
        if x.queued[b, subject].waiting == 0:
            wait(w, x, b, subject)
        x.queued[b, subject].offer_s = offer_again_s
        schedule(x, b, offer_again_s, OFFER_CONTACT, subject)
    elif chosen != HOLD:
        x.contacts[b, chosen].decisions += 1
        begin(w, x, b, chosen, subject)
    else:
        x.agents[b, subject].offer_s = offer_again_s
        schedule(x, b, offer_again_s, OFFER_AGENT, subject)
