"""Guard KPIs: a better objective is not bought with a KPI that must not suffer.

To show harm and to show its absence are two tests, and each has its own multiplicity. A candidate is promoted only
if every guard is shown to be within its tolerance: all must pass, so each is tested at the full level and the chance
to let a breach pass is at most that level (intersection-union test, Berger 1982). A candidate is called harmful if
any guard is shown to be beyond its tolerance: one is enough, so these p-values are corrected (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from maitred.training.gate.difference import Estimate


class Standing(StrEnum):
    """What the evidence says of one guard KPI."""

    WITHIN = "within"
    BEYOND = "beyond"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Guard:
    """One guard KPI of a candidate.

    Attributes:
        name: of the KPI.
        tolerance: how much worse it may be, at least 0, in the unit of the outcome.
        found: candidate less champion, the outcome turned so that higher is better.
    """

    name: str
    tolerance: float
    found: Estimate


@dataclass(frozen=True)
class Guarded:
    """A guard with what was found.

    Attributes:
        guard: the KPI.
        standing: within or beyond its tolerance, or neither shown.
        harm: p-value of being within the tolerance, Holm-corrected over the guards.
    """

    guard: Guard
    standing: Standing
    harm: float

    def __str__(self) -> str:
        """One line of a report."""
        found = self.guard.found
        return (
            f"{self.guard.name}: {found.mean:+.4g} +- {found.error:.2g} with a tolerance of {self.guard.tolerance:g}, "
            f"{self.standing} (Holm-corrected p of harm {self.harm:.2g})"
        )


def watch(guards: Sequence[Guard], z: float, alpha: float = 0.05) -> list[Guarded]:
    """What the evidence says of each guard.

    Args:
        guards: all guards of one candidate, on the same decisions.
        z: standard errors by which a guard must be above its tolerance to be within, the boundary of this look.
        alpha: chance that any guard within its tolerance is called beyond, of this look.
    """
    harms = holm(norm.cdf([guard.found.z(-guard.tolerance) for guard in guards]))
    return [Guarded(guard, _standing(guard, z, harm, alpha), harm) for guard, harm in zip(guards, harms, strict=True)]


def holm(p_values: NDArray[np.float64]) -> list[float]:
    """The p-values corrected for their number, in the same order (Holm 1979)."""
    order = np.argsort(p_values)
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected.tolist()


def _standing(guard: Guard, z: float, harm: float, alpha: float) -> Standing:
    if guard.found.z(-guard.tolerance) > z:
        return Standing.WITHIN
    return Standing.BEYOND if harm <= alpha else Standing.UNCLEAR
