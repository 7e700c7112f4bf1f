"""Ledgers made by hand: contacts and conversations of a toy center, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from maitred.envs.blocks import (
    Bots,
    Channels,
    Concurrency,
    Customers,
    Deferral,
    Dialogue,
    Handoff,
    People,
    Reassess,
)
from maitred.envs.kernel.layout import CONTACT, TALK, Activity, Outcome, Term
from maitred.envs.kpi import KPIS
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger

from .toy import toy

HOUR = 3600.0
BY_NAME = {kpi.name: kpi for kpi in KPIS}
Row = Mapping[str, Any]


def contact(arrival_s: float, **values: Any) -> dict[str, Any]:
    """A contact that is still inside, unless told otherwise."""
    empty = {"answer_s": np.nan, "end_s": np.nan, "csat": np.nan, "agent": -1}
    return {"arrival_s": arrival_s, **empty, **values}


def served(arrival_s: float, answer_s: float, end_s: float, **values: Any) -> dict[str, Any]:
    """A contact that an agent answered and resolved, all the time in between being work."""
    usual = {"agent": 0, "resolved": 1, "csat": 0.5, "work_s": end_s - answer_s}
    return contact(arrival_s, outcome=Outcome.SERVED, answer_s=answer_s, end_s=end_s, **{**usual, **values})


def abandoned(arrival_s: float, end_s: float, **values: Any) -> dict[str, Any]:
    """A contact that gave up."""
    return contact(arrival_s, outcome=Outcome.ABANDONED, end_s=end_s, **values)


def ledger(
    contacts: Sequence[Row],
    talks: Sequence[Row] = (),
    accounts: Sequence[Mapping[Activity, float]] = ({},),
    booked: Mapping[Term, float] | None = None,
    horizon_s: float = 24 * HOUR,
) -> Ledger:
    """A ledger of these rows; a contact's case is itself, and its fields are 0, unless stated."""
    rows = [{"case": i, **row} for i, row in enumerate(contacts)]
    nothing = dict.fromkeys(("deadline_s", "promised_s", "first_reply_s"), np.nan)
    spoken = [{**nothing, "bot": -1, **row} for row in talks]
    times = np.zeros((len(accounts), len(Activity)))
    for agent, spent in enumerate(accounts):
        for activity, seconds in spent.items():
            times[agent, activity] = seconds
    totals = np.zeros(len(Term))
    for term, value in (booked or {}).items():
        totals[term] = value
    return Ledger(
        contacts=_records(rows, CONTACT),
        accounts=times,
        overrun_s=np.zeros(len(accounts)),
        booked=totals,
        talks=_records(spoken, TALK),
        beliefs=np.zeros((len(spoken), 1), np.float32),
        left=np.zeros(len(accounts), np.int64),
        assisted=np.zeros(len(accounts), np.int8),
        log=np.zeros(0),
        decisions=0,
        horizon_s=horizon_s,
    )


def _records(rows: Sequence[Row], kind: np.dtype[Any]) -> np.ndarray[Any, Any]:
    records = np.zeros(len(rows), kind)
    for i, row in enumerate(rows):
        for field, value in row.items():
            records[field][i] = value
    return records


def sums(name: str, of: Ledger, scenario: Scenario | None = None) -> tuple[float, float]:
    """Numerator and denominator of one KPI."""
    return BY_NAME[name].ratio(of, scenario or toy(), Objective())


def talking() -> Scenario:
    """The toy center with chat, a bot, approvals, put-off answers, silence, learning and customers of two tiers."""
    return replace(
        toy(places=8),
        agents=replace(toy().agents, tenure_wk=np.array([1.0, 50.0, 2.0, 80.0])),
        channels=Channels(
            names=("voice", "chat"),
            of_type=np.array([0, 1]),
            exclusive=np.array([1.0, 0.0]),
            think_mean_s=np.array([0.0, 60.0]),
            silent_share=np.array([0.0, 0.3]),
            answer_target_s=np.array([20.0, 60.0]),
        ),
        dialogue=Dialogue(
            names=("simple", "complex"),
            share=np.array([[0.5, 0.5], [0.7, 0.3]]),
            work_factor=np.array([0.3, 0.6]),
            turns_mean=np.array([2.0, 4.0]),
            urgent_share=0.4,
            deadline_mean_s=900.0,
            automation_share=0.2,
        ),
        concurrency=Concurrency(cap_slots=2),
        bots=Bots(names=("bot",), first=True, takes=np.array([[0.0, 1.0]]), resolve_p=0.4, wrong_p=0.2, leave_p=0.05),
        handoff=Handoff(
            context_kept=0.5,
            repeat_info_s=60,
            escalate_to=np.array([-1, 0]),
            approval_by=np.array([-1, 0]),
            approval_p=0.3,
        ),
        reassess=Reassess(escalate=True),
        deferral=Deferral(async_of=np.array([1, -1]), callback=np.array([1.0, 0.0])),
        people=People(learn_ratio=1.7, attrition_per_year=0.4, attrition_per_occupancy=0.5),
        customers=Customers(
            names=("basic", "premium"),
            tier_share=np.array([0.7, 0.3]),
            value=np.array([100.0, 900.0]),
            churn_p=0.1,
            prefers_other_p=0.2,
        ),
    )
