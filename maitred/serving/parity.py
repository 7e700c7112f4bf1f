"""Do two runtimes give the same answers? Asked when a bundle is written and each time one is loaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.serving.runtime import Outputs

NEAR_TIE = 1e-6  # below this gap of probability two runtimes may order two candidates differently
PROBABILITY_TOLERANCE = 1e-5
VALUE_TOLERANCE = 1e-3  # relative to max(1, |value|): no decision rests on it, and float32 sums differ by their order


@dataclass(frozen=True, slots=True)
class Agreement:
    """How closely a batch of answers follows a reference.

    Attributes:
        different: decisions with another choice although the reference's best two are not nearly tied.
        near_ties: decisions with another choice between two nearly tied candidates.
        probability_error: largest absolute difference of a probability.
        value_error: largest difference of a value, relative to max(1, |value|).
    """

    different: int
    near_ties: int
    probability_error: float
    value_error: float

    @property
    def holds(self) -> bool:
        """Whether the two may stand for each other; False where an error is not a number."""
        return (
            self.different == 0
            and self.probability_error <= PROBABILITY_TOLERANCE
            and self.value_error <= VALUE_TOLERANCE
        )


def compare(found: Outputs, reference: Outputs) -> Agreement:
    """Measure how closely `found` follows `reference`, both about the same batch."""
    ordered = np.sort(reference.probabilities, axis=1)
    gap = ordered[:, -1] - ordered[:, -2] if ordered.shape[1] > 1 else np.ones(len(ordered))
    other = found.action != reference.action
    value_scale = np.maximum(1, np.abs(reference.value))
    return Agreement(
        different=int((other & (gap >= NEAR_TIE)).sum()),
        near_ties=int((other & (gap < NEAR_TIE)).sum()),
        probability_error=float(np.abs(found.probabilities - reference.probabilities).max()),
        value_error=float((np.abs(found.value - reference.value) / value_scale).max()),
    )
