"""What contacts and resolutions cost, customers lost included (K-10, K-16)."""

from __future__ import annotations

import numpy as np

from maitred.envs.kernel.layout import Term
from maitred.envs.kpi.definition import SERVED, Books, Kpi, Ratio
from maitred.envs.scenario import Scenario


def _has_churn(scenario: Scenario) -> bool:
    return scenario.customers.churn_p > 0 and bool(np.any(np.asarray(scenario.customers.value) > 0))


def _per_contact(books: Books) -> Ratio:
    return books.booked(Term.COST), float(np.count_nonzero(books.ledger.contacts["outcome"] == SERVED))


def _per_resolution(books: Books) -> Ratio:
    return books.booked(Term.COST), books.booked(Term.RESOLVED)


def _with_churn(books: Books) -> Ratio:
    return books.booked(Term.COST) + books.booked(Term.CHURNED), books.booked(Term.RESOLVED)


def _churn(books: Books) -> Ratio:
    return books.booked(Term.CHURNED), float(len(books.ledger.contacts))


def _reward(books: Books) -> Ratio:
    first = np.count_nonzero(books.ledger.contacts["attempts"] == 0)
    return float(books.ledger.booked @ books.objective.weights()), float(first)


_COST = (
    "All paid agent time, idle time and breaks included, overrun, bots' sessions and turns, call-backs, messages, "
    "copilot seats and replacing agents who left. "
)

MONEY = (
    Kpi(
        "cost_per_contact", "Cost per contact", "K-10", "money", "lower",
        "paid agent time and other spending per served contact", _per_contact, headline=True, scope="episode",
        counts=_COST + "Abandoned contacts cost too, and are not in the denominator.",
    ),
    Kpi(
        "cost_per_resolution", "Cost per resolution", "K-10", "money", "lower",
        "paid agent time and other spending per resolved contact", _per_resolution, scope="episode", counts=_COST,
    ),
    Kpi(
        "full_cost_per_resolution", "Cost with churn", "K-10", "money", "lower",
        "spending and the value of customers lost per resolved contact", _with_churn, applies=_has_churn,
        scope="episode", counts=_COST,
    ),
    Kpi(
        "churn_per_contact", "Churn", "K-16", "money", "lower",
        "value of customers times their chance of leaving, per contact", _churn, applies=_has_churn, headline=True,
        scope="episode",
        counts="A served contact adds value x churn_p x (1 - satisfaction), an abandoned one value x churn_p, a "
        "blocked one nothing.",
    ),
)  # fmt: skip

REWARD = Kpi(
    "reward", "Reward per case", "objective", "money", "higher",
    "the objective per case: first attempts carry their returns", _reward, headline=True, scope="episode",
    counts="Every booked term at its weight; contacts that a message or a predicted problem prompted are cases too.",
)  # fmt: skip
