"""The JSON form of one decision: the request of a routing service, and our reply.

A request names its event, what the decision is about (`contact`, `resource`, or both), the `resources` or `contacts`
to choose from, and the `actions` that are possible besides; `decision_forms` has the form of each event. Features
carry the names, units and ranges of `decision.py`. `usual` names the candidate that the platform would take by its
own rule. Unknown keys are ignored. Anything missing, of the wrong type or out of range is an error that names its
place: a policy would answer nonsense as readily as sense.
"""

from __future__ import annotations

import hashlib
import math
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import (
    CANDIDATE_FEATURES,
    CANDIDATE_NAMES,
    CONTEXT_FEATURES,
    PREFERENCE,
    SCHEMA_VERSION,
    Action,
    Decisions,
    Feature,
    Kind,
)
from maitred.envs.decision_forms import CARRIES, FORMS, RESOURCE_KINDS, Form

MAX_CANDIDATES = 1000
MAX_ID_LENGTH = 256

_DAY_S = 86_400.0
_WEIGHTS = {f"weight_{name}": weight for name, weight in PREFERENCE.items()}
_TIME_OF_DAY = ("time_of_day_sin", "time_of_day_cos")
_NUMBERS = (int, float)  # and not bool, which is a number to Python but a mistake here
_PLACE = {name: place for place, name in enumerate(CANDIDATE_NAMES)}
_FLAGS: dict[Action, int] = {
    action: _PLACE[f"is_{action.name.lower()}"] for action in Action if action != Action.ASSIGN
}
_ACTIONS = {action.name.lower(): action for action in Action}

Row = list[float]  # (F,) features of a candidate


class DecisionError(ValueError):
    """A request that cannot be decided: the path of the field at fault and what was expected there."""

    def __init__(self, path: str, expected: str, found: object) -> None:
        many = isinstance(found, (list, dict))
        shown = f"a {type(found).__name__} of {len(found)}" if many else reprlib.repr(found)  # type: ignore[arg-type]
        super().__init__(f"{path}: expected {expected}, found {shown}")
        self.path = path
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Request:
    """One decision that was asked for.

    Attributes:
        decision_id: the caller's name of this decision; it seeds exploration, so a retry is answered alike.
        event: what happened, a key of `decision_forms.FORMS`.
        ids: identity of each candidate, in the order of the arrays.
        actions: what the reply says to do for each candidate.
        decisions: the one decision, every candidate legal.
    """

    decision_id: str
    event: str
    ids: tuple[str, ...]
    actions: tuple[dict[str, Any], ...]
    decisions: Decisions


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: str
    row: Row
    answer: dict[str, Any]


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
    if not isinstance(event, str) or event not in FORMS:
        raise DecisionError("event", " or ".join(FORMS), event)
    form = FORMS[event]
    subject = _subject(request, form)
    candidates = _candidates(request, form, subject)
    ids = tuple(candidate.id for candidate in candidates)
    if (usual := request.get("usual")) not in ids:
        raise DecisionError("usual", "the id of an eligible candidate", usual)
    candidates[ids.index(usual)].row[_PLACE["usual"]] = 1.0
    decisions = Decisions(
        np.array([key_of(decision_id)], np.uint64),
        _context(_object(request.get("context"), "context"), form.kind)[None],
        np.array([[candidate.row for candidate in candidates]], np.float32),
        np.ones((1, len(ids)), np.bool_),
    )
    return Request(decision_id, event, ids, tuple(candidate.answer for candidate in candidates), decisions)


def _context(context: Mapping[str, Any], kind: Kind) -> NDArray[np.float32]:
    """(C,) float32: the one-hot kind, the time of day from "now", the rest as given; weights may be left out."""
    angle = 2 * math.pi * _seconds_of_day(context.get("now")) / _DAY_S
    known = {f"kind_{k.name.lower()}": float(k is kind) for k in Kind}
    known |= dict(zip(_TIME_OF_DAY, (math.sin(angle), math.cos(angle)), strict=True))
    known |= {name: weight for name, weight in _WEIGHTS.items() if name not in context}
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


def _subject(request: Mapping[str, Any], form: Form) -> Row:
    """The features of what the decision is about, which all its candidates share."""
    row = [0.0] * len(CANDIDATE_FEATURES)
    for carrier in form.subjects:
        if carrier.key in request or not carrier.optional:
            source = _object(request.get(carrier.key), carrier.key)
            if carrier.key == "resource" and source.get("kind", "human") != "human":
                raise DecisionError("resource.kind", "human", source["kind"])
            _fill(row, source, carrier.features, carrier.key)
    return row


