"""The governance document: every field checked, one canonical form, one hash."""

import json
from typing import Any

import pytest

from maitred.serving.governance import GovernanceError, canonical, document, parse_governance, read_governance
from tests.rules import APPROVED, DRAFT, changed, rules


def test_the_canonical_form_says_everything_and_reads_back() -> None:
    governance = rules()
    assert parse_governance(canonical(governance), "governance.json") == governance
    assert read_governance(document(governance), "x") == governance


def test_the_hash_is_of_the_content_and_not_of_how_it_is_written() -> None:
    reordered = dict(reversed(APPROVED.items())) | {"intents": APPROVED["intents"][::-1], "max_cap_slots": 6.0}
    assert read_governance(reordered, "x").sha256 == rules().sha256
    spelled_out = {**APPROVED, "schema": 1, "sha256": "anything"}
    assert read_governance(spelled_out, "x").sha256 == rules().sha256


@pytest.mark.parametrize(
    "change",
    [
        {"must_human": []},
        {"max_cap_slots": 6.5},
        {"may_escalate": None},
        {"may_escalate": []},
        {"agent_caps": {}},
        {"version": 2},
        {"approver": "Bo Lind"},
        {"previous": "0" * 64},
    ],
)
def test_every_change_changes_the_hash(change: dict[str, Any]) -> None:
    assert rules(**change).sha256 != rules().sha256


@pytest.mark.parametrize(
    ("change", "field", "expected", "found"),
    [
        ({"schema": 2}, "schema", "1", "2"),
        ({"intents": []}, "intents", "the names of all intents", "none"),
        ({"must_human": ["complaint"]}, "must_human", "one of billing, complaints", "complaint"),
        ({"two_person": "refunds"}, "two_person", "a list of distinct names", "'refunds'"),
        ({"two_person": ["refunds", "refunds"]}, "two_person", "a list of distinct names", "refunds"),
        ({"approval_above": {"billing": -1}}, "approval_above.billing", "a number from 0 to 1e+09", "-1"),
        ({"approval_above": {"bills": 1}}, "approval_above", "one of billing", "bills"),
        ({"max_cap_slots": True}, "max_cap_slots", "a number from 1 to 25", "True"),
        ({"max_cap_slots": 0}, "max_cap_slots", "a number from 1 to 25", "0"),
        ({"agent_caps": {"novice": 99}}, "agent_caps.novice", "a number from 0 to 25", "99"),
        ({"must_escalate": [{"feature": "mood", "at_most": 0}]}, "must_escalate[0].feature", "a feature", "mood"),
        ({"must_escalate": [{"feature": "sentiment"}]}, "must_escalate[0].at_least", "this or at_most", "neither"),
        ({"must_escalate": [{"at_least": 1}]}, "must_escalate[0].feature", "a feature", "none"),
        ({"may_escalate": [{"feature": "turns", "at_least": -1}]}, "may_escalate[0].at_least", "from 0", "-1"),
        ({"outreach": {"messages_per_day": "many"}}, "outreach.messages_per_day", "a number", "'many'"),
        ({"outreach": {"per_day": 1}}, "outreach.per_day", "a known field", "unknown"),
        ({"service_levels": {"billing": {"share": 0.8}}}, "service_levels.billing.within_s", "a number", "none"),
        ({"service_levels": {"bills": {}}}, "service_levels", "one of billing", "bills"),
        ({"fairness": {"workload_gini": 0.3}}, "fairness.workload_gini", "_at_most or _at_least", "workload_gini"),
        ({"max_cap": 3}, "max_cap", "a known field", "unknown"),
        ({"approver": "Ana Ruiz"}, "version", "a value", "none"),
        ({"version": 1, "approver": " ", "previous": "none"}, "approver", "the name", "' '"),
        ({"version": 1, "approver": "A", "previous": "v1"}, "previous", "a SHA-256 or none", "'v1'"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str, expected: str, found: str) -> None:
    with pytest.raises(GovernanceError) as caught:
        read_governance(changed(**change), "rules.yaml")
    text = str(caught.value)
    assert text.startswith(f"rules.yaml: {field}: expected ")
    assert expected in text and found in text.partition(", found ")[2]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"{", "expected JSON"),
        (b"[]", "expected a mapping"),
        (json.dumps(DRAFT).encode(), "approver: expected the name"),
    ],
)
def test_a_bundle_takes_approved_json_only(raw: bytes, message: str) -> None:
    with pytest.raises(GovernanceError, match=message):
        parse_governance(raw, "governance.json")


def test_an_agent_has_the_lower_of_both_caps() -> None:
    governance = rules(agent_caps={"novice": 2, "veteran": 9})
    assert [governance.cap_of(agent) for agent in ("novice", "veteran", "anyone")] == [2, 6, 6]
