"""Predicted needs: message the customer now, or wait for the contact that may come (AC-4, AC-9)."""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import FOLLOW_UP, NEED, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Mark, Term
from maitred.envs.kernel.recorder import record

DEFLECT, FOLLOW, FOLLOW_DELAY = chance.DEFLECT, chance.FOLLOW, chance.FOLLOW_DELAY
COST, MESSAGES = int(Term.COST), int(Term.MESSAGES)
MESSAGE_MARK = int(Mark.MESSAGE)


@inner
def schedule_need(x, b, need):
    """The next predicted need of the trace, if there is one."""
    if need < x.center[b].needs:
        schedule(x, b, x.needs[b, need].s, NEED, need)


@inner
def may_message(w, x, b):
    """Whether the hours and the daily limit allow another message."""
    p, center = w.parameters[0], x.center[b]
    second = center.now - 86400.0 * center.today
    open_now = p.outreach_open_from_s <= second and second < p.outreach_open_to_s
    return open_now and center.messages_today < p.outreach_messages_per_day


@inner
def message(w, x, b, need):
    """Send the message; it may head off the problem, or bring a contact that would not have come."""
    p, n, center = w.parameters[0], x.needs[b, need], x.center[b]
    x.booked[b, COST] += p.outreach_message_cost
    x.booked[b, MESSAGES] += 1
    center.messages_today += 1
    record(x, b, MESSAGE_MARK, -1, -1, 0, need)
    if n.genuine == 1:
        comes = chance.uniform(n.key, DEFLECT, 0) >= p.outreach_deflect_p
    else:
        comes = chance.uniform(n.key, FOLLOW, 0) < p.outreach_follow_p
    if comes:
        _will_come(w, x, b, need)


@inner
def leave_alone(w, x, b, need):
    """Send nothing; a real problem becomes a contact."""
    if x.needs[b, need].genuine == 1:
        _will_come(w, x, b, need)


@inner
def _will_come(w, x, b, need):
    delay_s = w.parameters[0].outreach_delay_mean_s * chance.exponential(x.needs[b, need].key, FOLLOW_DELAY, 0)
    schedule(x, b, x.center[b].now + delay_s, FOLLOW_UP, need)
