"""A/A: the gate has to call equals equal, and unequals unequal no more often than it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, kstest
from scipy.stats import t as student

NOMINAL, MOST = 0.05, 0.08  # false promotions at the level of 5 %, and what their upper bound may be
UNIFORM_P = 0.01  # of the Kolmogorov-Smirnov test that p-values are uniform
COMPARED = 200  # p-values that it is made of
CHUNK = 200  # exchanges at a time

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Relabelled:
    """What became of the gate's paired test when candidate and champion were exchanged at random.

    Attributes:
        times: how often.
        uniform_p: p-value of the p-values being uniform (Kolmogorov-Smirnov).
        rate: share of false promotions at the level of 5 %.
        rate_at_most: their upper 95 % bound (Clopper and Pearson 1934).
        p_values: (COMPARED,) float64, the first of them in increasing order.
    """

    times: int
    uniform_p: float
    rate: float
    rate_at_most: float
    p_values: Floats

    @property
    def holds(self) -> bool:
        """Whether the test does what it says on these very data."""
        return self.uniform_p > UNIFORM_P and self.rate_at_most <= MOST


def relabelled(differences: Floats, times: int, seed: int) -> Relabelled | None:
    """Exchange the labels of half of the pairs, on average, and test again: now there is nothing to find.

    Which of two policies is called the candidate is decided for each pair by a fair coin, which changes the sign of its
    difference. The null hypothesis then holds exactly, whatever the data, and p-values of a sound test are uniform.

    Args:
        differences: (n,) float64, candidate less champion, of each episode or decision; n at least 2.
        times: how often.
        seed: of the coins.

    Returns:
        None where the policies never differ, so that there is nothing to exchange.
    """
    if not differences.any():
        return None
    coins = np.random.default_rng(np.random.SeedSequence(seed))
    counts = [min(CHUNK, times - first) for first in range(0, times, CHUNK)]
    means = [coins.choice((-1.0, 1.0), (count, len(differences))) @ differences for count in counts]
    p_values = _p_values(np.concatenate(means) / len(differences), differences)
    found = int((p_values < NOMINAL).sum())
    at_most = float(beta.ppf(1 - NOMINAL, found + 1, times - found)) if found < times else 1.0
    compared = np.sort(p_values[:COMPARED])
    return Relabelled(times, float(kstest(compared, "uniform").pvalue), found / times, at_most, compared)


def _p_values(means: Floats, differences: Floats) -> Floats:
    """Of each mean being 0 or less (Student); signs change means, and leave the squares as they are."""
    n = len(differences)
    variance = np.maximum((differences**2).sum() - n * means**2, 0) / (n - 1)
    with np.errstate(divide="ignore"):
        return np.asarray(student.sf(means / np.sqrt(variance / n), n - 1))
