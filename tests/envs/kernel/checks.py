"""What must hold of a center's state at any decision."""

from __future__ import annotations

from collections import Counter

import numpy as np

from maitred.envs.kernel.layout import Activity, Outcome, Place, Progress
from maitred.envs.trace import AWAY_END, AWAY_START, CODE_MASK, SHIFT_END, SHIFT_START

PRESENT = (Activity.IDLE, Activity.WORK, Activity.WRAP_UP)
NOBODY = -1


def chain(links, head, tail):
    """Rows of a linked list in order, none twice, the tail last."""
    rows, row = [], int(head)
    while row >= 0:
        rows.append(row)
        assert len(rows) <= len(links), "a linked list has a cycle"
        row = int(links[row])
    assert tail == (rows[-1] if rows else NOBODY)
    return rows


def check_backward(links, rows):
    """The links back are the links on, reversed."""
    assert links[rows].tolist() == [NOBODY, *rows[:-1]][: len(rows)]


def waiting_lists(x, b):
    """Contact rows of each type's queue, in order."""
    return [chain(x.queued[b]["next"], head, tail) for head, tail in zip(x.queue_head[b], x.queue_tail[b], strict=True)]


def room_list(x, b):
    """Agents with room, longest there first."""
    return chain(x.agents[b]["next"], x.center[b]["idle_head"], x.center[b]["idle_tail"])


def lines(x, b):
    """Contact rows of each agent's line, in order."""
    agents = x.agents[b]
    heads = zip(agents["line_head"], agents["line_tail"], strict=True)
    return [chain(x.queued[b]["next"], head, tail) for head, tail in heads]


def check_state(simulator, b):
    """Everything below, of one center."""
    x = simulator.centers
    check_queues(x, b)
    check_agents(simulator, b)
    check_roster(x, b)
    if simulator.scenario.has_conversations:
        check_places(simulator, b)
        check_loads(simulator, b)
    else:
        check_contacts_of_calls(x, b)


def check_queues(x, b):
    """Who waits is in exactly one queue, that of the contact's type, in rank order; counts are those of the lists."""
    center = x.center[b]
    contacts, queued = x.contacts[b, : center["rows"]], x.queued[b, : center["rows"]]
    inside = contacts["outcome"] == Outcome.INSIDE
    assert center["in_system"] == inside.sum()
    assert (np.isnan(contacts["end_s"]) == inside).all()
    queues = waiting_lists(x, b)
    assert center["waiting"] == sum(map(len, queues)) == queued["waiting"].sum()
    for kind, rows in enumerate(queues):
        check_backward(queued["previous"], rows)
        assert x.waiting_of_type[b, kind] == len(rows)
        assert (np.diff(queued["rank_s"][rows]) >= 0).all()
        assert (contacts["type"][rows] == kind).all()
        assert (queued["waiting"][rows] == 1).all() and inside[rows].all()


def check_contacts_of_calls(x, b):
    """Where a contact is one call: it arrives, waits, or is the one contact of an agent at work."""
    center = x.center[b]
    contacts = x.contacts[b, : center["rows"]]
    inside = contacts["outcome"] == Outcome.INSIDE
    unanswered = set(np.nonzero(inside & np.isnan(contacts["answer_s"]))[0].tolist())
    arriving = unanswered - {row for rows in waiting_lists(x, b) for row in rows}
    assert arriving <= being_routed(center)
    working = np.nonzero(x.agents[b]["activity"] == Activity.WORK)[0]
    assert sorted(contacts["agent"][inside & (contacts["agent"] >= 0)]) == sorted(working)


def being_routed(center):
    """The row of the contact a decision is about, and of the one to be routed next."""
    routing = center["progress"] == Progress.DECISION and center["kind"] == 0
    return {int(center["subject"])} | {int(center["next_contact"])} if routing else {int(center["next_contact"])}


def check_agents(simulator, b):
    """Who has room is listed with the count by type; activities fit; every second so far is in one account."""
    x = simulator.centers
    center, agents = x.center[b], x.agents[b]
    listed = room_list(x, b)
    check_backward(agents["previous"], listed)
    assert center["idle"] == len(listed) and set(listed) == set(np.nonzero(agents["room"])[0])
    assert (agents["on_shift"][listed] == 1).all() and (agents["away"][listed] == 0).all()
    assert np.isin(agents["activity"][listed], PRESENT).all()
    channel = simulator.world.types["channels_of_type"]
    able = x.may_answer[b] & (agents["room"][:, None] >> channel & 1 == 1)
    assert (x.idle_of_type[b] == able.sum(axis=0)).all()
    assert center["on_duty"] == np.isin(agents["activity"], PRESENT).sum()
    working = np.nonzero((agents["activity"] == Activity.WORK) & (agents["contact"] >= 0))[0]
    assert (x.contacts[b, agents["contact"][working]]["agent"] == working).all()
    absent = ~np.isin(agents["activity"], PRESENT)
    assert (agents["line_head"][absent] == NOBODY).all(), "an absent agent has customers waiting for a reply"
    booked_s = x.accounts[b].sum(axis=1) + center["now"] - agents["since_s"]
    np.testing.assert_allclose(booked_s, center["now"], atol=1e-6)


