"""How often contacts change hands, and what customers must say twice (K-7, K-17, CT-9)."""

from __future__ import annotations

import numpy as np

from maitred.envs.kernel.layout import Term
from maitred.envs.kpi.definition import Books, Kpi, Ratio, share
from maitred.envs.scenario import Scenario


def _has_transfers(scenario: Scenario) -> bool:
    handoff = scenario.handoff
    moved = np.any(np.asarray(handoff.misroute_p) > 0) or np.any(np.asarray(handoff.approval_by) >= 0)
    return bool(moved or _has_escalation(scenario) or np.any(np.asarray(scenario.reassess.async_of) >= 0))


def _has_escalation(scenario: Scenario) -> bool:
    may = np.asarray(scenario.reassess.escalate) > 0
    return bool(np.any(may & (np.asarray(scenario.handoff.escalate_to) >= 0)))


def _repeats_information(scenario: Scenario) -> bool:
    return scenario.handoff.repeat_info_s > 0


def _has_preferences(scenario: Scenario) -> bool:
    return scenario.customers.prefers_other_p > 0


def _transfers(books: Books) -> Ratio:
    return share(books.talks["transfers"] > 0, books.answered)


def _escalations(books: Books) -> Ratio:
    return share(books.talks["escalations"] > 0, books.answered)


def _repeated(books: Books) -> Ratio:
    return float(books.talks["repeated_s"].sum()), float(books.answered.sum())


def _mismatched(books: Books) -> Ratio:
    return books.booked(Term.MISMATCHED), float((~np.isnan(books.ledger.contacts["answer_s"])).sum())


HANDOFFS = (
    Kpi(
        "transfer_rate", "Transfers", "K-7", "share", "lower",
        "contacts transferred at least once over contacts that people answered", _transfers, applies=_has_transfers,
        headline=True,
        counts="Wrong queues, escalations, approvals, and conversations that go on in writing with someone else. "
        "Whether transfers are warm is a setting of the scenario (handoff.context_kept), the same for all of them. "
        "Bots' hand-overs are not transfers.",
    ),
    Kpi(
        "escalation_rate", "Escalations", "K-7", "share", "lower",
        "contacts escalated to specialists at least once over contacts that people answered", _escalations,
        applies=_has_escalation, counts="Part of the transfers; leaving a bot early is a hand-over instead.",
    ),
    Kpi(
        "repeated_s", "Told again", "K-17", "s", "lower",
        "agents' time on what customers had said already, per contact that people answered", _repeated,
        applies=_repeats_information, headline=True,
        counts="After transfers, hand-overs, changes of channel and in repeats; 0 where all context is kept.",
    ),
    Kpi(
        "mismatch", "Unwanted channel", "CT-9", "share", "lower",
        "contacts answered on a channel the customer did not want over contacts that people answered", _mismatched,
        applies=_has_preferences, scope="episode",
        counts="At the first answer; call-backs and put-off answers do not count.",
    ),
)  # fmt: skip
