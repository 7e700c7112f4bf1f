"""The AI level of a policy (domain LV-AI), and what may be served at each.

Level 0 is a rule; 1 a policy that was trained in simulation and then frozen; 2 one that was re-trained from its own
logs, which repeats its own mistakes unless evidence that it did not make stands against them: it needs a gate report
that promotes these very weights. Level 3 learns while it serves and level 4 sets its own goals: both are refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

RULES_LEVEL, TRAINED_LEVEL, RETRAINED_LEVEL = 0, 1, 2


class LevelError(ValueError):
    """A policy that must not be exported or served at the AI level it states."""


def weights_sha256(weights: Mapping[str, NDArray[Any]]) -> str:
    """Identity of a network: SHA-256 over name, type, shape and bytes of every array, in the order of names."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def check_level(level: object, gate: Mapping[str, Any] | None) -> None:
    """Refuse a level that is none, or one that its gate report does not carry.

    Args:
        level: of the policy.
        gate: what its gate report said: `verdict`, `level`, `weights_sha256`; None without one.

    Raises:
        LevelError: what was expected and found.
    """
    if isinstance(level, bool) or level not in (TRAINED_LEVEL, RETRAINED_LEVEL):
        raise LevelError(f"level: expected 1, or 2 with a gate report, found {level!r}")
    if level < RETRAINED_LEVEL:
        return
    if gate is None:
        raise LevelError("level: expected a gate report, which level 2 needs, found none")
    if gate.get("verdict") != "promote" or gate.get("level") != level:
        raise LevelError(
            f"gate: expected a report that promotes at level {level}, found "
            f"{gate.get('verdict')!r} at level {gate.get('level')!r}"
        )
