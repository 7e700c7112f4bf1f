"""Decisions to be made: which candidates there are, in short-list order, and which of them is usual."""

from __future__ import annotations

from maitred.envs.decision import Action, Kind
from maitred.envs.kernel.bots import bot_is_free, may_bot
from maitred.envs.kernel.calendar import OFFER_CONTACT, schedule
from maitred.envs.kernel.channels import is_spoken
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.deferral import is_owed
from maitred.envs.kernel.layout import Place, Progress
from maitred.envs.kernel.outreach import may_message
from maitred.envs.kernel.rooms import fits, present

ROUTE, PULL, REASSESS, CONCURRENCY, OUTREACH = map(int, Kind)
(
    ASSIGN, HOLD, BOT, GROUP, DEFER, CALLBACK, CONTINUE, ESCALATE, HAND_BACK, ASYNC, LIVE, NEXT_ISSUE, CAP, MESSAGE,
) = map(int, Action)  # fmt: skip
RUNNING, DECISION = int(Progress.RUNNING), int(Progress.DECISION)
WITH_BOT = int(Place.BOT)
NOBODY = -1


@inner
def offer_contact(w, x, b, row):
    """A contact may be routed: decide among agents with room and what else there is, or let it wait."""
    kind, center = x.contacts[b, row].type, x.center[b]
    if x.idle_of_type[b, kind] == 0 and w.types[kind].options == 0:
        _let_wait(w, x, b, row)
        return
    center.kind, center.subject, center.places, center.usual = ROUTE, row, 0, -1
    _add_agents(w, x, b, row, kind)
    if center.places > 0:
        center.usual = 0
    if w.types[kind].options == 1:
        _add_alternatives(w, x, b, row, kind)
    if center.places == 0:
        _let_wait(w, x, b, row)
        return
    if center.usual < 0 or w.parameters[0].may_hold == 1:
        _add(x, b, HOLD, NOBODY)
    if center.usual < 0:
        center.usual = center.places - 1
    _raise(x, b)


@inner
def _add_agents(w, x, b, row, kind):
    center, channel, heavy = x.center[b], w.types[kind].channels_of_type, 0
    talks, last = w.parameters[0].talks == 1, w.parameters[0].places - 1
    if w.types[kind].options == 1:
        last = max(last - _alternatives(w, kind), 1)
    if talks:
        heavy = x.talks[b, row].heavy
    agent = center.idle_head
    while agent >= 0 and center.places < last:
        person = x.agents[b, agent]
        able = x.may_answer[b, agent, kind] and (person.room >> channel) & 1 == 1
        if able and talks:
            able = fits(w, person, channel, heavy) and not reserved(w, x, b, row, agent)
        if able:
            _add(x, b, ASSIGN, agent)
        agent = person.next


@inner
def reserved(w, x, b, row, agent):
    """Whether a contact waits for the agents of another group, or for the agent who knows the case."""
    talk = x.talks[b, row]
    if talk.group >= 0 and talk.group != w.people[agent].group:
        return True
    if talk.sticky == 0 or talk.last_agent == agent:
        return False
    expired = x.center[b].now >= x.contacts[b, row].arrival_s + w.parameters[0].handoff_sticky_wait_s
    return not expired and present(x.agents[b, talk.last_agent]) and x.agents[b, talk.last_agent].last_call == 0


@inner
def _let_wait(w, x, b, row):
    """Nobody can take the contact; one that waits for its last agent is offered to everyone when that ends."""
    x.center[b].queueing = row
    if w.parameters[0].talks == 1 and x.talks[b, row].sticky == 1:
        until_s = x.contacts[b, row].arrival_s + w.parameters[0].handoff_sticky_wait_s
        if until_s > x.center[b].now:
            x.queued[b, row].offer_s = until_s
            schedule(x, b, until_s, OFFER_CONTACT, row)


@inner
def _alternatives(w, kind):
    """Places of the short list kept for what else there may be, so that many free agents do not crowd it out."""
    count = int(w.types[kind].deferral_async_of >= 0) + int(w.types[kind].deferral_callback)
    for bot in range(len(w.bots)):
        count += int(w.bot_takes[bot, kind])
    if w.parameters[0].offer_groups == 1:
        for group in range(w.parameters[0].groups):
            count += int(w.group_may[group, kind])
    return count


@inner
def _add_alternatives(w, x, b, row, kind):
    """Bots, groups, an answer in writing, a call back; none of them for a contact already promised an answer."""
    center, talk, p = x.center[b], x.talks[b, row], w.parameters[0]
    if is_owed(talk) or talk.approved != 0:
        return
    last = p.places - 1
    for bot in range(len(w.bots)):
        takes = may_bot(w, bot, kind) and talk.bot < 0 and talk.agent_turns == 0
        if takes and bot_is_free(w, x, b, bot) and center.places < last:
            if w.bot_first[bot, kind] == 1:
                center.usual = center.places
            _add(x, b, BOT, bot)
    if p.offer_groups == 1 and talk.group < 0:
        for group in range(p.groups):
            if w.group_may[group, kind] == 1 and center.places < last:
                _add(x, b, GROUP, group)
    if w.types[kind].deferral_async_of >= 0 and center.places < last:
        _add(x, b, DEFER, NOBODY)
    if w.types[kind].deferral_callback == 1 and talk.callback == 0 and center.places < last:
        _add(x, b, CALLBACK, NOBODY)


