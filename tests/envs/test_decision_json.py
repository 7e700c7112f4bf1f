"""The JSON form: what is written is read back, and what is wrong is named."""

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from maitred.envs.decision import CANDIDATE_FEATURES, CANDIDATE_NAMES, CONTEXT_NAMES, Action, Kind
from maitred.envs.decision_forms import FORMS
from maitred.envs.decision_json import DecisionError, key_of, read_request, write_reply
from maitred.envs.decision_request import action_of, write_request
from tests.decisions import HOLD, USUAL, sample_decisions

BATCH = sample_decisions(200, 6, seed=0, kinds=tuple(Kind))
LISTED = {Kind.ROUTE: ("resources", "idle_s"), Kind.PULL: ("contacts", "wait_s")}


def request(kind: Kind, row: int = 0) -> dict[str, Any]:
    """The `row`-th request of a kind, from an arrival or a freed slot with two to choose from and more to do."""
    enough = BATCH.mask.sum(axis=1) > (4 if kind == Kind.ROUTE else 3 if kind == Kind.PULL else 1)
    assigns = (BATCH.candidates[..., HOLD:USUAL].sum(axis=2) == 0) & BATCH.mask
    rows = np.flatnonzero((BATCH.kind == kind) & enough & ((assigns.sum(axis=1) > 1) | (kind not in LISTED)))
    return written(int(rows[row]))


def written(row: int) -> dict[str, Any]:
    ids = [f"id-{i}" for i in range(int(BATCH.mask[row].sum()))]
    text = json.dumps(write_request(BATCH, row, f"decision-{row}", ids))
    body: dict[str, Any] = json.loads(text)
    return body


@pytest.mark.parametrize("kind", LISTED)
def test_what_is_read_is_what_the_request_says(kind: Kind) -> None:
    body = request(kind)
    found = read_request(body)
    others, order_by = LISTED[kind]
    subject = body["contact" if kind is Kind.ROUTE else "resource"]
    assigned = [c for c in body[others] if "kind" not in c]
    assert found.decisions.kind[0] == kind and found.decisions.mask.all()
    assert list(found.ids[: len(assigned)]) == [c["id"] for c in sorted(assigned, key=lambda c: -float(c[order_by]))]
    by_id = {c["id"]: c for c in assigned}
    for identity, row in zip(found.ids[: len(assigned)], found.decisions.candidates[0], strict=False):
        said = {**subject, **by_id[identity], "usual": identity == body["usual"]}
        for place, f in enumerate(CANDIDATE_FEATURES):
            assert row[place] == np.float32(said.get(f.name, 0))


def test_reverses_what_was_written() -> None:
    for row in range(len(BATCH)):
        asked = read_request(written(row))
        found, n = asked.decisions, int(BATCH.mask[row].sum())
        np.testing.assert_allclose(found.context[0], BATCH.context[row], atol=1e-6)
        order = [int(identity.removeprefix("id-")) for identity in asked.ids]
        assert sorted(order) == list(range(n))
        np.testing.assert_array_equal(found.candidates[0], BATCH.candidates[row, order])


@pytest.mark.parametrize("event", FORMS)
def test_every_event_is_understood(event: str) -> None:
    body = {**request(FORMS[event].kind), "event": event}
    assert read_request(body).decisions.kind[0] == FORMS[event].kind


