"""How a running conversation goes on at a turn boundary (CT-3)."""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.bots import start_bot
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.dialogue import automated
from maitred.envs.kernel.durations import handle_time
from maitred.envs.kernel.handoff import escalate, hand, move, take_over
from maitred.envs.kernel.rooms import update_room
from maitred.envs.kernel.turns import close_slot, open_slot, think

VOICE = chance.VOICE


@inner
def go_on(w, x, b, row):
    """As before: the customer's turn, or the end if that was the last."""
    agent = x.contacts[b, row].agent
    if x.talks[b, row].finishing == 1:
        x.center[b].closing = row
    else:
        think(w, x, b, row, agent)
        x.center[b].freed = agent


@inner
def head_off(w, x, b, row):
    """Work a little longer now, so that the customer need not come back (AC-12)."""
    talk, kind = x.talks[b, row], w.types[x.contacts[b, row].type]
    talk.avoided, talk.asked_s = 1, x.center[b].now
    talk.left_s = kind.reassess_next_issue_s
    talk.turn_s = talk.left_s
    x.center[b].starting = row


@inner
def pass_up(w, x, b, row):
    """To the specialists (AC-5)."""
    agent = x.contacts[b, row].agent
    close_slot(w, x, b, row, agent)
    escalate(w, x, b, row)
    x.center[b].next_contact = row
    x.center[b].freed = agent


@inner
def hand_back(w, x, b, row, bot):
    """To automation: the rest is simple enough (CT-3)."""
    agent = x.contacts[b, row].agent
    close_slot(w, x, b, row, agent)
    hand(x.talks[b, row], agent, w.parameters[0].handoff_context_kept)
    start_bot(w, x, b, row, bot)
    x.center[b].freed = agent


@inner
def go_async(w, x, b, row):
    """On in writing: the conversation becomes one of its asynchronous sibling type, with the same agent if possible."""
    agent = x.contacts[b, row].agent
    to_type = w.types[x.contacts[b, row].type].reassess_async_of
    close_slot(w, x, b, row, agent)
    if x.may_answer[b, agent, to_type]:
        _change_channel(w, x, b, row, to_type)
        open_slot(w, x, b, row, agent)
        think(w, x, b, row, agent)
    else:
        move(w, x, b, row, to_type, _kept(w))
        x.center[b].next_contact = row
    x.center[b].freed = agent


@inner
def accepts_voice(w, x, b, row):
    """Whether the customer, asked to go on by voice, agrees; who declines is not asked again."""
    talk = x.talks[b, row]
    luck = chance.uniform(x.queued[b, row].key, VOICE, 0)
    talk.declined = talk.prefers_other == 0 and luck >= w.parameters[0].reassess_live_accept_p
    return talk.declined == 0


@inner
def go_live(w, x, b, row):
    """On by voice with the same agent: what is left is done in one exclusive turn (AC-8)."""
    talk, contact = x.talks[b, row], x.contacts[b, row]
    agent, p = contact.agent, w.parameters[0]
    mean_turns = w.complexities[talk.complexity].dialogue_turns_mean
    turns_left = mean_turns * (p.dialogue_phases - talk.phase) / p.dialogue_phases
    left_s = p.reassess_live_work * turns_left * handle_time(w, x, b, row, agent)
    close_slot(w, x, b, row, agent)
    _change_channel(w, x, b, row, w.types[contact.type].reassess_live_of)
    open_slot(w, x, b, row, agent)
    talk.automated_s += automated(w, talk, left_s)
    if talk.handed == 1:
        left_s += take_over(w, talk)
    talk.left_s, talk.turn_s = left_s, left_s
    update_room(w, x, b, agent)
    x.center[b].starting = row


@inner
def _change_channel(w, x, b, row, to_type):
    talk = x.talks[b, row]
    x.contacts[b, row].type, talk.needs, talk.finishing = to_type, to_type, 0
    if w.parameters[0].reassess_keep_context == 0:
        talk.context, talk.handed = 0.0, 1


@inner
def _kept(w):
    return w.parameters[0].handoff_context_kept if w.parameters[0].reassess_keep_context == 1 else 0.0
