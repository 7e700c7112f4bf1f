"""Partial pooling: how far each estimate is drawn towards the many, as the data of all decide.

Three small empirical-Bayes fits: crossed normal effects (REML), shares (beta-binomial) and one set of
means (DerSimonian-Laird). Axes: A agents, T types.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from maitred.envs.scenario import Floats

_ROUNDS = 200
_CONVERGED = 1e-10


@dataclass(frozen=True)
class CrossedEffects:
    """Cell values mu_t + a_i + b_it with their prediction errors, and the variance components."""

    value: Floats  # (A, T) best linear unbiased predictions
    se: Floats  # (A, T) standard error of prediction
    type_mean: Floats  # (T,) generalised-least-squares means
    variance: Floats  # (2,) of the agent effect a and the interaction b
    variance_se: Floats  # (2,) from the expected information


def fit_crossed(mean: Floats, error_variance: Floats) -> CrossedEffects:
    """Fit y_it = mu_t + a_i + b_it + e_it with known var(e_it) by restricted maximum likelihood.

    Fisher scoring on the two variances; the covariance is one T x T block per agent, so the cost grows with
    A, not A^2. Patterson and Thompson 1971; Searle, Casella and McCulloch 1992, chapters 6 (REML
    equations) and 7 (prediction).

    Args:
        mean: (A, T) cell means; whatever stands in cells without data is ignored.
        error_variance: (A, T) variance of each cell mean, inf for cells without data.

    Raises:
        ValueError: a type without data.
    """
    precision = 1 / error_variance
    if not (precision > 0).any(axis=0).all():
        raise ValueError("every type needs a cell with data")
    y = np.where(precision > 0, mean, 0.0)
    variance = np.full(2, 0.1 * y[precision > 0].var())
    for _ in range(_ROUNDS):
        score, information = _score(y, precision, variance)
        stepped = np.maximum(variance + np.linalg.pinv(information) @ score, 0.0)
        done = np.abs(stepped - variance).max() < _CONVERGED
        variance = stepped
        if done:
            break
    information = _score(y, precision, variance)[1]
    return _predict(y, precision, variance, np.sqrt(np.diag(np.linalg.pinv(information))))


def _solve(y: Floats, precision: Floats, variance: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return G (T, T), W = (G + D)^-1 (A, T, T), the covariance of mu (T, T) and mu (T,)."""
    size = y.shape[1]
    g = variance[0] * np.ones((size, size)) + variance[1] * np.eye(size)
    # (I + D^-1 G)^-1 D^-1 is the same inverse, but allows cells without data: their precision is 0.
    w = np.linalg.solve(np.eye(size) + precision[:, :, None] * g, precision[:, :, None] * np.eye(size))
    covariance = np.linalg.inv(w.sum(axis=0))
    return g, w, covariance, covariance @ np.einsum("ast,at->s", w, y)


def _score(y: Floats, precision: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return the REML score (2,) and expected information (2, 2) of the variances."""
    _, w, c, mu = _solve(y, precision, variance)
    q = np.einsum("ast,at->as", w, y - mu)
    derivatives = (np.ones((y.shape[1],) * 2), np.eye(y.shape[1]))
    wv = [w @ v for v in derivatives]
    m = [(x @ w).sum(axis=0) for x in wv]
    score, information = np.empty(2), np.empty((2, 2))
    for i, v in enumerate(derivatives):
        trace = np.einsum("ass->", wv[i]) - np.trace(c @ m[i])
        score[i] = 0.5 * (np.einsum("as,st,at->", q, v, q) - trace)
        for j in range(2):
            product = wv[i] @ wv[j]
            twice = np.einsum("ass->", product) - 2 * np.trace(c @ (product @ w).sum(axis=0))
            information[i, j] = 0.5 * (twice + np.trace(c @ m[i] @ c @ m[j]))
    return score, information


def _predict(y: Floats, precision: Floats, variance: Floats, variance_se: Floats) -> CrossedEffects:
    g, w, covariance, mu = _solve(y, precision, variance)
    gain = g @ w
    keep = np.eye(len(mu)) - gain
    error = g - gain @ g + keep @ covariance @ np.swapaxes(keep, 1, 2)
    value = mu + np.einsum("ast,at->as", gain, y - mu)
    se = np.sqrt(np.einsum("ass->as", error))
    return CrossedEffects(value, se, mu, variance, variance_se)


def pooled_shares(hits: Floats, trials: Floats) -> Floats:
    """Return the posterior mean shares, (A,), under a beta prior fitted to all (beta-binomial likelihood).

    Args:
        hits: (A,) successes.
        trials: (A,) trials; where 0, the share is the prior mean.
    """
    if hits.sum() in (0, trials.sum()):
        return np.full(len(hits), float(hits.sum() > 0))

    def loss(log_prior: Floats) -> float:
        a, b = np.exp(log_prior)
        return float(-(special.betaln(a + hits, b + trials - hits) - special.betaln(a, b)).sum())

    overall = hits.sum() / trials.sum()
    start = np.log(20 * np.array([overall, 1 - overall]))
    bounds = [(-7.0, 14.0)] * 2  # equal shares have their maximum at infinity
    a, b = np.exp(optimize.minimize(loss, start, method="L-BFGS-B", bounds=bounds).x)
    return np.asarray((a + hits) / (a + b + trials), dtype=float)


def shrunk_means(mean: Floats, error_variance: Floats) -> tuple[Floats, float, float]:
    """Shrink independent means towards their common mean.

    DerSimonian and Laird 1986: the variance between from Cochran's Q, which under equal means is
    chi-square with one degree less than there are means.

    Args:
        mean: (K,) estimates.
        error_variance: (K,) their variances; inf where there is no estimate.

    Returns:
        The shrunk means less their common mean (K,), the standard deviation between, and Q.
    """
    weight = 1 / error_variance
    mean = np.where(weight > 0, mean, 0.0)
    off = mean - weight @ mean / weight.sum()
    q = float(weight @ off**2)
    freedom = np.count_nonzero(weight) - 1
    spread = weight.sum() - weight @ weight / weight.sum()
    between = max(0.0, (q - freedom) / spread) if freedom > 0 else 0.0
    return off * between * weight / (between * weight + 1), between**0.5, q