def test_bots_and_groups_are_resources_and_what_else_may_be_done_is_an_action() -> None:
    body = {**request(Kind.ROUTE), "actions": [{"type": "hold"}, {"type": "defer", "params": {"delay_s": 3600}}]}
    body["resources"] = [
        {"id": "bot-1", "kind": "virtual_agent", "cost": 0.4, "handle_s": 120, "resolve_p": 0.6},
        {"id": "team", "kind": "group"},
    ]
    body["usual"] = "bot-1"
    found = read_request(body)
    assert found.ids == ("bot-1", "team", "defer", "hold")  # to hold comes last, whatever the order of the request
    rows = found.decisions.candidates[0]
    assert [action_of(row) for row in rows] == [Action.BOT, Action.GROUP, Action.DEFER, Action.HOLD]
    values = {
        name: rows[:, CANDIDATE_NAMES.index(name)] for name in ("cost", "resolve_p", "delay_s", "usual", "wait_s")
    }
    np.testing.assert_allclose(values["cost"], [0.4, 0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(values["resolve_p"], [0.6, 0, 0, 0], rtol=1e-6)
    assert values["delay_s"].tolist() == [0, 0, 3600, 0] and values["usual"].tolist() == [1, 0, 0, 0]
    assert (values["wait_s"] == np.float32(body["contact"]["wait_s"])).all()


def test_a_conversation_with_a_bot_has_no_resource() -> None:
    body = request(Kind.REASSESS)
    body.pop("resource")
    agent = [i for i, f in enumerate(CANDIDATE_FEATURES) if f.part == "agent"]
    assert not read_request(body).decisions.candidates[..., agent].any()


@pytest.mark.parametrize(
    ("now", "angle"),
    [(0, 0), (21_600, 0.25), ("2026-03-01T18:00:00+02:00", 0.75), ("12:00:00", None), ("2026-03-01T12:00", 0.5)],
)
def test_time_of_day(now: object, angle: float | None) -> None:
    body = request(Kind.ROUTE)
    body["context"]["now"] = now
    if angle is None:
        with pytest.raises(DecisionError, match=r"context\.now"):
            read_request(body)
        return
    context = read_request(body).decisions.context[0]
    found = [context[CONTEXT_NAMES.index(f"time_of_day_{f}")] for f in ("sin", "cos")]
    np.testing.assert_allclose(found, [np.sin(2 * np.pi * angle), np.cos(2 * np.pi * angle)], atol=1e-6)


def test_the_key_follows_from_the_identity() -> None:
    body = request(Kind.PULL)
    first, again = read_request(body).decisions, read_request(copy.deepcopy(body)).decisions
    assert first.key.dtype == np.uint64 and first.key == again.key == key_of(body["decision_id"])
    body["decision_id"] = "another"
    assert read_request(body).decisions.key != first.key


def test_ineligible_candidates_are_left_out_and_unknown_keys_ignored() -> None:
    body = request(Kind.ROUTE)
    body["resources"][0] = {"id": "away", "eligible": False, "labels": {}}
    body["queues"] = [1, 2]
    body["actions"] = []
    body["usual"] = body["resources"][1]["id"]
    found = read_request(body)
    assert set(found.ids) == {c["id"] for c in body["resources"][1:]}
    assert not found.decisions.candidates[..., HOLD].any()


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "version": (lambda b: b.update(schema_version=1), "schema_version"),
    "no version": (lambda b: b.pop("schema_version"), "schema_version"),
    "true version": (lambda b: b.update(schema_version=True), "schema_version"),
    "event": (lambda b: b.update(event="lunch"), "event"),
    "event type": (lambda b: b.update(event=[]), "event"),
    "no identity": (lambda b: b.pop("decision_id"), "decision_id"),
    "long identity": (lambda b: b.update(decision_id="x" * 257), "decision_id"),
    "no context": (lambda b: b.pop("context"), "context"),
    "missing context feature": (lambda b: b["context"].pop("busyness"), "context.busyness"),
    "no time": (lambda b: b["context"].pop("now"), "context.now"),
    "bad time": (lambda b: b["context"].update(now="noon"), "context.now"),
    "late time": (lambda b: b["context"].update(now=86_400), "context.now"),
    "no subject": (lambda b: b.pop("contact"), "contact"),
    "missing subject feature": (lambda b: b["contact"].pop("wait_s"), "contact.wait_s"),
    "string": (lambda b: b["contact"].update(wait_s="12"), "contact.wait_s"),
    "bool": (lambda b: b["contact"].update(wait_s=True), "contact.wait_s"),
    "null": (lambda b: b["contact"].update(wait_s=None), "contact.wait_s"),
    "nan": (lambda b: b["contact"].update(wait_s=float("nan")), "contact.wait_s"),
    "infinite": (lambda b: b["contact"].update(wait_s=float("inf")), "contact.wait_s"),
    "negative": (lambda b: b["contact"].update(wait_s=-1), "contact.wait_s"),
    "huge": (lambda b: b["contact"].update(wait_s=10**400), "contact.wait_s"),
    "list of candidates": (lambda b: b.update(resources={}), "resources"),
    "too many": (lambda b: b.update(resources=b["resources"] * 1000), "resources"),
    "candidate": (lambda b: b["resources"].append(7), "resources["),
    "duplicate": (lambda b: b["resources"][1].update(id="id-0"), "resources[1].id"),
    "usual": (lambda b: b.update(usual="nobody"), "usual"),
    "no usual": (lambda b: b.pop("usual"), "usual"),
    "unhashable usual": (lambda b: b.update(usual=[]), "usual"),
    "no candidate identity": (lambda b: b["resources"][1].pop("id"), "resources[1].id"),
    "pair feature": (lambda b: b["resources"][1].update(resolve_p=1.01), "resources[1].resolve_p"),
    "kind of resource": (lambda b: b["resources"][1].update(kind="robot"), "resources[1].kind"),
    "bot": (lambda b: b["resources"].append({"id": "b", "kind": "bot"}), "resources["),
    "eligible": (lambda b: b["resources"][1].update(eligible=1), "resources[1].eligible"),
    "nobody": (lambda b: b.update(actions=[]) or [c.update(eligible=False) for c in b["resources"]], "resources"),
    "empty": (lambda b: b.update(resources=[], actions=[]), "resources"),
    "list of actions": (lambda b: b.update(actions=3), "actions"),
    "action": (lambda b: b.update(actions=[{"type": "cap"}]), "actions[0].type"),
    "action twice": (lambda b: b.update(actions=[{"type": "hold"}] * 2), "actions[1].id"),
    "no params": (lambda b: b.update(actions=[{"type": "defer"}]), "actions[0].params"),
    "param": (lambda b: b.update(actions=[{"type": "defer", "params": {"delay_s": -1}}]), "actions[0].params.delay_s"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named(fault: str) -> None:
    spoil, path = FAULTS[fault]
    body = request(Kind.ROUTE)
    read_request(body)
    spoil(body)
    with pytest.raises(DecisionError) as caught:
        read_request(body)
    assert caught.value.path.startswith(path)
    assert f"{caught.value.path}: expected " in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("body", [None, [], 3, "text"])
def test_whatever_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(DecisionError, match="request: expected an object"):
        read_request(body)


def action_in_reply(asked: Any, candidate: int) -> Any:
    flat = [1.0] * len(asked.ids)
    return write_reply(asked, candidate, 1.0, flat, flat)["action"]


@pytest.mark.parametrize(("kind", "answer"), [(Kind.ROUTE, "resource_id"), (Kind.PULL, "contact_id")])
def test_the_reply_names_the_chosen(kind: Kind, answer: str) -> None:
    asked = read_request(request(kind))
    k = len(asked.ids)
    reply = write_reply(asked, 1, 0.25, list(range(k)), [1 / k] * k)
    assert reply["action"] == {"type": "assign", answer: asked.ids[1]}
    assert reply["propensity"] == 0.25 and reply["decision_id"] == asked.decision_id
    assert [entry["id"] for entry in reply["ranking"]] == list(reversed(asked.ids))
    assert reply["eligible"] == list(asked.ids)
    assert action_in_reply(asked, k - 1) == {"type": "hold"}


def test_the_reply_says_what_to_do_and_with_which_parameters() -> None:
    body = request(Kind.CONCURRENCY)
    body["actions"] = [{"type": "cap", "id": f"cap-{n}", "params": {"cap_set": n}} for n in (3, 1, 2)]
    body["usual"] = "cap-3"
    assert action_in_reply(read_request(body), 2) == {"type": "cap", "params": {"cap_set": 2}}
    body = request(Kind.REASSESS)
    body["actions"] = [
        {"type": "continue"},
        {
            "type": "hand_back",
            "resource_id": "bot-1",
            "params": {"cost": 0.4, "handle_s": 120, "resolve_p": 0.6, "note": "x"},
        },
    ]
    body["usual"] = "continue"
    answer = action_in_reply(read_request(body), 1)
    assert answer["resource_id"] == "bot-1" and answer["params"]["handle_s"] == 120
    body = request(Kind.OUTREACH)
    assert action_in_reply(read_request(body), 0) == {"type": "continue"}
