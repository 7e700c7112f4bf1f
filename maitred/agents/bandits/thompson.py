"""Thompson sampling: each candidate with the posterior probability that it is the best.

Agrawal and Goyal 2013, "Thompson sampling for contextual bandits with linear payoffs". That probability has no closed
form, so it is the share of a number of posterior samples of the candidates' rewards in which the candidate wins, and
the draw is from these shares: what is logged is the distribution drawn from, not an estimate of it. Under one shared
regression the candidates' rewards are dependent; under disjoint ones they are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from maitred.agents.bandits.compiler import compiled
from maitred.agents.bandits.draws import Keys, Legal, draw_one, uniform
from maitred.agents.bandits.online import OnlineRidge, score
from maitred.agents.bandits.ridge import Floats, Ridge

POOL = 1 << 16  # normals to take samples from, at a place that the decision's key tells


@dataclass(frozen=True)
class Thompson:
    """How LinTS explores.

    Attributes:
        spread: factor on the posterior's standard deviation.
        samples: posterior samples, so a propensity is a multiple of 1 / samples.
        seed: of the samples.
    """

    spread: float = 1.0
    samples: int = 64
    seed: int = 0

    def probabilities(self, ridge: Ridge, x: Floats, mask: Legal, key: Keys) -> Floats:
        """(B, K) float64, the share of posterior samples in which each candidate is the best."""
        p, scale = np.empty(mask.shape), self.spread * ridge.noise
        mean, normals = ridge.mean(x), self._normals(mask.shape[1])
        if len(ridge.b) == 1:
            _wins_of_all(mean, ridge.covariance(x, mask), mask, scale, normals, self.samples, key, p)
        else:
            _independent_wins_of_all(mean, ridge.width(x, mask), mask, scale, normals, self.samples, key, p)
        return p

    def choose(self, state: OnlineRidge, x: Floats, legal: Legal, key: np.uint64) -> tuple[int, float]:
        """A candidate of one decision, and its probability."""
        chosen: tuple[int, float] = _choose(
            state.inverse,
            state.weights,
            state.residual,
            x,
            legal,
            self.spread,
            self._normals(len(legal)),
            self.samples,
            key,
        )
        return chosen

    def _normals(self, places: int) -> Floats:
        return _pool(self.seed, POOL + self.samples * places)


@cache
def _pool(seed: int, size: int) -> Floats:
    return np.random.default_rng(np.random.SeedSequence(seed)).standard_normal(size)


@compiled
def _independent_wins(
    mean: Floats,
    width: Floats,
    legal: Legal,
    scale: float,
    normals: Floats,
    samples: int,
    key: np.uint64,
    p: Floats,
) -> None:
    """Fill the probabilities (K,) of one decision whose candidates' rewards are independent."""
    p[:] = 0
    at = int(uniform(key, 1) * POOL)
    for _ in range(samples):
        highest, winner = -np.inf, 0
        for k in range(len(legal)):
            if legal[k]:
                value = mean[k] + scale * width[k] * normals[at + k]
                if value > highest:
                    highest, winner = value, k
        p[winner] += 1 / samples
        at += len(legal)


@compiled
def _wins(
    mean: Floats,
    root: Floats,
    legal: Legal,
    scale: float,
    normals: Floats,
    samples: int,
    key: np.uint64,
    p: Floats,
) -> None:
    """Fill the probabilities (K,) of one decision whose candidates' rewards have covariance root root' scale^2."""
    p[:] = 0
    at = int(uniform(key, 1) * POOL)
    for _ in range(samples):
        highest, winner = -np.inf, 0
        for k in range(len(legal)):
            if legal[k]:
                value = 0.0
                for j in range(k + 1):
                    value += root[k, j] * normals[at + j]
                value = mean[k] + scale * value
                if value > highest:
                    highest, winner = value, k
        p[winner] += 1 / samples
        at += len(legal)


@compiled
def _cholesky(covariance: Floats) -> None:
    """Replace a (K, K) covariance, singular or not, by its lower Cholesky factor."""
    K = len(covariance)
    for j in range(K):
        for i in range(j, K):
            s = covariance[i, j]
            for m in range(j):
                s -= covariance[i, m] * covariance[j, m]
            if i > j:
                covariance[i, j] = s / covariance[j, j] if covariance[j, j] > 0 else 0.0
            else:
                covariance[j, j] = np.sqrt(s) if s > 1e-12 * covariance[j, j] else 0.0  # below is rounding


@compiled
def _wins_of_all(
    mean: Floats,
    covariance: Floats,
    mask: Legal,
    scale: float,
    normals: Floats,
    samples: int,
    key: Keys,
    p: Floats,
) -> None:
    for row in range(len(mask)):
        _cholesky(covariance[row])
        _wins(mean[row], covariance[row], mask[row], scale, normals, samples, key[row], p[row])


@compiled
def _independent_wins_of_all(
    mean: Floats,
    width: Floats,
    mask: Legal,
    scale: float,
    normals: Floats,
    samples: int,
    key: Keys,
    p: Floats,
) -> None:
    for row in range(len(mask)):
        _independent_wins(mean[row], width[row], mask[row], scale, normals, samples, key[row], p[row])


@compiled
def _choose(
    inverse: Floats,
    weights: Floats,
    residual: Floats,
    x: Floats,
    legal: Legal,
    spread: float,
    normals: Floats,
    samples: int,
    key: np.uint64,
) -> tuple[int, float]:
    K = len(legal)
    mean, p = np.zeros(K), np.empty(K)
    scale = spread * np.sqrt(residual[0] / residual[1])
    if len(weights) == 1:
        half = x @ inverse[0]
        covariance = half @ x.T
        for k in range(K):
            if not legal[k]:
                covariance[k], covariance[:, k] = 0, 0
        mean[:] = x @ weights[0]
        _cholesky(covariance)
        _wins(mean, covariance, legal, scale, normals, samples, key, p)
    else:
        width = np.empty(K)
        score(inverse, weights, x, legal, mean, width)
        _independent_wins(mean, width, legal, scale, normals, samples, key, p)
    return draw_one(p, key)
