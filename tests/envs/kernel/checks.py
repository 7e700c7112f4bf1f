"""What must hold of a center's state at any time, and of its ledger at the end."""

from __future__ import annotations

import numpy as np

from maitred.envs.decision import Kind
from maitred.envs.kernel.layout import Activity, Outcome, Progress, Term
from maitred.envs.trace import AWAY_START, SHIFT_START

OFF_DUTY = (Activity.OFF, Activity.UNAVAILABLE)


def waiting_lists(x, b):
    """Contact rows of each type's queue, in order, with the links checked both ways."""
    lists = []
    for head, tail in zip(x.queue_head[b], x.queue_tail[b], strict=True):
        rows, before, row = [], -1, int(head)
        while row >= 0:
            assert x.queued[b, row]["previous"] == before
            rows.append(row)
            before, row = row, int(x.queued[b, row]["next"])
        assert tail == before
        lists.append(rows)
    return lists


def idle_list(x, b):
    """Idle agents, longest idle first, with the links checked both ways."""
    agents, before, agent = [], -1, int(x.center[b]["idle_head"])
    while agent >= 0:
        assert x.agents[b, agent]["previous"] == before
        agents.append(agent)
        before, agent = agent, int(x.agents[b, agent]["next"])
    assert x.center[b]["idle_tail"] == before
    return agents


def check_contacts(x, b):
    """Contacts in are served, abandoned, blocked or inside; who waits is in exactly one queue, in rank order."""
    center = x.center[b]
    contacts, queued = x.contacts[b, : center["rows"]], x.queued[b, : center["rows"]]
    inside = contacts["outcome"] == Outcome.INSIDE
    assert center["in_system"] == inside.sum()
    assert (np.isnan(contacts["end_s"]) == inside).all()
    queues = waiting_lists(x, b)
    assert center["waiting"] == sum(map(len, queues)) == queued["waiting"].sum()
    for kind, rows in enumerate(queues):
        assert x.waiting_of_type[b, kind] == len(rows)
        assert (np.diff(queued["rank_s"][rows]) >= 0).all()
        assert (contacts["type"][rows] == kind).all() and queued["waiting"][rows].all()
    unanswered = set(np.nonzero(inside & np.isnan(contacts["answer_s"]))[0].tolist())
    arriving = unanswered - {row for rows in queues for row in rows}
    routing = center["progress"] == Progress.DECISION and center["kind"] == Kind.ROUTE
    assert arriving <= ({int(center["subject"])} if routing else set())


def check_agents(x, b):
    """Idle lists, counts and open contacts agree; every second since the start is in one account."""
    center, agents = x.center[b], x.agents[b]
    idle = idle_list(x, b)
    assert center["idle"] == len(idle) and set(idle) == set(np.nonzero(agents["activity"] == Activity.IDLE)[0])
    assert (agents["on_shift"][idle] == 1).all() and (agents["away"][idle] == 0).all()
    assert (np.diff(agents["since_s"][idle]) >= 0).all()
    assert (x.idle_of_type[b] == x.may_answer[b, idle].sum(axis=0)).all()
    assert center["on_duty"] == (~np.isin(agents["activity"], OFF_DUTY)).sum()
    working = np.nonzero(agents["activity"] == Activity.WORK)[0]
    assert (x.contacts[b, agents["contact"][working]]["agent"] == working).all()
    in_service = x.contacts[b, : center["rows"]]
    in_service = in_service[(in_service["outcome"] == Outcome.INSIDE) & (in_service["agent"] >= 0)]
    assert sorted(in_service["agent"]) == sorted(working)
    booked_s = x.accounts[b].sum(axis=1) + center["now"] - agents["since_s"]
    np.testing.assert_allclose(booked_s, center["now"], atol=1e-6)


def check_decision(simulator, b):
    """Candidates are whom the platform may offer, in short-list order, hold last."""
    x, mask = simulator.centers, simulator.observation.mask[b]
    center, may_hold = x.center[b], simulator.scenario.routing.may_hold
    places = int(center["places"])
    assert 2 - may_hold <= places <= len(mask) or places == 1
    assert mask.tolist() == [place < places for place in range(len(mask))]
    candidates = x.candidates[b, :places].tolist()
    real = candidates[:-1] if may_hold else candidates
    assert may_hold == (candidates[-1] == -1) and min(real) >= 0 and len(set(real)) == len(real)
    if center["kind"] == Kind.ROUTE:
        kind = x.contacts[b, center["subject"]]["type"]
        able = [agent for agent in idle_list(x, b) if x.may_answer[b, agent, kind]]
        assert real == able[: simulator.scenario.routing.places - 1]
    else:
        assert x.agents[b, center["subject"]]["activity"] == Activity.IDLE
        queues = zip(x.may_answer[b, center["subject"]], waiting_lists(x, b), strict=True)
        waiting = [row for may, rows in queues if may for row in rows]
        ranks = x.queued[b]["rank_s"]
        assert set(real) <= set(waiting)
        assert ranks[real].tolist() == sorted(ranks[waiting])[: simulator.scenario.routing.places - 1]


