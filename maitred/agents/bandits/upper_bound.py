"""Optimism: the candidate of the highest upper confidence bound, over a floor of uniform exploration.

Li, Chu, Langford and Schapire 2010, "A contextual-bandit approach to personalized news article recommendation",
algorithm 1. The bound alone is deterministic; the floor gives every legal candidate a propensity of at least epsilon
over their number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.agents.bandits.compiler import compiled
from maitred.agents.bandits.draws import Keys, Legal, draw_one
from maitred.agents.bandits.online import OnlineRidge, score
from maitred.agents.bandits.ridge import Floats, Ridge


@dataclass(frozen=True)
class UpperBound:
    """How LinUCB explores.

    Attributes:
        alpha: width of the bound, in standard errors (with the estimated noise) of the expected reward.
        epsilon: probability of a uniform draw, in [0, 1].
    """

    alpha: float = 1.0
    epsilon: float = 0.05

    def probabilities(self, ridge: Ridge, x: Floats, mask: Legal, key: Keys) -> Floats:
        """(B, K) float64, the probability of each candidate; ties of the bound go to the lowest index."""
        p = np.empty(mask.shape)
        _highest_of_all(ridge.mean(x), ridge.width(x, mask), mask, self.alpha * ridge.noise, self.epsilon, p)
        return p

    def choose(self, state: OnlineRidge, x: Floats, legal: Legal, key: np.uint64) -> tuple[int, float]:
        """A candidate of one decision, and its probability."""
        chosen: tuple[int, float] = _choose(
            state.inverse, state.weights, state.residual, x, legal, self.alpha, self.epsilon, key
        )
        return chosen


@compiled
def _highest(mean: Floats, width: Floats, legal: Legal, alpha: float, epsilon: float, p: Floats) -> None:
    """Fill the probabilities (K,) of one decision."""
    highest, chosen, count = -np.inf, 0, 0
    for k in range(len(legal)):
        if legal[k]:
            count += 1
            bound = mean[k] + alpha * width[k]
            if bound > highest:
                highest, chosen = bound, k
    for k in range(len(legal)):
        p[k] = epsilon / count if legal[k] else 0.0
    p[chosen] += 1 - epsilon


@compiled
def _highest_of_all(mean: Floats, width: Floats, mask: Legal, alpha: float, epsilon: float, p: Floats) -> None:
    for row in range(len(mask)):
        _highest(mean[row], width[row], mask[row], alpha, epsilon, p[row])


@compiled
def _choose(
    inverse: Floats,
    weights: Floats,
    residual: Floats,
    x: Floats,
    legal: Legal,
    alpha: float,
    epsilon: float,
    key: np.uint64,
) -> tuple[int, float]:
    mean, width, p = np.empty(len(legal)), np.empty(len(legal)), np.empty(len(legal))
    score(inverse, weights, x, legal, mean, width)
    _highest(mean, width, legal, alpha * np.sqrt(residual[0] / residual[1]), epsilon, p)
    return draw_one(p, key)