def check_roster(x, b):
    """Agents are on shift and away as the roster says."""
    past = x.roster[b, : x.center[b]["next_roster"]]
    code, agents = past["code"] & CODE_MASK, len(x.agents[b])
    on_shift = np.bincount(past["agent"][code == SHIFT_START], minlength=agents)
    on_shift -= np.bincount(past["agent"][code == SHIFT_END], minlength=agents)
    assert (x.agents[b]["on_shift"] == on_shift).all()
    away = np.bincount(past["agent"][code == AWAY_START], minlength=agents)
    away -= np.bincount(past["agent"][code == AWAY_END], minlength=agents)
    assert ((x.agents[b]["away"] > 0) == (away > 0))[on_shift > 0].all()


def check_places(simulator, b):
    """Every open contact is in the one place it says: queue, line, customer, bot or promised."""
    x = simulator.centers
    center = x.center[b]
    rows = slice(0, center["rows"])
    contacts, talks, agents = x.contacts[b, rows], x.talks[b, rows], x.agents[b]
    inside = contacts["outcome"] == Outcome.INSIDE
    assert ((talks["place"] != Place.CLOSED) == inside)[contacts["outcome"] != Outcome.BLOCKED].all()
    talks, at = np.where(inside, talks, np.zeros((), talks.dtype)), np.where(inside, talks["place"], Place.CLOSED)
    queued = {row for waiting in waiting_lists(x, b) for row in waiting}
    assert queued <= set(np.nonzero(at == Place.QUEUE)[0]) <= queued | being_routed(center)
    in_line = [row for line in lines(x, b) for row in line]
    at_work = agents["contact"][(agents["activity"] == Activity.WORK) & (agents["contact"] >= 0)].tolist()
    assert len(set(in_line) | set(at_work)) == len(in_line) + len(at_work), "a contact is in a line or at work once"
    assert set(np.nonzero(at == Place.LINE)[0]) == set(in_line) | set(at_work)
    assert (at[[row for row in at_work if inside[row]]] == Place.LINE).all()
    sessions = Counter(talks["bot"][at == Place.BOT].tolist())
    assert [sessions[bot] for bot in range(len(x.bot_load[b]))] == x.bot_load[b].tolist()
    assert center["bot_sessions"] == (at == Place.BOT).sum()
    assert center["promised"] == (inside & ~np.isnan(talks["promised_s"])).sum()
    assert (at[np.isnan(talks["promised_s"])] != Place.PROMISED).all()


def check_loads(simulator, b):
    """What an agent's record counts is what the agent's contacts add up to."""
    x, w = simulator.centers, simulator.world
    rows, agents = slice(0, x.center[b]["rows"]), x.agents[b]
    contacts, talks = x.contacts[b, rows], x.talks[b, rows]
    held = (contacts["outcome"] == Outcome.INSIDE) & np.isin(talks["place"], (Place.LINE, Place.CUSTOMER))
    wrapping = agents["contact"][agents["activity"] == Activity.WRAP_UP]
    held[wrapping[wrapping >= 0]] = True
    channel = w.channels[w.types["channels_of_type"][contacts["type"]]]
    thinking = held & (talks["place"] == Place.CUSTOMER)
    expected = {
        "open": held,
        "live": held & (channel["channels_interruptible"] == 0),
        "locks": held & (channel["channels_exclusive"] == 1),
        "parked": thinking & (channel["channels_interruptible"] == 1),
        "load": held * talks["slots"],
    }
    for name, weights in expected.items():
        total = np.bincount(contacts["agent"][held], weights[held], len(agents))
        np.testing.assert_allclose(agents[name], total, atol=1e-5, err_msg=name)
    assert x.center[b]["open"] == held.sum()
    assert agents["turns_due"].tolist() == [len(line) for line in lines(x, b)]
    assert all((contacts["agent"][line] == agent).all() for agent, line in enumerate(lines(x, b)))
    locked = agents["locks"] > 0
    assert (agents["locks"] <= 1).all() and (agents["live"][locked] == 1).all(), "a lock allows nothing else live"
    believed = x.beliefs[b, rows] @ w.complexities["dialogue_level"]
    mix = np.bincount(contacts["agent"][held], believed[held], len(agents))
    np.testing.assert_allclose(agents["mix"], mix, atol=1e-3)
