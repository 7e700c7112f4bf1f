"""From a request to a reply, and from a stream of requests to a stream of replies.

This is all a service or the command line adds to: they only carry the bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import perf_counter
from typing import Any, NoReturn, TextIO

from maitred.envs.decision_json import DecisionError, read_request, write_reply
from maitred.serving.bundle import Bundle
from maitred.serving.governed_request import GovernedRequest, govern
from maitred.serving.policy import BundlePolicy


def decide(policy: BundlePolicy, body: object) -> dict[str, Any]:
    """Answer one request, parsed from JSON.

    Raises:
        DecisionError: The request cannot be decided.
    """
    start = perf_counter()
    request, card = read_request(body), policy.bundle.card
    assert isinstance(body, dict)  # or it had been refused
    if body.get("governance_hash", card.governance_sha256) != card.governance_sha256:
        raise DecisionError("governance_hash", card.governance_sha256, body["governance_hash"])
    ruled = None if policy.bundle.governance is None else govern(policy.bundle.governance, request, body)
    request = request if ruled is None else ruled.request
    d = request.decisions
    scored = policy.decide_one(d.context[0], d.candidates[0], d.mask[0], int(d.key[0]))
    reply = write_reply(
        request, scored.candidate, scored.propensity, scored.logits.tolist(), scored.probabilities.tolist()
    )
    return {
        **reply,
        "fallback": card.fallback,
        "model_version": f"{card.name}/{card.version}",
        "policy_hash": policy.bundle.sha256,
        "governance_hash": card.governance_sha256,
        **({} if ruled is None else _rulings(ruled, scored.candidate)),
        **({"mode": "active"} if scored.abstained is None else {"mode": "fallback", "reason": scored.abstained}),
        "latency_ms": round((perf_counter() - start) * 1e3, 3),
    }


def _rulings(ruled: GovernedRequest, candidate: int) -> dict[str, Any]:
    """What governance adds to a reply."""
    return {"forbidden": ruled.forbidden, "needs_approval": ruled.needs_approval[candidate]}


def decide_stream(bundle: Bundle, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Answer one JSON request, or JSON lines as they come, with one line each.

    Returns:
        0, or 2 where a request could not be decided: its error is a JSON line of `stderr`.
    """
    policy = BundlePolicy(bundle)
    status = 0
    for number, text in enumerate(_documents(stdin), start=1):
        try:
            print(json.dumps(decide(policy, _parse(text))), file=stdout, flush=True)
        except (ValueError, RecursionError) as error:
            status = 2
            path = error.path if isinstance(error, DecisionError) else "request"
            fault = {"request": number, "path": path, "message": str(error)}
            print(json.dumps({"error": fault}), file=stderr, flush=True)
    return status


def _documents(stream: TextIO) -> Iterator[str]:
    """The JSON texts of a stream: each line, or the whole where its first line is not JSON by itself."""
    first = stream.readline()
    if _is_json(first):
        yield first
        yield from filter(str.strip, stream)
    elif _is_json(whole := first + stream.read()):
        yield whole
    else:
        yield from filter(str.strip, whole.splitlines())


def _is_json(text: str) -> bool:
    try:
        _parse(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parse(text: str) -> object:
    """Parse JSON; NaN and Infinity are not JSON."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"expected JSON, found the constant {constant}")

    return json.loads(text, parse_constant=refuse)
