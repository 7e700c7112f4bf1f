"""One-sided confidence bounds of a mean from independent rows.

Both bounds of an answer hold on their own, each missing with probability `alpha`: together they are an interval of
confidence 1 - 2 alpha. Rows are those of an estimator (`estimators.py`); a bound of rows that are no plain mean is
asymptotic whatever the bound.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from maitred.training.ope.logged import Floats

ALPHA = 0.05
RESAMPLES = 2_000


class Bounds(NamedTuple):
    """A lower and an upper bound, each one-sided."""

    low: float
    high: float


def normal(rows: Floats, alpha: float = ALPHA) -> Bounds:
    """Mean -+ z s / sqrt(n), by the central limit theorem."""
    return _around(rows, norm.ppf(1 - alpha))


def students_t(rows: Floats, alpha: float = ALPHA) -> Bounds:
    """Mean -+ t s / sqrt(n). Thomas, Theocharous and Ghavamzadeh 2015, "High confidence off-policy evaluation"."""
    return _around(rows, student.ppf(1 - alpha, len(rows) - 1))


def _around(rows: Floats, quantile: float) -> Bounds:
    mean, half = float(rows.mean()), float(quantile * rows.std(ddof=1) / np.sqrt(len(rows)))
    return Bounds(mean - half, mean + half)


def hoeffding(rows: Floats, low: float, high: float, alpha: float = ALPHA) -> Bounds:
    """Mean -+ (high - low) sqrt(log(1/alpha) / 2n) of rows in [low, high]. Hoeffding 1963, theorem 2."""
    half = float((high - low) * np.sqrt(np.log(1 / alpha) / (2 * len(rows))))
    return Bounds(float(rows.mean()) - half, float(rows.mean()) + half)


def empirical_bernstein(rows: Floats, low: float, high: float, alpha: float = ALPHA) -> Bounds:
    """Of rows in [low, high]. Maurer and Pontil 2009, "Empirical Bernstein bounds", theorem 4.

    Mean -+ s sqrt(2 L / n) + 7 (high - low) L / (3 (n - 1)) with L = log(2 / alpha).
    """
    n, spread = len(rows), np.log(2 / alpha)
    half = float(np.sqrt(2 * rows.var(ddof=1) * spread / n) + 7 * (high - low) * spread / (3 * (n - 1)))
    return Bounds(float(rows.mean()) - half, float(rows.mean()) + half)


def bootstrap(
    numerator: Floats,
    denominator: Floats | None = None,
    alpha: float = ALPHA,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Bounds:
    """Percentiles of the mean, or of sum over sum, of rows drawn again. Efron 1979, "Bootstrap methods".

    Args:
        numerator: (n,) rows.
        denominator: (n,) of a self-normalised estimator; None for a mean.
        alpha: of each bound.
        resamples: number of resamples.
        seed: of the draws.
    """
    random, n = np.random.default_rng(np.random.SeedSequence(seed)), len(numerator)
    values = np.empty(resamples)
    for i in range(resamples):
        drawn = random.integers(n, size=n)
        values[i] = numerator[drawn].sum() / (n if denominator is None else denominator[drawn].sum())
    low, high = np.quantile(values, (alpha, 1 - alpha))
    return Bounds(float(low), float(high))
