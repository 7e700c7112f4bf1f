"""A behaviour policy that was never written down: a conditional logit fitted to what it chose.

The chance of candidate k is exp(b x_k) / sum over legal candidates j of exp(b x_j), with shared weights b for every
place (McFadden 1974, "Conditional logit analysis of qualitative choice behavior", eq. 12). A ridge keeps the weights
finite where a rule leaves nothing to chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RIDGE = 1.0  # of the squared weights of standardised features, against the log likelihood of all decisions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ChoiceSets:
    """Decisions between alternatives, one after another.

    Attributes:
        features: (L, F) float64, of the alternatives of all decisions.
        size: (B,) int64, number of alternatives of each decision, at least 1; L in all.
        chosen: (B,) int64, which of its own alternatives was taken, from 0.
    """

    features: Floats
    size: Ints
    chosen: Ints

    @property
    def first(self) -> Ints:
        """(B,) where the alternatives of each decision begin."""
        return np.cumsum(self.size) - self.size

    def only(self, rows: NDArray[np.bool_]) -> ChoiceSets:
        """Some of the decisions."""
        return ChoiceSets(self.features[np.repeat(rows, self.size)], self.size[rows], self.chosen[rows])


def chances(sets: ChoiceSets, scores: Floats) -> Floats:
    """(L,) chance of each alternative, of scores b x (L,)."""
    largest = np.maximum.reduceat(scores, sets.first)
    odds = np.exp(scores - np.repeat(largest, sets.size))
    shares: Floats = odds / np.repeat(np.add.reduceat(odds, sets.first), sets.size)
    return shares


@dataclass(frozen=True, eq=False)
class Slope:
    """The penalised log likelihood of some decisions at given weights, with its derivatives; sums over parts add up.

    Attributes:
        value: log likelihood.
        gradient: (F,).
        curvature: (F, F), the negative of its second derivatives.
    """

    value: float
    gradient: Floats
    curvature: Floats

    def __add__(self, other: Slope) -> Slope:
        """Of both parts together."""
        return Slope(self.value + other.value, self.gradient + other.gradient, self.curvature + other.curvature)


def prior(weights: Floats) -> Slope:
    """What the ridge adds, at weights (F,)."""
    return Slope(-0.5 * RIDGE * float(weights @ weights), -RIDGE * weights, RIDGE * np.eye(len(weights)))


def slope(sets: ChoiceSets, weights: Floats) -> Slope:
    """The log likelihood of decisions, at least one, at weights (F,), and its derivatives."""
    p = chances(sets, sets.features @ weights)
    mean = np.add.reduceat(sets.features * p[:, None], sets.first)
    centred = sets.features - np.repeat(mean, sets.size, axis=0)
    taken = sets.first + sets.chosen
    with np.errstate(divide="ignore"):
        value = float(np.log(p[taken]).sum())
    return Slope(value, centred[taken].sum(axis=0), centred.T @ (centred * p[:, None]))


@dataclass(frozen=True, eq=False)
class Climb:
    """Newton's method on a log likelihood, one evaluation at a time.

    Attributes:
        at: (F,) weights to evaluate next.
        best: (F,) the best evaluated so far.
        value: log likelihood there.
        gain: what the step from there was expected to bring; the climb is over when that is next to nothing.
    """

    at: Floats
    best: Floats
    value: float
    gain: float

    def step(self, here: Slope) -> Climb:
        """On from an evaluation at `at`; back half the way if it went down."""
        if not here.value >= self.value:
            return Climb((self.at + self.best) / 2, self.best, self.value, self.gain)
        move = np.linalg.solve(here.curvature, here.gradient)
        return Climb(self.at + move, self.at, here.value, float(here.gradient @ move))


def foot(width: int) -> Climb:
    """Where a climb begins: no alternative is likelier than another."""
    return Climb(np.zeros(width), np.zeros(width), -np.inf, np.inf)
