"""The JSON form: what is written is read back, and what is wrong is named."""

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from maitred.envs.decision import CANDIDATE_FEATURES, CANDIDATE_NAMES, CONTEXT_NAMES, Kind
from maitred.envs.decision_json import DecisionError, key_of, read_request, write_reply, write_request
from tests.decisions import HOLD, sample_decisions

BATCH = sample_decisions(60, 6, seed=0)


def request(kind: Kind, row: int = 0) -> dict[str, Any]:
    """The `row`-th request of a kind, with at least two candidates and the choice to hold."""
    rows = np.flatnonzero((BATCH.kind == kind) & (BATCH.mask.sum(axis=1) > 3))
    return written(int(rows[row]))


def written(row: int) -> dict[str, Any]:
    ids = [f"id-{i}" for i in range(int(BATCH.mask[row].sum()) - 1)]
    text = json.dumps(write_request(BATCH, row, f"decision-{row}", ids))
    body: dict[str, Any] = json.loads(text)
    return body


@pytest.mark.parametrize("kind", [Kind.ROUTE, Kind.PULL])
def test_what_is_read_is_what_the_request_says(kind: Kind) -> None:
    body = request(kind)
    found = read_request(body)
    subject, others = ("contact", "resources") if kind is Kind.ROUTE else ("resource", "contacts")
    order_by = "idle_s" if kind is Kind.ROUTE else "wait_s"
    assert found.decisions.kind[0] == kind and found.decisions.mask.all()
    assert list(found.ids[:-1]) == [c["id"] for c in sorted(body[others], key=lambda c: -float(c[order_by]))]
    assert found.ids[-1] == "hold"
    by_id = {c["id"]: c for c in body[others]}
    for identity, row in zip(found.ids, found.decisions.candidates[0], strict=True):
        other = by_id.get(identity, {})
        for place, f in enumerate(CANDIDATE_FEATURES):
            expected = {**body[subject], **other}.get(f.name, 0)
            assert row[place] == np.float32(1 if f.name == "is_hold" and identity == "hold" else expected)


def test_reverses_what_was_written() -> None:
    for row in range(len(BATCH)):
        found = read_request(written(row)).decisions
        real = int(BATCH.mask[row].sum()) - 1
        np.testing.assert_allclose(found.context[0], BATCH.context[row], atol=1e-6)
        order_by = CANDIDATE_NAMES.index("idle_s" if found.kind[0] == Kind.ROUTE else "wait_s")
        order = np.argsort(-BATCH.candidates[row, :real, order_by], kind="stable")
        np.testing.assert_array_equal(found.candidates[0, :real], BATCH.candidates[row, order])
        np.testing.assert_array_equal(found.candidates[0, real:], BATCH.candidates[row, real : real + 1])


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
    body["may_hold"] = False
    found = read_request(body)
    assert set(found.ids) == {c["id"] for c in body["resources"][1:]}
    assert not found.decisions.candidates[..., HOLD].any()


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "version": (lambda b: b.update(schema_version=2), "schema_version"),
    "no version": (lambda b: b.pop("schema_version"), "schema_version"),
    "true version": (lambda b: b.update(schema_version=True), "schema_version"),
    "event": (lambda b: b.update(event="turn"), "event"),
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
    "reserved": (lambda b: b["resources"][1].update(id="hold"), "resources[1].id"),
    "no candidate identity": (lambda b: b["resources"][1].pop("id"), "resources[1].id"),
    "pair feature": (lambda b: b["resources"][1].update(resolve_p=1.01), "resources[1].resolve_p"),
    "bot": (lambda b: b["resources"][1].update(kind="bot"), "resources[1].kind"),
    "eligible": (lambda b: b["resources"][1].update(eligible=1), "resources[1].eligible"),
    "nobody": (lambda b: [c.update(eligible=False) for c in b["resources"]], "resources"),
    "empty": (lambda b: b.update(resources=[]), "resources"),
    "may_hold": (lambda b: b.update(may_hold="yes"), "may_hold"),
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


@pytest.mark.parametrize(("kind", "answer"), [(Kind.ROUTE, "resource_id"), (Kind.PULL, "contact_id")])
def test_the_reply_names_the_chosen(kind: Kind, answer: str) -> None:
    asked = read_request(request(kind))
    k = len(asked.ids)
    shares = [1 / k] * k
    reply = write_reply(asked, 1, 0.25, list(range(k)), shares)
    assert reply["action"] == {"type": "assign", answer: asked.ids[1]}
    assert reply["propensity"] == 0.25 and reply["decision_id"] == asked.decision_id
    assert [entry["id"] for entry in reply["ranking"]] == list(reversed(asked.ids))
    assert reply["eligible"] == list(asked.ids)
    assert write_reply(asked, k - 1, 1.0, shares, shares)["action"] == {"type": "hold"}
