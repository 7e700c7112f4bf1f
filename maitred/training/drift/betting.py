"""Evidence of a change by bets that are fair, or worse, as long as nothing changed.

An e-detector of the Shiryaev-Roberts kind (Shin, Ramdas and Rinaldo 2024, "E-detectors: a nonparametric framework for
sequential change detection"): its evidence grows by at most 1 a case on average while nothing changed, whatever the
distribution, so an alarm at evidence c comes at most once in c cases on average.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STAKES = (0.05, 0.1, 0.2, 0.4, 0.8)  # shares of the capital that are bet side by side


def evidence(gains: Floats, tolerance: float = 0.0) -> Floats:
    """Evidence after each case that the mean gain has become more than the tolerance.

    M(t) = (M(t - 1) + 1) (1 + stake (gain - tolerance)), averaged over stakes.

    Args:
        gains: (N, ...) float64 in [-1, 1]; streams side by side along further axes.
        tolerance: a mean gain up to this is no change, 0 to 0.2.

    Returns:
        (N, ...) float64, 0 or more.

    Raises:
        ValueError: a gain or the tolerance is out of range.
    """
    if gains.size and not np.abs(gains).max() <= 1:
        raise ValueError(f"gains: expected numbers from -1 to 1, found {np.abs(gains).max()}")
    if not 0 <= tolerance <= 0.2:
        raise ValueError(f"tolerance: expected a number from 0 to 0.2, found {tolerance}")
    stakes = np.array(STAKES).reshape(-1, *[1] * (gains.ndim - 1))
    capital, found = np.zeros((len(STAKES), *gains.shape[1:])), np.zeros_like(gains)
    for t, gain in enumerate(gains):
        capital = np.minimum((capital + 1) * (1 + stakes * (gain - tolerance)), 1e300)
        found[t] = capital.mean(axis=0)
    return found


def two_sided(gains: Floats, tolerance: float = 0.0) -> Floats:
    """Evidence that the mean gain has left [-tolerance, tolerance], either way."""
    return (evidence(gains, tolerance) + evidence(-gains, tolerance)) / 2


def first_alarm(found: Floats, cases_per_alarm: float) -> int | None:
    """The first case, from 1, after which (N,) evidence reaches one false alarm in so many cases; None if none."""
    reached = np.flatnonzero(found >= cases_per_alarm)
    return int(reached[0]) + 1 if len(reached) else None
