"""What each contact of a ledger booked, term by term, and what its whole case did from it on.

Paid time is nobody's: of the costs, a contact's own are bots and call-backs. Nor are the terms that a ledger keeps for
the whole center only: agents who left, messages, answers on a channel that the customer did not want. What a decision
is answerable for is what its case books from then on, so what the contact had booked before is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Mark, Origin, Outcome, Term
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Number = TypeVar("Number", np.float64, np.int64)

NOBODYS = (Term.MISMATCHED, Term.MESSAGES, Term.REPLACED)


@dataclass(frozen=True, eq=False)
class Cases:
    """The contacts of one ledger, each with the rest of its case.

    Attributes:
        terms: (C, len(Term)) float64, booked by the contact and all later ones of its case, in the units of `Term`; 0
            for those of `NOBODYS`.
        closed: (C,) bool, the contact and all later ones of its case have ended.
        returns: (C,) int64, later contacts of its case that came back by themselves.
        callback_s: (C,) float64, when a call-back was accepted, NaN for never; its price is within the terms.
        callback_cost: that price, money.
    """

    terms: Floats
    closed: NDArray[np.bool_]
    returns: Ints
    callback_s: Floats
    callback_cost: float


def cases(ledger: Ledger, scenario: Scenario) -> Cases:
    """What every contact of a ledger came to; call-backs are found in the log, if the simulator keeps one."""
    contacts = ledger.contacts
    callback_s = np.full(len(contacts), np.nan)
    accepted = ledger.log[ledger.log["mark"] == Mark.CALLBACK]
    callback_s[accepted["contact"]] = accepted["s"]
    terms = contact_terms(contacts, ledger.talks, scenario)
    terms[:, Term.COST] += scenario.deferral.callback_cost * ~np.isnan(callback_s)
    ended = contacts["outcome"] != Outcome.INSIDE
    came_back = np.isin(contacts["origin"], (Origin.RETRIAL, Origin.REPEAT)).astype(np.int64)
    return Cases(
        terms=_from_then_on(terms, contacts["case"]),
        closed=_from_then_on(1 - ended.astype(np.int64), contacts["case"]) == 0,
        returns=_from_then_on(came_back, contacts["case"]) - came_back,
        callback_s=callback_s,
        callback_cost=scenario.deferral.callback_cost,
    )


def contact_terms(contacts: NDArray[np.void], talks: NDArray[np.void], scenario: Scenario) -> Floats:
    """(n, len(Term)) what contacts have booked by themselves so far, the price of call-backs apart.

    Args:
        contacts: (n,) `CONTACT` records, ended or not.
        talks: (n,) their `TALK` records, or none where the scenario has no conversations.
        scenario: what its customers are worth.
    """
    served, lost = (contacts["outcome"] == outcome for outcome in (Outcome.SERVED, Outcome.ABANDONED))
    terms = np.zeros((len(contacts), len(Term)))
    terms[:, Term.FOCUS_S] = contacts["work_s"] + np.where(served, contacts["wrap_up_s"], 0)
    terms[:, Term.CSAT] = np.where(served, contacts["csat"], 0)
    terms[:, Term.ABANDONED] = lost
    terms[:, Term.RESOLVED] = contacts["resolved"]
    terms[:, Term.WAITED_S] = np.where(served, np.nan_to_num(contacts["answer_s"] - contacts["arrival_s"]), 0)
    if len(talks):
        terms[:, Term.COST] = talks["bot_cost"]
        terms[:, Term.DEADLINE_MISSED] = talks["deadline_missed"]
        terms[:, Term.PROMISE_BROKEN] = talks["promise_broken"]
        terms[:, Term.TRANSFERRED] = talks["transfers"]
        value = np.broadcast_to(scenario.customers.value, len(scenario.customers.names))[talks["tier"]]
        unhappy = np.where(served, 1 - terms[:, Term.CSAT], lost)
        terms[:, Term.CHURNED] = scenario.customers.churn_p * value * unhappy
    return terms


def _from_then_on(values: NDArray[Number], case: Ints) -> NDArray[Number]:
    """(C, ...) sums over each row and the later rows of its case; most cases have one row."""
    sums = values.copy()
    last: dict[int, int] = {}
    several = np.flatnonzero(np.isin(case, case[case != np.arange(len(case))]))
    for row in several[::-1].tolist():
        if (after := last.get(int(case[row]))) is not None:
            sums[row] += sums[after]
        last[int(case[row])] = row
    return sums
