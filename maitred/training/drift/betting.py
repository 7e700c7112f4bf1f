"""Evidence of a change by bets that are fair, or worse, as long as nothing changed.

An e-detector of the Shiryaev-Roberts kind (Shin, Ramdas and Rinaldo 2024, "E-detectors: a nonparametric framework for
sequential change detection"): its evidence grows by at most 1 a bet on average while nothing changed, whatever the
distribution, so an alarm at evidence c comes at most once in c bets on average.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

POWERS = (0.1, 0.2, 0.4, 0.6, 0.8)  # bets side by side; the smaller, the more on the smallest ranks


def evidence(ranks: Floats) -> Floats:
    """Evidence after each of N ranks, uniform and independent while nothing changed, that they have become small.

    M(t) = (M(t - 1) + 1) b(r) with the power bet b(r) = e r^(e - 1), whose mean is 1 where r is uniform, averaged over
    powers e (Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world", ch. 7).

    Args:
        ranks: (N,) float64 from 0 to 1.

    Raises:
        ValueError: a rank is out of range.
    """
    if ranks.size and not (ranks.min() >= 0 and ranks.max() <= 1):
        raise ValueError(f"ranks: expected numbers from 0 to 1, found {ranks.min()} to {ranks.max()}")
    powers, found = np.array(POWERS), np.zeros_like(ranks)
    capital = np.zeros(len(powers))
    for t, rank in enumerate(ranks):
        capital = np.minimum((capital + 1) * powers * max(float(rank), 1e-12) ** (powers - 1), 1e300)
        found[t] = capital.mean()
    return found


def first_alarm(found: Floats, bets_per_alarm: float) -> int | None:
    """The first bet, from 1, after which (N,) evidence reaches one false alarm in so many bets; None if none."""
    reached = np.flatnonzero(found >= bets_per_alarm)
    return int(reached[0]) + 1 if len(reached) else None
