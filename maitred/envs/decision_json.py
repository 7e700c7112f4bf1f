"""The JSON form of one decision: the request of a routing service, and our reply.

A request names its subject (the contact that arrived, or the resource that was freed) and the candidates for
it; features carry the names, units and ranges of `decision.py`, each in the object of its part. Unknown keys
are ignored. Anything missing, of the wrong type or out of range is an error that names its place: a policy
would answer nonsense as readily as sense.
"""

from __future__ import annotations

import hashlib
import math
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import (
    CANDIDATE_FEATURES,
    CANDIDATE_NAMES,
    CONTEXT_FEATURES,
    CONTEXT_NAMES,
    SCHEMA_VERSION,
    Decisions,
    Feature,
    Kind,
    Part,
)

MAX_CANDIDATES = 1000
MAX_ID_LENGTH = 256
HOLD_ID = "hold"

_DAY_S = 86_400.0
_TIME_OF_DAY = ("time_of_day_sin", "time_of_day_cos")
_IS_HOLD = CANDIDATE_NAMES.index("is_hold")
_NUMBERS = (int, float)  # and not bool, which is a number to Python but a mistake here
_PLACES = {
    part: tuple((place, f) for place, f in enumerate(CANDIDATE_FEATURES) if f.part == part)
    for part in ("contact", "agent", "pair")
}


class DecisionError(ValueError):
    """A request that cannot be decided: the path of the field at fault and what was expected there."""

    def __init__(self, path: str, expected: str, found: object) -> None:
        many = isinstance(found, (list, dict))
        shown = f"a {type(found).__name__} of {len(found)}" if many else reprlib.repr(found)  # type: ignore[arg-type]
        super().__init__(f"{path}: expected {expected}, found {shown}")
        self.path = path
        self.expected = expected


@dataclass(frozen=True, slots=True)
class _Form:
    """Where the two kinds of request keep their parts, and how the reply names a candidate."""

    event: str
    kind: Kind
    subject: str  # key of the subject
    subject_part: Part
    others: str  # key of the list of candidates
    other_part: Part
    answer: str  # key of the chosen candidate in the reply
    order_by: str  # candidates come in descending order of this feature, as in the short list


_FORMS = {
    form.event: form
    for form in (
        _Form("arrival", Kind.ROUTE, "contact", "contact", "resources", "agent", "resource_id", "idle_s"),
        _Form("slot_freed", Kind.PULL, "resource", "agent", "contacts", "contact", "contact_id", "wait_s"),
    )
}


@dataclass(frozen=True, slots=True)
class Request:
    """One decision that was asked for.

    Attributes:
        decision_id: the caller's name of this decision; it seeds exploration, so a retry is answered alike.
        event: "arrival" or "slot_freed".
        ids: identity of each candidate, in the order of the arrays; `HOLD_ID` for holding.
        decisions: the one decision, every candidate legal.
    """

    decision_id: str
    event: str
    ids: tuple[str, ...]
    decisions: Decisions


def key_of(decision_id: str) -> int:
    """The decision's uint64 key: the first eight bytes of the SHA-256 of its identity."""
    return int.from_bytes(hashlib.sha256(decision_id.encode()).digest()[:8], "big")


def read_request(body: object) -> Request:
    """Check a request, parsed from JSON, and turn it into arrays.

    Raises:
        DecisionError: A field is missing, of the wrong type or out of range, or no candidate is eligible.
    """
    request = _object(body, "request")
    if (version := request.get("schema_version")) != SCHEMA_VERSION or isinstance(version, bool):
        raise DecisionError("schema_version", str(SCHEMA_VERSION), version)
    decision_id = _identity(request.get("decision_id"), "decision_id")
    event = request.get("event")
    if not isinstance(event, str) or event not in _FORMS:
        raise DecisionError("event", " or ".join(_FORMS), event)
    form = _FORMS[event]
    source = _object(request.get(form.subject), form.subject)
    subject = [0.0] * len(CANDIDATE_FEATURES)
    _fill(subject, source, form.subject_part, form.subject)
    ids, rows = _candidates(request, form, subject)
    if _flag(request.get("may_hold", False), "may_hold"):
        subject[_IS_HOLD] = 1.0  # to hold: the subject, and nobody for it
        ids, rows = [*ids, HOLD_ID], [*rows, subject]
    decisions = Decisions(
        np.array([key_of(decision_id)], np.uint64),
        _context(_object(request.get("context"), "context"), form.kind)[None],
        np.array([rows], np.float32),
        np.ones((1, len(rows)), np.bool_),
    )
    return Request(decision_id, event, tuple(ids), decisions)


def _context(context: Mapping[str, Any], kind: Kind) -> NDArray[np.float32]:
    """(C,) float32: the one-hot kind, the time of day from "now", the rest as given."""
    angle = 2 * math.pi * _seconds_of_day(context.get("now")) / _DAY_S
    known = {f"kind_{k.name.lower()}": float(k is kind) for k in Kind}
    known |= dict(zip(_TIME_OF_DAY, (math.sin(angle), math.cos(angle)), strict=True))
    values = [known[f.name] if f.name in known else _number(context, f, "context") for f in CONTEXT_FEATURES]
    return np.array(values, np.float32)


