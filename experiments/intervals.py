"""Confidence intervals of ratios from independent episodes, and of shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, t


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval."""

    estimate: float
    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Whether a value lies inside, the ends included."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        """The two ends."""
        return f"({self.low:.5g}, {self.high:.5g})"


def ratio_interval(numerators: NDArray[np.float64], denominators: NDArray[np.float64], level: float = 0.99) -> Interval:
    """Interval of E[numerator] / E[denominator] from independent episodes.

    The estimate is sum over sum; its error is that of the mean of numerator - ratio x denominator (delta method),
    with Student's t over the episodes.

    Args:
        numerators: (E,) one sum per episode.
        denominators: (E,) likewise, of positive total.
        level: confidence level in (0, 1).
    """
    episodes = len(numerators)
    ratio = float(numerators.sum() / denominators.sum())
    error = np.std(numerators - ratio * denominators, ddof=1) / np.sqrt(episodes) / denominators.mean()
    half = float(t.ppf((1 + level) / 2, episodes - 1) * error)
    return Interval(ratio, ratio - half, ratio + half)


def share_interval(hits: int, n: int) -> tuple[float, float]:
    """Two-sided 95 % interval of a share of which `hits` of `n` were seen (Clopper and Pearson 1934)."""
    low = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0
    return float(low), float(high)
