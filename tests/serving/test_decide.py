"""The command's stream: one line per request, errors apart, and a retry answered alike."""

import io
import json
from typing import Any

import pytest

from maitred.envs.decision import Kind
from maitred.envs.decision_request import action_of, write_request
from maitred.serving.bundle import Bundle
from maitred.serving.decide import decide_stream
from tests.decisions import sample_decisions


@pytest.fixture(scope="module")
def requests() -> list[dict[str, Any]]:
    d = sample_decisions(20, 6, seed=4, kinds=tuple(Kind))
    counts = d.mask.sum(axis=1)
    return [write_request(d, i, f"decision-{i}", [f"id-{j}" for j in range(n)]) for i, n in enumerate(counts)]


def run(bundle: Bundle, text: str) -> tuple[int, list[dict[str, Any]], list[dict[str, Any]]]:
    out, err = io.StringIO(), io.StringIO()
    status = decide_stream(bundle, io.StringIO(text), out, err)
    parsed = [[json.loads(line) for line in stream.getvalue().splitlines()] for stream in (out, err)]
    return status, parsed[0], parsed[1]


def test_lines_and_one_document(bundle: Bundle, requests: list[dict[str, Any]]) -> None:
    status, replies, errors = run(bundle, "\n".join(map(json.dumps, requests)) + "\n\n")
    assert (status, errors) == (0, []) and len(replies) == 20
    assert [r["decision_id"] for r in replies] == [r["decision_id"] for r in requests]
    status, [reply], errors = run(bundle, json.dumps(requests[0], indent=2))
    assert (status, errors) == (0, [])
    assert {k: v for k, v in reply.items() if k != "latency_ms"} == {
        k: v for k, v in replies[0].items() if k != "latency_ms"
    }


def test_the_reply_is_what_the_policy_says(bundle: Bundle, requests: list[dict[str, Any]]) -> None:
    d = sample_decisions(20, 6, seed=4, kinds=tuple(Kind))
    outputs = bundle.network.forward(d.context, d.candidates, d.mask)
    _, replies, _ = run(bundle, "\n".join(map(json.dumps, requests)))
    chosen = set()
    for i, reply in enumerate(replies):
        best = int(outputs.action[i])
        assert reply["ranking"][0]["id"] == f"id-{best}"
        assert reply["action"]["type"] == action_of(d.candidates[i, best]).name.lower()
        chosen.add(reply["action"]["type"])
        shares = {entry["id"]: entry["p"] for entry in reply["ranking"]}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert shares["id-0"] == pytest.approx(outputs.probabilities[i, 0], abs=1e-5)
        scores = [entry["score"] for entry in reply["ranking"]]
        assert scores == sorted(scores, reverse=True)
        assert set(reply["eligible"]) == set(shares)
        assert reply["policy_hash"] == bundle.sha256 and reply["governance_hash"] == "none"
        assert (reply["propensity"], reply["mode"], reply["fallback"]) == (1.0, "active", "longest_idle")
    assert "assign" in chosen and len(chosen) > 2


def test_faults_are_reported_and_the_rest_is_answered(bundle: Bundle, requests: list[dict[str, Any]]) -> None:
    lines = [json.dumps(requests[0]), "{broken", '{"schema_version": NaN}', "[" * 100_000, json.dumps(requests[1])]
    status, replies, errors = run(bundle, "\n".join(lines))
    assert status == 2
    assert [r["decision_id"] for r in replies] == ["decision-0", "decision-1"]
    assert [e["error"]["request"] for e in errors] == [2, 3, 4]
    status, replies, [error] = run(bundle, json.dumps({**requests[0], "context": {}}))
    assert (status, replies, error["error"]["path"]) == (2, [], "context.now")