def _seconds_of_day(now: Any) -> float:
    """Seconds since midnight, of a number or of an ISO time; the center's local time, as it is written."""
    if isinstance(now, str):
        try:
            time = datetime.fromisoformat(now)
        except ValueError:
            raise DecisionError("context.now", "an ISO 8601 time", now) from None
        return time.hour * 3600 + time.minute * 60 + time.second + time.microsecond / 1e6
    if type(now) in _NUMBERS and 0 <= now < _DAY_S:
        return float(now)
    raise DecisionError("context.now", "an ISO 8601 time, or seconds of the day from 0 to 86400", now)


def _candidates(
    request: Mapping[str, Any], form: _Form, subject: Sequence[float]
) -> tuple[list[str], list[list[float]]]:
    """Identities and features of the eligible candidates, in the order of the short list."""
    others = request.get(form.others)
    if not isinstance(others, list) or len(others) > MAX_CANDIDATES:
        raise DecisionError(form.others, f"a list of at most {MAX_CANDIDATES} objects", others)
    rows: dict[str, list[float]] = {}
    seen = {HOLD_ID}
    for place, item in enumerate(others):
        path = f"{form.others}[{place}]"
        other = _object(item, path)
        identity = _identity(other.get("id"), f"{path}.id")
        if identity in seen:
            raise DecisionError(f"{path}.id", f'an id of its own, other than "{HOLD_ID}"', identity)
        seen.add(identity)
        if _flag(other.get("eligible", True), f"{path}.eligible"):
            row = rows[identity] = list(subject)
            _fill(row, other, form.other_part, path)
            _fill(row, other, "pair", path)
    if not rows:
        raise DecisionError(form.others, "at least one eligible candidate", others)
    order_by = CANDIDATE_NAMES.index(form.order_by)
    ids = sorted(rows, key=lambda identity: -rows[identity][order_by])
    return ids, [rows[identity] for identity in ids]


def _fill(row: list[float], source: Mapping[str, Any], part: Part, path: str) -> None:
    """Put the features of one part, read from their object, in their places."""
    if part == "agent" and source.get("kind", "human") != "human":
        raise DecisionError(f"{path}.kind", "human", source["kind"])
    for place, feature in _PLACES[part]:
        row[place] = _number(source, feature, path)


def _number(source: Mapping[str, Any], feature: Feature, path: str) -> float:
    """A feature's value, inside its range; NaN is inside none."""
    value: Any = source.get(feature.name)
    if type(value) in _NUMBERS and feature.low <= value <= feature.high:
        return value  # type: ignore[no-any-return]
    expected = f"a number from {feature.low:g} to {feature.high:g} ({feature.unit})"
    raise DecisionError(f"{path}.{feature.name}", expected, value)


def _object(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DecisionError(path, "an object", value)
    return value


def _flag(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise DecisionError(path, "true or false", value)
    return value


def _identity(value: object, path: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        raise DecisionError(path, f"a string of 1 to {MAX_ID_LENGTH} characters", value)
    return value


def write_request(decisions: Decisions, row: int, decision_id: str, ids: Sequence[str]) -> dict[str, Any]:
    """The request of one row of a batch: the reverse of `read_request`, but for the key.

    Args:
        decisions: a batch of route or pull decisions.
        row: which of them.
        decision_id: the identity to give it.
        ids: identity of each legal candidate that is not to hold.
    """
    kind = Kind(int(decisions.kind[row]))
    form = next(form for form in _FORMS.values() if form.kind is kind)
    rows = decisions.candidates[row][decisions.mask[row]]
    real = rows[rows[:, _IS_HOLD] == 0]
    sin, cos = (float(decisions.context[row, CONTEXT_NAMES.index(name)]) for name in _TIME_OF_DAY)
    context = {f.name: float(v) for f, v in zip(CONTEXT_FEATURES, decisions.context[row], strict=True)}
    given = {name: v for name, v in context.items() if name not in _TIME_OF_DAY and "kind_" not in name}
    return {
        "schema_version": SCHEMA_VERSION,
        "decision_id": decision_id,
        "event": form.event,
        "context": {"now": math.atan2(sin, cos) / (2 * math.pi) * _DAY_S % _DAY_S, **given},
        form.subject: {"id": form.subject, **_features(real[0], form.subject_part)},
        form.others: [
            {"id": identity, **_features(values, form.other_part), **_features(values, "pair")}
            for identity, values in zip(ids, real, strict=True)
        ],
        "may_hold": len(real) < len(rows),
    }


def _features(values: NDArray[np.float32], part: Part) -> dict[str, float]:
    """The features of one part by name."""
    return {f.name: float(v) for f, v in zip(CANDIDATE_FEATURES, values, strict=True) if f.part == part}


def write_reply(
    request: Request, candidate: int, propensity: float, scores: Sequence[float], shares: Sequence[float]
) -> dict[str, Any]:
    """The reply's account of the choice; the service adds which policy made it.

    Args:
        request: what was asked.
        candidate: index of the chosen candidate.
        propensity: probability with which it was chosen.
        scores: (K,) logits.
        shares: (K,) probabilities of the policy.
    """
    chosen = request.ids[candidate]
    assign = {"type": "assign", _FORMS[request.event].answer: chosen}
    ranking = sorted(zip(request.ids, scores, shares, strict=True), key=lambda entry: -entry[1])
    return {
        "schema_version": SCHEMA_VERSION,
        "decision_id": request.decision_id,
        "action": {"type": "hold"} if chosen == HOLD_ID else assign,
        "ranking": [{"id": identity, "score": score, "p": p} for identity, score, p in ranking],
        "propensity": propensity,
        "eligible": list(request.ids),
    }
