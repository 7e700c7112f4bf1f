"""A controlled chain in continuous time: time passes in settled states, decisions take none.

From a settled state an event leads either to another settled state or to a decision; each choice of a decision
leads at once to one settled state. All randomness is in the events, so a policy is one choice per decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.signedinteger[Any]]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Process:
    """S settled states, D decisions with up to A choices each.

    Attributes:
        jumps: (S, S + D) rates of events, 1/min; column k < S is settled state k, column S + d decision d.
        cost_per_min: (S,) money per minute spent in a settled state, the expected lump sums of its events included.
        choices: (D, A) int32, the settled state each choice leads to; -1 where it is not allowed.
        start: index of the empty settled state.
    """

    jumps: csr_array
    cost_per_min: Floats
    choices: Ints
    start: int

    @property
    def states(self) -> int:
        """Number of settled states."""
        return len(self.cost_per_min)

    @property
    def allowed(self) -> Flags:
        """(D, A) whether a choice exists."""
        return np.asarray(self.choices >= 0)


def choose(scores: Floats, allowed: Flags) -> Ints:
    """The allowed choice of highest score, the first of equals.

    Args:
        scores: (D, A).
        allowed: (D, A), at least one per row.
    """
    return np.asarray(np.where(allowed, scores, -np.inf).argmax(axis=1))
