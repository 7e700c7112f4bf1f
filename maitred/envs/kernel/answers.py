"""What an answer does: the candidate in a place of the short list becomes fact."""

from __future__ import annotations

from maitred.envs.decision import Action, Kind
from maitred.envs.kernel.bots import go_on_with_bot, hand_to_human, start_bot
from maitred.envs.kernel.calendar import OFFER_AGENT, OFFER_CONTACT, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.deferral import call_back, defer
from maitred.envs.kernel.layout import Mark, Place, Progress
from maitred.envs.kernel.outreach import leave_alone, message
from maitred.envs.kernel.reassess import accepts_voice, go_async, go_live, go_on, hand_back, head_off, pass_up
from maitred.envs.kernel.recorder import record
from maitred.envs.kernel.rooms import update_room
from maitred.envs.kernel.service import begin

ROUTE, PULL, REASSESS, CONCURRENCY, OUTREACH = map(int, Kind)
(
    ASSIGN, HOLD, BOT, GROUP, DEFER, CALLBACK, CONTINUE, ESCALATE, HAND_BACK, ASYNC, LIVE, NEXT_ISSUE, CAP, MESSAGE,
) = map(int, Action)  # fmt: skip
RUNNING = int(Progress.RUNNING)
WITH_BOT = int(Place.BOT)
CAP_MARK = int(Mark.CAP)


@inner
def answer(w, x, b, place):
    """Do what was chosen: the candidate in `place` of the short list."""
    center = x.center[b]
    center.progress = RUNNING
    action, target, subject = x.actions[b, place], x.candidates[b, place], center.subject
    if action == ASSIGN:
        row, agent = (subject, target) if center.kind == ROUTE else (target, subject)
        x.contacts[b, row].decisions += 1
        begin(w, x, b, row, agent)
    elif center.kind == ROUTE:
        x.contacts[b, subject].decisions += 1
        _send(w, x, b, subject, action, target)
    elif center.kind == PULL:
        offer_again_s = center.now + w.parameters[0].hold_s
        x.agents[b, subject].offer_s = offer_again_s
        schedule(x, b, offer_again_s, OFFER_AGENT, subject)
    elif center.kind == REASSESS:
        _turn_to(w, x, b, subject, action, target)
    elif center.kind == CONCURRENCY:
        set_cap(w, x, b, subject, target)
    elif action == MESSAGE:
        message(w, x, b, subject)
    else:
        leave_alone(w, x, b, subject)


@inner
def _send(w, x, b, row, action, target):
    """Route a contact to anything but an agent."""
    if action == BOT:
        start_bot(w, x, b, row, target)
    elif action == DEFER:
        defer(w, x, b, row)
        x.center[b].next_contact = row
    elif action == CALLBACK and call_back(w, x, b, row):
        return
    else:
        if action == GROUP:
            x.talks[b, row].group = target
        x.center[b].queueing = row
        offer_again_s = x.center[b].now + w.parameters[0].hold_s
        x.queued[b, row].offer_s = offer_again_s
        schedule(x, b, offer_again_s, OFFER_CONTACT, row)


@inner
def _turn_to(w, x, b, row, action, target):
    """How a conversation goes on."""
    if x.talks[b, row].place == WITH_BOT:
        if action == ESCALATE:
            hand_to_human(w, x, b, row)
        else:
            go_on_with_bot(w, x, b, row)
    elif action == ESCALATE:
        pass_up(w, x, b, row)
    elif action == HAND_BACK:
        hand_back(w, x, b, row, target)
    elif action == ASYNC:
        go_async(w, x, b, row)
    elif action == LIVE and accepts_voice(w, x, b, row):
        go_live(w, x, b, row)
    elif action == NEXT_ISSUE:
        head_off(w, x, b, row)
    else:
        go_on(w, x, b, row)


@inner
def set_cap(w, x, b, agent, cap):
    """An agent's new cap, for new work only (CC-6); then the agent may take some."""
    x.agents[b, agent].cap = cap
    record(x, b, CAP_MARK, -1, agent, 0, cap)
    update_room(w, x, b, agent)
    x.center[b].next_agent = agent
