"""KPI definitions, each once, as views of the ledger.

A KPI is a ratio of two sums over an episode, so that episodes can be pooled and their uncertainty taken by
episode. Treatment of those who never reach an agent: an abandonment within the answer target counts neither as
offered nor against service level (domain K-3 default); blocked contacts count as offered and as not answered;
a contact still inside at the horizon counts as offered once it has waited past the target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Activity, Outcome, Term
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger

Ratio = tuple[float, float]


@dataclass(frozen=True)
class Kpi:
    """A key performance indicator: numerator and denominator over one episode's ledger.

    Attributes:
        name: column name in tables, metrics and logs.
        unit: unit of the ratio.
        better: the direction of improvement.
        meaning: one line for tables and reports.
        ratio: (ledger, scenario, objective) -> (numerator, denominator).
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    meaning: str
    ratio: Callable[[Ledger, Scenario, Objective], Ratio]


def _served(ledger: Ledger) -> NDArray[np.bool_]:
    served: NDArray[np.bool_] = ledger.contacts["outcome"] == Outcome.SERVED
    return served


def _handle_time(ledger: Ledger, scenario: Scenario, objective: Objective) -> Ratio:
    served, contacts = _served(ledger), ledger.contacts
    return float(contacts["work_s"][served].sum() + contacts["wrap_up_s"][served].sum()), float(served.sum())


def _speed_of_answer(ledger: Ledger, scenario: Scenario, objective: Objective) -> Ratio:
    served, contacts = _served(ledger), ledger.contacts
    return float((contacts["answer_s"][served] - contacts["arrival_s"][served]).sum()), float(served.sum())


def _service_level(ledger: Ledger, scenario: Scenario, objective: Objective) -> Ratio:
    target, contacts = scenario.routing.answer_target_s, ledger.contacts
    answered = contacts["answer_s"] - contacts["arrival_s"] <= target
    gone = (contacts["outcome"] == Outcome.ABANDONED) & (contacts["end_s"] - contacts["arrival_s"] <= target)
    fresh = np.isnan(contacts["answer_s"]) & np.isnan(contacts["end_s"])
    fresh &= ledger.horizon_s - contacts["arrival_s"] <= target
    return float(answered.sum()), float(len(contacts) - gone.sum() - fresh.sum())


def _abandonment(ledger: Ledger, scenario: Scenario, objective: Objective) -> Ratio:
    return float((ledger.contacts["outcome"] == Outcome.ABANDONED).sum()), float(len(ledger.contacts))


def _csat(ledger: Ledger, scenario: Scenario, objective: Objective) -> Ratio:
    return float(ledger.booked[Term.CSAT]), float(_served(ledger).sum())


def _cost_per_contact(ledger: Ledger, scenario: Scenario, objective: Objective) -> Ratio:
    return float(ledger.booked[Term.COST]), float(_served(ledger).sum())


def _occupancy(ledger: Ledger, scenario: Scenario, objective: Objective) -> Ratio:
    busy = float(ledger.accounts[:, [Activity.WORK, Activity.WRAP_UP]].sum())
    return busy, busy + float(ledger.accounts[:, Activity.IDLE].sum())


def _reward(ledger: Ledger, scenario: Scenario, objective: Objective) -> Ratio:
    first = (ledger.contacts["attempts"] == 0).sum()
    return float(ledger.booked @ objective.weights()), float(first)


KPIS: tuple[Kpi, ...] = (
    Kpi("aht_s", "s", "lower", "average handle time: work and wrap-up per served contact", _handle_time),
    Kpi("asa_s", "s", "lower", "average speed of answer: queue time per served contact", _speed_of_answer),
    Kpi("service_level", "share", "higher", "answered within target over offered less early abandons", _service_level),
    Kpi("abandonment", "share", "lower", "abandoned over offered contacts", _abandonment),
    Kpi("csat", "0..1", "higher", "latent satisfaction per served contact; a proxy on logs without surveys", _csat),
    Kpi("cost_per_contact", "money", "lower", "paid agent time per served contact", _cost_per_contact),
    Kpi("occupancy", "share", "lower", "work and wrap-up over time on duty", _occupancy),
    Kpi("reward", "money", "higher", "the objective per case: first attempts carry their returns", _reward),
)


def kpi_ratios(ledgers: Sequence[Ledger], scenario: Scenario, objective: Objective) -> NDArray[np.float64]:
    """(episodes, len(KPIS), 2) numerators and denominators."""
    return np.array([[kpi.ratio(ledger, scenario, objective) for kpi in KPIS] for ledger in ledgers])
