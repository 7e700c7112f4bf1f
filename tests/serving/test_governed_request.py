"""A bundle under governance: it decides among what is allowed, and only under the governance it states."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maitred.agents.network import CandidateNetwork
from maitred.envs.decision import CANDIDATE_NAMES, Action, Decisions, Kind
from maitred.envs.decision_json import DecisionError
from maitred.envs.decision_request import write_request
from maitred.serving.bundle import BundleError, ModelCard, load_bundle
from maitred.serving.decide import decide
from maitred.serving.governance import canonical
from maitred.serving.policy import BundlePolicy
from maitred.training.export import ExportError, export_bundle
from tests.agents.made import one
from tests.decisions import sample_decisions
from tests.rules import rules

RULES = rules()
CARD = ModelCard(name="ruled", version="1", training={}, objective={}, governance_sha256=RULES.sha256)


@pytest.fixture(scope="module")
def folder(network: CandidateNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ruled") / "bundle"
    parity = sample_decisions(500, 6, seed=1)
    return export_bundle(network, out, card=CARD, parity_decisions=parity, governance=RULES)


@pytest.fixture(scope="module")
def policy(folder: Path) -> BundlePolicy:
    return BundlePolicy(load_bundle(folder))


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copied"))


def body(decisions: Decisions, **contact: Any) -> dict[str, Any]:
    """The request of one decision, with names for what it is about."""
    ids = [f"id-{place}" for place in range(int(decisions.mask[0].sum()))]
    request = write_request(decisions, 0, "decision", ids)
    request["context"] |= {"messages_today": 0, "now": 43_200}
    for item in (request.get("contact"), *request.get("contacts", ())):
        if item is not None:
            item |= {"intent": "tariffs", "messages_week": 0, **contact}
    return request


ROUTE = (Action.ASSIGN, Action.ASSIGN, Action.BOT, Action.HOLD)


def test_a_bot_is_no_candidate_for_what_must_be_human(policy: BundlePolicy) -> None:
    reply = decide(policy, body(one(Kind.ROUTE, ROUTE), intent="complaints"))
    assert reply["eligible"] == ["id-0", "id-1", "id-3"] and reply["forbidden"] == {"id-2": "must_human"}
    assert reply["action"].get("resource_id") != "id-2" and not reply["needs_approval"]
    assert {entry["id"] for entry in reply["ranking"]} == {"id-0", "id-1", "id-3"}
    assert decide(policy, body(one(Kind.ROUTE, ROUTE)))["eligible"] == ["id-0", "id-1", "id-2", "id-3"]


def test_agents_are_known_by_name(policy: BundlePolicy) -> None:
    request = body(one(Kind.ROUTE, ROUTE, load=[2.0, 2.0, 0.0, 0.0]))
    request["resources"][0]["id"], request["usual"] = "novice", "novice"
    assert decide(policy, request)["forbidden"] == {"novice": "max_cap"}
    request = body(one(Kind.CONCURRENCY, (Action.CAP,) * 3, cap_set=[1.0, 2.0, 3.0]))
    assert decide(policy, request)["forbidden"] == {}
    request["resource"]["id"] = "novice"
    assert decide(policy, request)["forbidden"] == {"id-2": "max_cap"}


def test_who_worked_on_it_does_not_approve_it(policy: BundlePolicy) -> None:
    waiting = {"intent": "refunds", "awaiting_approval": True, "handled_by": "id-0"}
    reply = decide(policy, body(one(Kind.ROUTE, ROUTE), **waiting))
    assert reply["forbidden"] == {"id-0": "two_person", "id-2": "two_person"} and reply["needs_approval"]
    pull = body(one(Kind.PULL, (Action.ASSIGN, Action.ASSIGN, Action.HOLD)))
    pull["contacts"][1] |= {**waiting, "handled_by": "resource"}
    assert decide(policy, pull)["forbidden"] == {"id-1": "two_person"}


def test_a_bot_that_holds_what_must_be_human_lets_go(policy: BundlePolicy) -> None:
    turn = body(one(Kind.REASSESS, (Action.CONTINUE, Action.ESCALATE), complexity=0.2), intent="complaints")
    assert "resource" not in turn
    reply = decide(policy, turn)
    assert reply["action"]["type"] == "escalate" and reply["propensity"] == 1.0


def test_messages_are_counted_by_the_request(policy: BundlePolicy) -> None:
    need = body(one(Kind.OUTREACH, (Action.CONTINUE, Action.MESSAGE)))
    assert decide(policy, need)["forbidden"] == {}
    need["contact"]["messages_week"] = 2
    assert decide(policy, need)["forbidden"] == {"id-1": "frequency"}


@pytest.mark.parametrize(
    ("contact", "path"),
    [
        ({"intent": "weather"}, "contact.intent"),
        ({"intent": ["complaints"]}, "contact.intent"),
        ({"intent": "billing"}, "contact.amount"),
        ({"amount": -1}, "contact.amount"),
        ({"awaiting_approval": 1}, "contact.awaiting_approval"),
        ({"awaiting_approval": True}, "contact.handled_by"),
    ],
)
def test_a_name_that_rules_depend_on_may_not_be_missing(
    policy: BundlePolicy, contact: dict[str, Any], path: str
) -> None:
    with pytest.raises(DecisionError) as caught:
        decide(policy, body(one(Kind.ROUTE, ROUTE), **contact))
    assert caught.value.path == path


def test_where_everything_is_forbidden_the_request_is_refused(policy: BundlePolicy) -> None:
    with pytest.raises(DecisionError, match="actions: expected a candidate that governance allows"):
        decide(policy, body(one(Kind.ROUTE, (Action.BOT,)), intent="complaints"))


def test_a_request_under_another_governance_is_refused(policy: BundlePolicy) -> None:
    request = {**body(one(Kind.ROUTE, ROUTE)), "governance_hash": RULES.sha256}
    assert decide(policy, request)["governance_hash"] == RULES.sha256
    for other in ("0" * 64, "none", None):
        with pytest.raises(DecisionError, match="governance_hash"):
            decide(policy, {**request, "governance_hash": other})


def test_the_file_in_the_bundle_has_the_hash_that_decisions_carry(folder: Path) -> None:
    raw = (folder / "governance.json").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == RULES.sha256 == load_bundle(folder).card.governance_sha256


def test_a_changed_file_is_refused(copied: Path) -> None:
    path = copied / "governance.json"
    path.write_bytes(path.read_bytes().replace(b'"must_human":["complaints"]', b'"must_human":["tariffs"   ]'))
    with pytest.raises(BundleError, match=r"governance\.json: sha256"):
        load_bundle(copied)


def test_a_changed_file_is_refused_whatever_the_manifest_declares(copied: Path) -> None:
    raw = canonical(rules(must_human=[]))
    (copied / "governance.json").write_bytes(raw)
    manifest = json.loads((copied / "manifest.json").read_text())
    manifest["files"]["governance.json"] = {"size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    (copied / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=rf"governance\.json: sha256: expected {RULES.sha256}"):
        load_bundle(copied)


def test_a_bundle_whose_rules_are_gone_is_refused(copied: Path) -> None:
    (copied / "governance.json").unlink()
    with pytest.raises(BundleError, match=r"governance\.json: file"):
        load_bundle(copied)


@pytest.mark.parametrize("governance", [None, rules(version=2)])
def test_a_card_that_states_other_rules_is_not_exported(
    network: CandidateNetwork, tmp_path: Path, governance: Any
) -> None:
    with pytest.raises(ExportError, match="governance in force"):
        export_bundle(
            network, tmp_path / "b", card=CARD, parity_decisions=sample_decisions(9, 3, seed=0), governance=governance
        )


def test_no_request_of_many_breaks_a_rule(policy: BundlePolicy) -> None:
    rng = np.random.default_rng(0)
    d, broken, met = sample_decisions(600, 6, seed=5, kinds=tuple(Kind)), 0, 0
    for row in range(len(d)):
        only = Decisions(d.key[[row]], d.context[[row]], d.candidates[[row]], d.mask[[row]])
        request = body(only, intent=str(rng.choice(RULES.intents)), amount=float(rng.choice([0, 300])))
        request["context"]["messages_today"] = int(rng.choice([0, 500]))
        try:
            reply = decide(policy, request)
        except DecisionError as error:
            assert error.path == "actions"
            continue
        met += bool(reply["forbidden"])
        broken += breaks(request, reply["action"]) or reply["action"].get("resource_id") in reply["forbidden"]
        due = request.get("contact", {})
        if "turns" in due:
            expected = due["intent"] == "refunds" or (due["intent"] == "billing" and due["amount"] > 200)
            broken += reply["needs_approval"] != expected
    assert (broken, met > 100) == (0, True)


def breaks(request: dict[str, Any], action: dict[str, Any]) -> bool:
    """Whether an answer breaks a rule, read from JSON alone."""
    contact, kinds = request.get("contact", {}), {r["id"]: r.get("kind", "human") for r in request.get("resources", ())}
    to_bot = action["type"] in ("bot", "hand_back") or kinds.get(action.get("resource_id"), "human") in ("bot",)
    loads = {r["id"]: r.get("load", 0) for r in request.get("resources", ())}
    full = action["type"] == "assign" and loads.get(action.get("resource_id"), 0) >= RULES.max_cap_slots
    above = action["type"] == "cap" and action["params"]["cap_set"] > RULES.max_cap_slots
    often = action["type"] == "message" and request["context"]["messages_today"] >= 500
    return (to_bot and contact["intent"] == "complaints") or full or above or often


def test_candidates_are_still_scored_as_they_would_be(policy: BundlePolicy) -> None:
    """What is forbidden does not change the order of the rest."""
    d = one(Kind.ROUTE, ROUTE, idle_s=[50.0, 20.0, 0.0, 0.0], handle_s=[100.0, 300.0, 0.0, 0.0])
    assert d.candidates.shape[2] == len(CANDIDATE_NAMES)
    free, ruled = decide(policy, body(d)), decide(policy, body(d, intent="complaints"))
    assert [e["id"] for e in free["ranking"] if e["id"] != "id-2"] == [e["id"] for e in ruled["ranking"]]