@inner
def offer_agent(w, x, b, agent):
    """An agent with room may pull: decide among the waiting contacts the agent may answer, best rank first."""
    center, cursor, room = x.center[b], x.cursor[b], x.agents[b, agent].room
    if center.waiting == 0 or room == 0:
        return
    for kind in range(len(cursor)):
        able = x.may_answer[b, agent, kind] and (room >> w.types[kind].channels_of_type) & 1 == 1
        cursor[kind] = x.queue_head[b, kind] if able else -1
    center.kind, center.subject, center.places, center.usual = PULL, agent, 0, 0
    talks = w.parameters[0].talks == 1
    while center.places < w.parameters[0].places - 1:
        row = _take_first(x, b, cursor)
        if row < 0:
            break
        if not talks or _may_pull(w, x, b, row, agent):
            _add(x, b, ASSIGN, row)
    if center.places > 0:
        if w.parameters[0].may_hold == 1:
            _add(x, b, HOLD, NOBODY)
        _raise(x, b)


@inner
def _may_pull(w, x, b, row, agent):
    channel = w.types[x.contacts[b, row].type].channels_of_type
    return fits(w, x.agents[b, agent], channel, x.talks[b, row].heavy) and not reserved(w, x, b, row, agent)


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
def offer_turn(w, x, b, row):
    """A turn has ended: decide how the conversation goes on."""
    center = x.center[b]
    center.kind, center.subject, center.places, center.usual = REASSESS, row, 0, 0
    _add(x, b, CONTINUE, NOBODY)
    kind = w.types[x.contacts[b, row].type]
    if x.talks[b, row].place == WITH_BOT:
        if kind.reassess_stop_bot_early == 1:
            _add(x, b, ESCALATE, NOBODY)
    else:
        _add_turnings(w, x, b, row, kind)
    _raise(x, b)


@inner
def _add_turnings(w, x, b, row, kind):
    """What may be done instead; a call, which has no turns to decide between, is decided on once, at its end."""
    talk, agent = x.talks[b, row], x.contacts[b, row].agent
    if kind.reassess_next_issue_s > 0 and talk.avoided == 0:
        _add(x, b, NEXT_ISSUE, NOBODY)
    single = is_spoken(w, x.contacts[b, row].type)
    if talk.approved != 0 or (talk.finishing == 1 and not single):
        return
    if kind.reassess_escalate == 1 and kind.handoff_escalate_to >= 0 and talk.escalations == 0:
        _add(x, b, ESCALATE, NOBODY)
    if kind.reassess_async_of >= 0:
        _add(x, b, ASYNC, NOBODY)
    if talk.finishing == 1:
        return
    if kind.reassess_hand_back == 1 and talk.bot_turns == 0 and len(w.bots) > 0:
        bot = _bot_for(w, x, b, x.contacts[b, row].type)
        if bot >= 0:
            _add(x, b, HAND_BACK, bot)
    person = x.agents[b, agent]
    is_live = 1 - w.channels[kind.channels_of_type].channels_interruptible
    alone = person.live == is_live and person.locks == 0
    if kind.reassess_live_of >= 0 and talk.declined == 0 and alone and x.may_answer[b, agent, kind.reassess_live_of]:
        _add(x, b, LIVE, NOBODY)


@inner
def _bot_for(w, x, b, kind):
    for bot in range(len(w.bots)):
        if may_bot(w, bot, kind) and bot_is_free(w, x, b, bot):
            return bot
    return -1


@inner
def offer_cap(w, x, b, agent):
    """A slot has come free: decide how many the agent may fill, the usual number first."""
    center, p = x.center[b], w.parameters[0]
    center.kind, center.subject, center.places, center.usual = CONCURRENCY, agent, 0, 0
    most = int(min(p.concurrency_max_cap_slots, p.governance_max_cap_slots))
    usual = min(int(p.concurrency_cap_slots), most)
    _add(x, b, CAP, usual)
    cap = 1
    while cap <= most:
        if cap != usual:
            _add(x, b, CAP, cap)
        cap += 1
    _raise(x, b)


@inner
def offer_need(w, x, b, need):
    """A need is predicted: decide whether to message the customer."""
    center = x.center[b]
    center.kind, center.subject, center.places, center.usual = OUTREACH, need, 0, 0
    _add(x, b, CONTINUE, NOBODY)
    if may_message(w, x, b):
        _add(x, b, MESSAGE, NOBODY)
    _raise(x, b)


@inner
def _add(x, b, action, target):
    """One more candidate, if there is a place left."""
    center = x.center[b]
    if center.places < x.candidates.shape[1]:
        x.candidates[b, center.places], x.actions[b, center.places] = target, action
        center.places += 1


@inner
def _raise(x, b):
    center = x.center[b]
    center.progress = DECISION
    center.decisions += center.places > 1
