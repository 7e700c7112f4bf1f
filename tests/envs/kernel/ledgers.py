"""What must hold of a center's ledger at the end: it closes to the second and to the cent."""

from __future__ import annotations

import numpy as np

from maitred.envs.kernel.layout import Activity, Mark, Origin, Outcome, Place, Term
from maitred.envs.kpi import KPIS
from maitred.envs.objective import Objective
from maitred.envs.trace import AWAY_START, CODE_MASK, SHIFT_START

ASA = next(kpi for kpi in KPIS if kpi.name == "asa_s")

ENDED = (Outcome.SERVED, Outcome.ABANDONED, Outcome.BLOCKED)


def check_ledger(scenario, trace, ledger):
    """Time, money and outcomes add up."""
    check_time(scenario, trace, ledger)
    check_cost(scenario, trace, ledger)
    check_outcomes(scenario, ledger)
    check_conservation(trace, ledger)


def check_time(scenario, trace, ledger):
    """Paid = work + wrap-up + idle + breaks + training + unavailable = scheduled + overrun, to the second."""
    starts = trace.roster[trace.roster["code"] == SHIFT_START]
    scheduled_s = np.bincount(starts["agent"], starts["end_s"] - starts["s"], len(ledger.accounts))
    paid_s = ledger.accounts.sum(axis=1) - ledger.accounts[:, Activity.OFF]
    np.testing.assert_allclose(ledger.accounts.sum(axis=1), ledger.horizon_s)
    np.testing.assert_allclose(paid_s, scheduled_s + ledger.overrun_s, atol=1e-6)
    np.testing.assert_allclose(ledger.paid_s, paid_s.sum())
    assert (ledger.accounts >= 0).all() and (ledger.overrun_s >= -1e-9).all()


def check_cost(scenario, trace, ledger):
    """Cost = paid time x rate + bots + messages + call-backs + copilot seats + replacements, to the cent."""
    rate = scenario.agents.cost_per_min[scenario.agents.group] / 60
    marks = ledger.log["mark"]
    shifts = (trace.roster["code"] == SHIFT_START).sum()
    expected = (
        (ledger.accounts.sum(axis=1) - ledger.accounts[:, Activity.OFF]) @ rate
        + ledger.talks["bot_cost"].sum()
        + (marks == Mark.MESSAGE).sum() * scenario.outreach.message_cost
        + (marks == Mark.CALLBACK).sum() * scenario.deferral.callback_cost
        + shifts * scenario.people.copilot_cost_per_day
        + ledger.left.sum() * scenario.people.replacement_cost
    )
    np.testing.assert_allclose(ledger.booked[Term.COST], expected, atol=0.001, rtol=1e-12)
    assert ledger.booked[Term.MESSAGES] == (marks == Mark.MESSAGE).sum()
    assert ledger.booked[Term.REPLACED] == ledger.left.sum()


def check_focus(simulator, b):
    """Focus = work of the turns that are over + wrap-up that is over; with what is not over, it is the busy time (K-1).

    Of a conversation, a turn that is not over is at work at an agent or was interrupted.
    """
    ledger, agents, now = simulator.ledger(b), simulator.centers.agents[b], simulator.centers.center["now"][b]
    contacts = ledger.contacts
    engaged = agents["contact"] >= 0
    working = agents["contact"][engaged & (agents["activity"] == Activity.WORK) & ~np.isnan(agents["turn_end_s"])]
    to_do_s = np.nansum(agents["turn_end_s"][engaged & (agents["activity"] == Activity.WORK)] - now)
    wrapping = engaged & (agents["activity"] == Activity.WRAP_UP)
    rest = agents["contact"][wrapping]
    wrapped_s = (now - contacts["end_s"][rest]).sum()
    if len(ledger.talks):
        begun_s = ledger.talks["turn_s"][working].sum()
        stopped = ledger.talks["left_s"] > 0
        begun_s += (ledger.talks["turn_s"] - ledger.talks["left_s"])[stopped].sum()
    else:
        begun_s = contacts["work_s"][working].sum()
    over_s = contacts["work_s"].sum() - begun_s + contacts["wrap_up_s"].sum() - contacts["wrap_up_s"][rest].sum()
    np.testing.assert_allclose(ledger.booked[Term.FOCUS_S], over_s, atol=1e-3)
    still_open_s = now - agents["since_s"]
    busy = ledger.accounts[:, Activity.WORK].sum() + ledger.accounts[:, Activity.WRAP_UP].sum()
    busy += still_open_s[np.isin(agents["activity"], (Activity.WORK, Activity.WRAP_UP))].sum()
    np.testing.assert_allclose(over_s + begun_s - to_do_s + wrapped_s, busy, atol=1e-3)


