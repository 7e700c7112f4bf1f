"""SquareCB: each candidate with a probability that falls with the gap to the best expected reward.

Foster and Rakhlin 2020, "Beyond UCB: optimal and efficient contextual bandits with regression oracles", algorithm 1:
p_k = 1 / (K + gamma (m_best - m_k)) of K legal candidates, the best takes the rest. The learning rate gamma grows with
the square root of the rewards seen, as for a regression oracle whose regret grows slower than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.agents.bandits.compiler import compiled
from maitred.agents.bandits.draws import Keys, Legal, draw_one
from maitred.agents.bandits.online import OnlineRidge, score
from maitred.agents.bandits.ridge import Floats, Ridge


@dataclass(frozen=True)
class InverseGap:
    """How SquareCB explores.

    Attributes:
        gamma: learning rate after one reward, per standard deviation (estimated) of one reward.
    """

    gamma: float = 10.0

    def probabilities(self, ridge: Ridge, x: Floats, mask: Legal, key: Keys) -> Floats:
        """(B, K) float64, the probability of each candidate."""
        p = np.empty(mask.shape)
        _weighted_all(ridge.mean(x), mask, self.gamma * np.sqrt(1 + ridge.n) / ridge.noise, p)
        return p

    def choose(self, state: OnlineRidge, x: Floats, legal: Legal, key: np.uint64) -> tuple[int, float]:
        """A candidate of one decision, and its probability."""
        chosen: tuple[int, float] = _choose(state.inverse, state.weights, state.residual, x, legal, self.gamma, key)
        return chosen


@compiled
def _weighted(mean: Floats, legal: Legal, gamma: float, p: Floats) -> None:
    """Fill the probabilities (K,) of one decision."""
    highest, best, count = -np.inf, 0, 0
    for k in range(len(legal)):
        if legal[k]:
            count += 1
            if mean[k] > highest:
                highest, best = mean[k], k
    rest = 1.0
    for k in range(len(legal)):
        p[k] = 0.0
        if legal[k] and k != best:
            p[k] = 1 / (count + gamma * (highest - mean[k]))
            rest -= p[k]
    p[best] = rest


@compiled
def _weighted_all(mean: Floats, mask: Legal, gamma: float, p: Floats) -> None:
    for row in range(len(mask)):
        _weighted(mean[row], mask[row], gamma, p[row])


@compiled
def _choose(
    inverse: Floats, weights: Floats, residual: Floats, x: Floats, legal: Legal, gamma: float, key: np.uint64
) -> tuple[int, float]:
    mean, width, p = np.empty(len(legal)), np.empty(len(legal)), np.empty(len(legal))
    score(inverse, weights, x, legal, mean, width)
    _weighted(mean, legal, gamma * residual[1] / np.sqrt(residual[0]), p)
    return draw_one(p, key)