def check_ledger(scenario, trace, ledger):
    """Paid time, cost, focus and outcomes add up, to the second."""
    contacts, agents = ledger.contacts, np.arange(len(scenario.agents.names))
    starts = trace.roster[trace.roster["code"] == SHIFT_START]
    scheduled_s = np.bincount(starts["agent"], starts["end_s"] - starts["s"], len(agents))
    paid_s = ledger.accounts.sum(axis=1) - ledger.accounts[:, Activity.OFF]
    np.testing.assert_allclose(ledger.accounts.sum(axis=1), ledger.horizon_s)
    np.testing.assert_allclose(paid_s, scheduled_s + ledger.overrun_s, atol=1e-6)
    np.testing.assert_allclose(ledger.paid_s, paid_s.sum())
    rate = scenario.agents.cost_per_min[scenario.agents.group] / 60
    np.testing.assert_allclose(ledger.booked[Term.COST], paid_s @ rate)

    answered = contacts[~np.isnan(contacts["answer_s"])]
    work_end = answered["answer_s"] + answered["work_s"]
    worked_s = np.minimum(work_end, ledger.horizon_s) - answered["answer_s"]
    wrap_up_s = np.clip(ledger.horizon_s - work_end, 0, answered["wrap_up_s"])
    for activity, seconds in ((Activity.WORK, worked_s), (Activity.WRAP_UP, wrap_up_s)):
        by_agent = np.bincount(answered["agent"], seconds, len(agents))
        np.testing.assert_allclose(ledger.accounts[:, activity], by_agent, atol=1e-6)

    served = answered[answered["outcome"] == Outcome.SERVED]
    finished = served["end_s"] + served["wrap_up_s"] < ledger.horizon_s
    focus_s = served["work_s"].sum() + served["wrap_up_s"][finished].sum()
    np.testing.assert_allclose(ledger.booked[Term.FOCUS_S], focus_s)
    np.testing.assert_allclose(ledger.booked[Term.CSAT], served["csat"].sum())
    assert ledger.booked[Term.ABANDONED] == (contacts["outcome"] == Outcome.ABANDONED).sum()


def check_histories(scenario, trace, ledger):
    """Each contact's times are in order; each agent has one contact at a time, on duty and of its skills."""
    contacts = ledger.contacts
    answered = contacts[~np.isnan(contacts["answer_s"])]
    assert (np.diff(contacts["arrival_s"]) >= 0).all()
    assert (answered["arrival_s"] <= answered["answer_s"]).all()
    assert trace.may_answer[answered["agent"], answered["type"]].all()
    served = contacts[contacts["outcome"] == Outcome.SERVED]
    np.testing.assert_allclose(served["end_s"], served["answer_s"] + served["work_s"])
    unserved = contacts[np.isin(contacts["outcome"], (Outcome.ABANDONED, Outcome.BLOCKED))]
    assert (unserved["agent"] == -1).all() and (unserved["end_s"] >= unserved["arrival_s"]).all()
    assert (contacts["attempts"] > 0).sum() == (contacts["origin"] > 0).sum()
    assert (contacts["attempts"] == 0).sum() == (trace.arrivals["s"] < ledger.horizon_s).sum()
    for agent in range(len(scenario.agents.names)):
        own = np.sort(answered[answered["agent"] == agent], order="answer_s")
        busy_until = own["answer_s"] + own["work_s"] + own["wrap_up_s"]
        assert (own["answer_s"][1:] >= busy_until[:-1] - 1e-6).all()
        events = trace.roster[trace.roster["agent"] == agent]
        shifts, absences = (events[events["code"] == code] for code in (SHIFT_START, AWAY_START))
        assert covered(own["answer_s"], shifts["s"], shifts["end_s"]).all()
        assert not covered(own["answer_s"], absences["s"], absences["end_s"]).any()


def covered(times, starts, ends):
    """Which times lie in one of the intervals start..end, the start included."""
    return ((times[:, None] >= starts) & (times[:, None] < ends)).any(axis=1)
