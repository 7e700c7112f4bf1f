"""From a curve of staffing to shifts that add up to it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from maitred.envs.scenario import Floats, Ints


def rounded(curve: Floats) -> Ints:
    """Round a staffing curve (N,) up or down at the fraction that best keeps the day's agent hours."""
    cuts = np.linspace(0.01, 0.99, 99)
    whole = np.floor(curve + 1 - cuts[:, None])
    best = np.abs(whole.sum(axis=1) - curve.sum()).argmin()
    return np.asarray(whole[best], dtype=np.int64)


def shifts_of(need: Ints, longest: int) -> Ints:
    """Decompose a staffing curve into shifts that add up to it.

    Whoever came first leaves first, which keeps shifts of like length; after `longest` periods somebody else
    takes over.

    Args:
        need: (N,) agents on duty in each period.
        longest: periods of the longest shift.

    Returns:
        (S, 3) rows of first period, end period and agents.
    """
    came: list[int] = []
    shifts: Counter[tuple[int, int]] = Counter()
    for period, change in enumerate(np.diff(need, prepend=0, append=0)):
        due = sum(start <= period - longest for start in came)
        leaving = max(due, -int(change))
        shifts.update((start, period) for start in came[:leaving])
        came = came[leaving:] + [period] * (int(change) + leaving)
    return np.array([(*shift, n) for shift, n in sorted(shifts.items())], dtype=np.int64).reshape(-1, 3)