def _candidates(request: Mapping[str, Any], form: Form, subject: Row) -> list[_Candidate]:
    """The eligible candidates, in the order of the short list: agents or contacts, other resources, actions."""
    seen: set[str] = set()
    listed = [] if form.others is None else list(_listed(request, form, subject, seen))
    order_by = _PLACE[form.order_by] if form.order_by else 0
    assigned = [c for c in listed if c.answer["type"] == "assign"]
    assigned.sort(key=lambda candidate: -candidate.row[order_by])
    others = [c for c in listed if c.answer["type"] != "assign"]
    acts = sorted(_acts(request, form, subject, seen), key=lambda candidate: candidate.answer["type"] == "hold")
    if not (candidates := assigned + others + acts):
        raise DecisionError(form.others.key if form.others else "actions", "at least one eligible candidate", [])
    return candidates


def _listed(request: Mapping[str, Any], form: Form, subject: Row, seen: set[str]) -> Iterator[_Candidate]:
    """The eligible ones of the resources or contacts to choose from."""
    assert form.others is not None
    for path, item in _items(request, form.others.key, None):
        identity = _own_identity(item, path, None, seen)
        if _flag(item.get("eligible", True), f"{path}.eligible"):
            row, action = list(subject), Action.ASSIGN
            if form.others.key == "resources":
                action = _resource_action(item, path)
            if action == Action.ASSIGN:
                _fill(row, item, form.others.features, path)
            else:
                row[_FLAGS[action]] = 1.0
                _fill(row, item, CARRIES.get(action, ()), path)
            yield _Candidate(identity, row, {"type": action.name.lower(), form.answer: identity})


def _acts(request: Mapping[str, Any], form: Form, subject: Row, seen: set[str]) -> Iterator[_Candidate]:
    """The eligible actions; the id of one is its type unless it has one of its own."""
    allowed = [action.name.lower() for action in form.actions]
    for path, item in _items(request, "actions", None if form.others is None else []):
        if (name := item.get("type")) not in allowed:
            raise DecisionError(f"{path}.type", " or ".join(allowed), name)
        identity, action = _own_identity(item, path, name, seen), _ACTIONS[name]
        if _flag(item.get("eligible", True), f"{path}.eligible"):
            row, answer = list(subject), {"type": name}
            row[_FLAGS[action]] = 1.0
            if carried := CARRIES.get(action):
                answer["params"] = _object(item.get("params"), f"{path}.params")
                _fill(row, answer["params"], carried, f"{path}.params")
            if action == Action.HAND_BACK:
                answer["resource_id"] = _identity(item.get("resource_id"), f"{path}.resource_id")
            yield _Candidate(identity, row, answer)


def _items(request: Mapping[str, Any], key: str, default: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list, each with its path."""
    items = request.get(key, default)
    if not isinstance(items, list) or len(items) > MAX_CANDIDATES:
        raise DecisionError(key, f"a list of at most {MAX_CANDIDATES} objects", items)
    for place, item in enumerate(items):
        yield f"{key}[{place}]", _object(item, f"{key}[{place}]")


def _own_identity(item: Mapping[str, Any], path: str, default: str | None, seen: set[str]) -> str:
    """An identity that no other candidate has."""
    identity = _identity(item.get("id", default), f"{path}.id")
    if identity in seen:
        raise DecisionError(f"{path}.id", "an id of its own", identity)
    seen.add(identity)
    return identity


def _resource_action(item: Mapping[str, Any], path: str) -> Action:
    kind = item.get("kind", "human")
    if not isinstance(kind, str) or kind not in RESOURCE_KINDS:
        raise DecisionError(f"{path}.kind", " or ".join(RESOURCE_KINDS), kind)
    return RESOURCE_KINDS[kind]


def _fill(row: Row, source: Mapping[str, Any], names: Sequence[str], path: str) -> None:
    """Put features, read from their object, in their places."""
    for name in names:
        row[_PLACE[name]] = _number(source, CANDIDATE_FEATURES[_PLACE[name]], path)


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
    ranking = sorted(zip(request.ids, scores, shares, strict=True), key=lambda entry: -entry[1])
    return {
        "schema_version": SCHEMA_VERSION,
        "decision_id": request.decision_id,
        "action": request.actions[candidate],
        "ranking": [{"id": identity, "score": score, "p": p} for identity, score, p in ranking],
        "propensity": propensity,
        "eligible": list(request.ids),
    }
