"""A frozen labelled set as a guard-rail: what it may forbid, and how its looks wear it out.

A frozen set certifies the world of the day it was drawn. So it can forbid what would have been a clear loss there,
and it cannot promote: that takes fresh evidence. Each look at it spends part of one error, so that it may be looked
at without end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.training.gate.difference import Estimate


@dataclass(frozen=True)
class Rail:
    """One look at a frozen set.

    Attributes:
        found: candidate less reference, on the set.
        margin: by how much the candidate may be worse there, at least 0, in the unit of the outcome.
        look: number of this look at the set, 1 for the first.
        alpha: error over all looks ever taken.
    """

    found: Estimate
    margin: float
    look: int
    alpha: float = 0.05

    @property
    def lower(self) -> float:
        """Bound that the truth on the set's world lies above, at the level of this look."""
        return self.found.lower(look_level(self.look, self.alpha))

    @property
    def holds(self) -> bool:
        """Whether the candidate is shown to be no worse there than the margin."""
        return self.lower > -self.margin


def look_level(look: int, alpha: float) -> float:
    """Level of one look, alpha 6 / (pi look)^2: those of all looks ever taken sum to alpha."""
    return alpha * 6 / (np.pi * look) ** 2
