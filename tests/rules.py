"""Governance for tests: every rule there is, each of which some decision meets."""

from __future__ import annotations

import copy
from typing import Any

from maitred.serving.governance import Governance, read_governance

DRAFT: dict[str, Any] = {
    "intents": ["billing", "complaints", "refunds", "tariffs"],
    "must_human": ["complaints"],
    "two_person": ["refunds"],
    "approval_above": {"billing": 200},
    "must_escalate": [{"feature": "sentiment", "at_most": -0.7}, {"feature": "turns", "at_least": 30}],
    "may_escalate": [{"feature": "complexity", "at_least": 0.6, "intents": ["billing", "tariffs"]}],
    "outreach": {"messages_per_day": 500, "messages_per_customer_week": 2, "open_from_s": 32400, "open_to_s": 72000},
    "max_cap_slots": 6,
    "agent_caps": {"novice": 2},
    "service_levels": {"billing": {"share": 0.8, "within_s": 60}},
    "fairness": {"workload_gini_at_most": 0.3},
}
APPROVED = {**DRAFT, "version": 1, "approver": "Ana Ruiz", "previous": "none"}


def changed(**fields: Any) -> dict[str, Any]:
    """The draft with other fields."""
    return {**copy.deepcopy(DRAFT), **fields}


def rules(**fields: Any) -> Governance:
    """Approved governance, with other fields."""
    return read_governance({**APPROVED, **fields}, "rules.yaml")
