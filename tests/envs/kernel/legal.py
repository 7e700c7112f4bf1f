"""Whether pending decisions offer only what the rules allow: skills, room, hours, and what the scenario permits."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from maitred.envs.decision import Action, Kind
from maitred.envs.kernel.layout import Outcome, Place
from tests.envs.kernel.checks import PRESENT, room_list, waiting_lists

NOBODY = -1
OF_KIND = {
    Kind.ROUTE: (Action.ASSIGN, Action.HOLD, Action.BOT, Action.GROUP, Action.DEFER, Action.CALLBACK),
    Kind.PULL: (Action.ASSIGN, Action.HOLD),
    Kind.REASSESS: (
        Action.CONTINUE, Action.ESCALATE, Action.HAND_BACK, Action.ASYNC, Action.LIVE, Action.NEXT_ISSUE,
    ),
    Kind.CONCURRENCY: (Action.CAP,),
    Kind.OUTREACH: (Action.CONTINUE, Action.MESSAGE),
}  # fmt: skip


class Offers(NamedTuple):
    """Candidates of many pending decisions, flat."""

    b: Any  # center
    kind: Any
    subject: Any
    action: Any
    target: Any

    def of(self, *actions):
        """Those of some actions."""
        return Offers(*(column[np.isin(self.action, actions)] for column in self))


def check_offers(simulator):
    """Every candidate of every pending decision is legal; the mask says which there are."""
    x, mask = simulator.centers, simulator.observation.mask
    pending = np.nonzero(simulator.pending)[0]
    if not len(pending):
        return
    center = x.center[pending]
    assert (mask[pending] == (np.arange(mask.shape[1]) < center["places"][:, None])).all()
    assert (center["places"] >= 2).all(), "a decision without a choice is not raised"
    assert ((center["usual"] >= 0) & (center["usual"] < center["places"])).all()
    i, place = np.nonzero(mask[pending])
    b = pending[i]
    offers = Offers(b, center["kind"][i], center["subject"][i], x.actions[b, place], x.candidates[b, place])
    distinct = np.stack([offers.b, offers.action, offers.target])
    assert np.unique(distinct, axis=1).shape == distinct.shape, "a candidate is offered twice"
    for kind, actions in OF_KIND.items():
        assert np.isin(offers.action[offers.kind == kind], actions).all()
    check_assignments(simulator, offers.of(Action.ASSIGN))
    check_caps_and_messages(simulator, offers)
    if simulator.scenario.has_conversations:
        check_automation(simulator, offers.of(Action.BOT, Action.HAND_BACK))
        check_alternatives(simulator, offers)
        check_turnings(simulator, offers)
    else:
        assert np.isin(offers.action, (Action.ASSIGN, Action.HOLD)).all()


def check_assignments(simulator, offers):
    """Who takes a contact has the skill and the room, is on shift, at the desk and not in last call."""
    x, w = simulator.centers, simulator.world
    b, p, routed = offers.b, w.parameters[0], offers.kind == Kind.ROUTE
    row, agent = np.where(routed, (offers.subject, offers.target), (offers.target, offers.subject))
    contact, person = x.contacts[b, row], x.agents[b, agent]
    assert (contact["outcome"] == Outcome.INSIDE).all()
    assert (x.queued["waiting"][b, row] == 1)[~routed].all()
    assert x.may_answer[b, agent, contact["type"]].all()
    assert (person["on_shift"] == 1).all() and (person["away"] == 0).all()
    assert np.isin(person["activity"], PRESENT).all()
    assert (x.center["now"][b] <= person["shift_end_s"]).all()
    channel = w.channels[w.types["channels_of_type"][contact["type"]]]
    exclusive = channel["channels_exclusive"] == 1
    assert (person["locks"] == 0).all() and (person["live"][exclusive] == 0).all()
    assert (person["open"] < p["concurrency_open_limit"]).all()
    in_last_call = (p["people_last_call_s"] > 0) & (
        x.center["now"][b] > person["shift_end_s"] - p["people_last_call_s"] + 1e-3
    )
    assert (channel["channels_interruptible"][in_last_call] == 1).all(), "live work in the last call"
    heavy = x.talks["heavy"][b, row] if simulator.scenario.has_conversations else 0
    slots = channel["channels_slots"] * (1 + heavy)
    assert (exclusive | (person["load"] == 0) | (person["load"] + slots <= person["cap"] + 1e-6)).all(), "cap"
    if simulator.scenario.has_conversations:
        talk = x.talks[b, row]
        assert ((talk["group"] == NOBODY) | (talk["group"] == w.people["group"][agent])).all()
        assert np.isin(talk["place"], (Place.QUEUE,)).all()


def check_automation(simulator, offers):
    """Bots take what they may, while they have a session left, and no contact twice."""
    x, w = simulator.centers, simulator.world
    b, bot, row = offers.b, offers.target, offers.subject
    assert (w.bot_takes[bot, x.contacts["type"][b, row]] == 1).all()
    limit = w.bots["bots_sessions"][bot]
    assert ((limit == 0) | (x.bot_load[b, bot] < limit)).all()
    first = offers.action == Action.BOT
    talk = x.talks[b, row]
    assert (talk["bot"][first] == NOBODY).all() and (talk["agent_turns"][first] == 0).all()
    assert (talk["bot_turns"][~first] == 0).all() and (talk["place"][~first] == Place.LINE).all()


def check_alternatives(simulator, offers):
    """Groups, answers in writing and call-backs: where the scenario has them, for contacts not yet promised any."""
    x, w = simulator.centers, simulator.world
    later = offers.of(Action.BOT, Action.GROUP, Action.DEFER, Action.CALLBACK)
    assert np.isnan(x.talks["promised_s"][later.b, later.subject]).all()
    group = offers.of(Action.GROUP)
    assert simulator.scenario.routing.offer_groups or not len(group.b)
    assert (w.group_may[group.target, x.contacts["type"][group.b, group.subject]] == 1).all()
    for action, field in ((Action.DEFER, "deferral_async_of"), (Action.CALLBACK, "deferral_callback")):
        own = offers.of(action)
        value = w.types[field][x.contacts["type"][own.b, own.subject]]
        assert (value >= 0 if action == Action.DEFER else value == 1).all()
    called = offers.of(Action.CALLBACK)
    assert (x.talks["callback"][called.b, called.subject] == 0).all(), "a refusal is final"


def check_turnings(simulator, offers):
    """Turn boundaries: what the type allows, of a conversation that is at one."""
    x, w = simulator.centers, simulator.world
    turns = Offers(*(column[offers.kind == Kind.REASSESS] for column in offers))
    talk, kind = x.talks[turns.b, turns.subject], w.types[x.contacts["type"][turns.b, turns.subject]]
    with_bot = talk["place"] == Place.BOT
    assert np.isin(talk["place"], (Place.BOT, Place.LINE)).all()
    may = {
        Action.ESCALATE: np.where(
            with_bot,
            kind["reassess_stop_bot_early"] == 1,
            (kind["reassess_escalate"] == 1) & (kind["handoff_escalate_to"] >= 0) & (talk["escalations"] == 0),
        ),
        Action.HAND_BACK: ~with_bot & (kind["reassess_hand_back"] == 1),
        Action.ASYNC: ~with_bot & (kind["reassess_async_of"] >= 0),
        Action.LIVE: ~with_bot & (kind["reassess_live_of"] >= 0),
        Action.NEXT_ISSUE: ~with_bot & (kind["reassess_next_issue_s"] > 0) & (talk["avoided"] == 0),
    }
    for action, allowed in may.items():
        assert allowed[turns.action == action].all(), action
    live = turns.of(Action.LIVE)
    agent, to = x.contacts["agent"][live.b, live.subject], kind["reassess_live_of"][turns.action == Action.LIVE]
    own = 1 - w.channels["channels_interruptible"][kind["channels_of_type"][turns.action == Action.LIVE]]
    assert x.may_answer[live.b, agent, to].all() and (x.agents["live"][live.b, agent] == own).all()


def check_caps_and_messages(simulator, offers):
    """Caps within their limit; messages in their hours and number."""
    x, p = simulator.centers, simulator.world.parameters[0]
    cap = offers.of(Action.CAP).target
    allowed = (cap >= 1) & (cap <= p["concurrency_max_cap_slots"])
    assert (allowed | (cap == int(p["concurrency_cap_slots"]))).all()
    message = offers.of(Action.MESSAGE)
    second = x.center["now"][message.b] % 86400
    assert ((second >= p["outreach_open_from_s"]) & (second < p["outreach_open_to_s"])).all()
    assert (x.center["messages_today"][message.b] < p["outreach_messages_per_day"]).all()


def check_short_list(simulator, b):
    """Agents in the order of the room list and contacts in that of their rank: all whom the first world may offer."""
    x, routing = simulator.centers, simulator.scenario.routing
    center = x.center[b]
    real = x.candidates[b, : int(center["places"])]
    real = real[x.actions[b, : len(real)] == Action.ASSIGN].tolist()
    if center["kind"] == Kind.ROUTE:
        kind = x.contacts[b, center["subject"]]["type"]
        able = [agent for agent in room_list(x, b) if x.may_answer[b, agent, kind]]
        assert [agent for agent in able if agent in real] == real
        exhaustive = able
    elif center["kind"] == Kind.PULL:
        queues = zip(x.may_answer[b, center["subject"]], waiting_lists(x, b), strict=True)
        waiting = [row for may, rows in queues if may for row in rows]
        rank = x.queued[b]["rank_s"]
        assert set(real) <= set(waiting) and (np.diff(rank[real]) >= 0).all()
        exhaustive = sorted(waiting, key=lambda row: rank[row])
    if not simulator.scenario.has_conversations:
        assert len(real) == len(exhaustive[: routing.places - 1])
        assert (x.actions[b, int(center["places"]) - 1] == Action.HOLD) == routing.may_hold