def check_outcomes(scenario, ledger):
    """Every booked outcome is the sum over contacts."""
    contacts, talks, booked = ledger.contacts, ledger.talks, ledger.booked
    served, lost = contacts["outcome"] == Outcome.SERVED, contacts["outcome"] == Outcome.ABANDONED
    np.testing.assert_allclose(booked[Term.CSAT], contacts["csat"][served].sum())
    assert np.isnan(contacts["csat"][~served]).all()
    assert booked[Term.ABANDONED] == lost.sum()
    assert booked[Term.RESOLVED] == contacts["resolved"].sum()
    np.testing.assert_allclose(booked[Term.WAITED_S], ASA.ratio(ledger, scenario, Objective())[0])
    assert (contacts["resolved"][~served] == 0).all()
    if len(talks):
        assert booked[Term.TRANSFERRED] == talks["transfers"].sum()
        assert booked[Term.DEADLINE_MISSED] == talks["deadline_missed"].sum()
        assert booked[Term.PROMISE_BROKEN] == talks["promise_broken"].sum()
        value = np.broadcast_to(scenario.customers.value, len(scenario.customers.names))[talks["tier"]]
        dissatisfied = np.where(served, 1 - contacts["csat"], 1.0)[served | lost]
        churned = (value[served | lost] * dissatisfied).sum() * scenario.customers.churn_p
        np.testing.assert_allclose(booked[Term.CHURNED], churned)
        assert (talks["place"][served | lost] == Place.CLOSED).all()


def check_conservation(trace, ledger):
    """Contacts in are contacts out and inside; every return has a cause; every contact ends once."""
    contacts, origin = ledger.contacts, ledger.contacts["origin"]
    came = trace.arrivals["s"] < ledger.horizon_s
    first, certain = (origin == Origin.FIRST).sum(), (came & (trace.arrivals["induced"] <= 0)).sum()
    assert certain <= first <= came.sum()
    assert (origin == Origin.PROACTIVE).sum() <= len(trace.needs)
    assert ((contacts["attempts"] > 0) == np.isin(origin, (Origin.RETRIAL, Origin.REPEAT))).all()
    ended = np.isin(contacts["outcome"], ENDED)
    assert (ended == ~np.isnan(contacts["end_s"])).all()
    assert (contacts["end_s"][ended] >= contacts["arrival_s"][ended]).all()
    assert (np.diff(contacts["arrival_s"]) >= 0).all()
    parents = contacts["case"][contacts["attempts"] > 0]
    assert ended[parents].all(), "who comes back has ended the contact before"


def check_marks(ledger):
    """The log tells of each contact: one arrival, at most one end, and what it says in the ledger in between."""
    if not len(ledger.talks):
        return
    contact, mark, n = ledger.log["contact"], ledger.log["mark"], len(ledger.contacts)

    def count(*marks):
        return np.bincount(contact[np.isin(mark, marks)], minlength=n)

    assert (count(Mark.ARRIVE) == 1).all() and (np.diff(ledger.log["s"]) >= 0).all()
    ends = count(Mark.CLOSE, Mark.ABANDON, Mark.SILENT)
    outcome = ledger.contacts["outcome"]
    assert (ends <= 1).all(), "a contact ends twice"
    assert (ends[outcome == Outcome.SERVED] == 1).all()
    assert (ends[np.isin(outcome, (Outcome.INSIDE, Outcome.BLOCKED))] == 0).all()
    assert (count(Mark.TRANSFER) == ledger.talks["transfers"]).all()
    assert (count(Mark.ESCALATE) == ledger.talks["escalations"]).all()
    assert (count(Mark.END_TURN, Mark.BOT_TURN) == ledger.talks["turns"]).all()


def check_answers(scenario, trace, ledger):
    """Whoever answers first has the skill, is on shift and not away; of a call, has no other contact meanwhile."""
    contacts = ledger.contacts
    answered = ~np.isnan(contacts["answer_s"])
    assert (contacts["arrival_s"] <= contacts["answer_s"])[answered].all()
    if len(ledger.talks):
        answered &= (ledger.talks["last_agent"] < 0) & (ledger.talks["bot_turns"] == 0)
    own_of_agent = contacts[answered & (contacts["agent"] >= 0)]
    assert trace.may_answer[own_of_agent["agent"], own_of_agent["type"]].all()
    for agent in range(len(scenario.agents.names)):
        own = np.sort(own_of_agent[own_of_agent["agent"] == agent], order="answer_s")
        events = trace.roster[trace.roster["agent"] == agent]
        shifts, absences = (events[events["code"] & CODE_MASK == code] for code in (SHIFT_START, AWAY_START))
        assert covered(own["answer_s"], shifts["s"] - 1e-6, shifts["end_s"] + 1e-6).all()
        assert not covered(own["answer_s"], absences["s"], absences["end_s"]).any()
        if not len(ledger.talks):
            busy_until = own["answer_s"] + own["work_s"] + own["wrap_up_s"]
            assert (own["answer_s"][1:] >= busy_until[:-1] - 1e-6).all()


def check_calls(ledger):
    """Where a contact is one call, its end is its answer and its work."""
    contacts = ledger.contacts
    served = contacts[contacts["outcome"] == Outcome.SERVED]
    np.testing.assert_allclose(served["end_s"], served["answer_s"] + served["work_s"])
    unserved = contacts[np.isin(contacts["outcome"], (Outcome.ABANDONED, Outcome.BLOCKED))]
    assert (unserved["agent"] == -1).all()


def covered(times, starts, ends):
    """Which times lie strictly in one of the intervals start..end."""
    return ((times[:, None] > starts) & (times[:, None] < ends)).any(axis=1)
