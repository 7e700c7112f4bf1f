"""The same regressions one reward at a time: inverse and weights, kept by rank-one updates.

Sherman and Morrison 1950: (A + xx')^-1 = A^-1 - gg' / (1 + x'g) with g = A^-1 x; a decision and its update take
O(K d^2), and no system is ever solved. The state is written in place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.agents.bandits.compiler import compiled
from maitred.agents.bandits.draws import Legal
from maitred.agents.bandits.ridge import Floats, Ridge


@dataclass(frozen=True, eq=False)
class OnlineRidge:
    """R ridge regressions on d regressors in covariance form; mutable arrays.

    Attributes:
        inverse: (R, d, d) float64, A^-1.
        weights: (R, d) float64, in the unit of the reward.
        residual: (2,) float64, penalised residual squares and number of rewards, the prior's one included.
    """

    inverse: Floats
    weights: Floats
    residual: Floats

    @classmethod
    def of(cls, ridge: Ridge) -> OnlineRidge:
        """The state that goes on where a batch ended."""
        inverse = ridge.root.transpose(0, 2, 1) @ ridge.root
        return cls(inverse, ridge.weights.copy(), np.array([ridge.noise**2, 1.0]) * (1 + ridge.n))

    def ridge(self) -> Ridge:
        """The normal equations of this state."""
        A = np.linalg.inv(self.inverse).astype(np.float64, copy=False)
        b = (A @ self.weights[:, :, None])[:, :, 0]
        return Ridge(A, b, float(self.residual[0] + (b * self.weights).sum()), round(self.residual[1]) - 1)

    def learn(self, x: Floats, reward: float, regression: int = 0) -> None:
        """Add one reward of regressors (d,) to one regression."""
        _learn(self.inverse, self.weights, self.residual, x, reward, regression)


@compiled
def _learn(inverse: Floats, weights: Floats, residual: Floats, x: Floats, reward: float, regression: int) -> None:
    P, w = inverse[regression], weights[regression]
    d = len(x)
    gain = np.empty(d)
    spread, error = 1.0, reward
    for i in range(d):
        s = 0.0
        for j in range(d):
            s += P[i, j] * x[j]
        gain[i] = s
        spread += s * x[i]
        error -= w[i] * x[i]
    for i in range(d):
        share = gain[i] / spread
        w[i] += share * error
        for j in range(d):
            P[i, j] -= share * gain[j]
    residual[0] += error * error / spread
    residual[1] += 1


@compiled
def score(inverse: Floats, weights: Floats, x: Floats, legal: Legal, mean: Floats, width: Floats) -> None:
    """Fill means (K,) and widths (K,) of the legal candidates; x is (K, d) or (1, d), as the regressions K or 1."""
    d = x.shape[1]
    for k in range(len(legal)):
        if not legal[k]:
            continue
        r, row = min(k, len(weights) - 1), x[min(k, len(x) - 1)]
        P, w = inverse[r], weights[r]
        squared, m = 0.0, 0.0
        for i in range(d):
            below = 0.0
            for j in range(i):  # the inverse is symmetric: half of it tells all
                below += P[i, j] * row[j]
            squared += row[i] * (2 * below + P[i, i] * row[i])
            m += w[i] * row[i]
        mean[k], width[k] = m, np.sqrt(max(squared, 0.0))
