"""Decisions of the simulator as requests of a routing service: the reverse of `decision_json.read_request`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import (
    CANDIDATE_FEATURES,
    CANDIDATE_NAMES,
    CONTEXT_FEATURES,
    SCHEMA_VERSION,
    Action,
    Decisions,
)
from maitred.envs.decision_forms import CARRIES, FORMS, RESOURCE_KINDS, Form

_DAY_S = 86_400.0
_PLACE = {name: place for place, name in enumerate(CANDIDATE_NAMES)}
_LOW, _HIGH = (np.array([getattr(f, end) for f in CANDIDATE_FEATURES], np.float32) for end in ("low", "high"))
_FIRST_FLAG, _USUAL = CANDIDATE_NAMES.index("is_hold"), CANDIDATE_NAMES.index("usual")
_KIND_OF = {action: kind for kind, action in reversed(RESOURCE_KINDS.items())}


def write_request(decisions: Decisions, row: int, decision_id: str, ids: Sequence[str]) -> dict[str, Any]:
    """The request of one row of a batch, but for its key, which follows from the identity.

    Args:
        decisions: a batch of decisions.
        row: which of them.
        decision_id: the identity to give it.
        ids: identity of each legal candidate.
    """
    form = next(form for form in FORMS.values() if form.kind == decisions.kind[row])
    rows = decisions.candidates[row][decisions.mask[row]]
    request = {
        "schema_version": SCHEMA_VERSION,
        "decision_id": decision_id,
        "event": form.event,
        "context": _context(decisions.context[row]),
        **_subjects(form, rows[0]),
        "actions": [],
        "usual": ids[int(rows[:, _USUAL].argmax())],
    }
    if form.others is not None:
        request[form.others.key] = []
    for identity, values in zip(ids, rows, strict=True):
        _add(request, form, identity, values)
    return request


def action_of(values: NDArray[np.float32]) -> Action:
    """What the candidate of these (F,) features does, read from its flags."""
    flags = values[_FIRST_FLAG : _FIRST_FLAG + len(Action) - 1]
    return Action(int(flags.argmax()) + 1) if flags.any() else Action.ASSIGN


def _context(values: NDArray[np.float32]) -> dict[str, float]:
    context = {f.name: float(v) for f, v in zip(CONTEXT_FEATURES, values, strict=True) if "kind_" not in f.name}
    angle = math.atan2(context.pop("time_of_day_sin"), context.pop("time_of_day_cos"))
    return {"now": angle / (2 * math.pi) * _DAY_S % _DAY_S, **context}


def _subjects(form: Form, values: NDArray[np.float32]) -> dict[str, Any]:
    """What the decision is about; a conversation with a bot has no agent."""
    subjects = {carrier.key: _features(values, carrier.features) for carrier in form.subjects}
    absent = {carrier.key for carrier in form.subjects if carrier.optional and not any(subjects[carrier.key].values())}
    return {key: {"id": key, **features} for key, features in subjects.items() if key not in absent}


def _add(request: dict[str, Any], form: Form, identity: str, values: NDArray[np.float32]) -> None:
    """Add a candidate to the list that it belongs to."""
    action = action_of(values)
    carried = _features(values, CARRIES.get(action, ()))
    if form.others is not None and action == Action.ASSIGN:
        request[form.others.key].append({"id": identity, **_features(values, form.others.features)})
    elif form.others is not None and action in _KIND_OF:
        request[form.others.key].append({"id": identity, "kind": _KIND_OF[action], **carried})
    else:
        params = {"params": carried} if carried else {}
        target = {"resource_id": identity} if action == Action.HAND_BACK else {}
        request["actions"].append({"id": identity, "type": action.name.lower(), **target, **params})


def _features(values: NDArray[np.float32], names: Sequence[str]) -> dict[str, float]:
    """Features by name, inside their declared ranges as in an observation."""
    places = [_PLACE[name] for name in names]
    return dict(zip(names, values[places].clip(_LOW[places], _HIGH[places]).tolist(), strict=True))
