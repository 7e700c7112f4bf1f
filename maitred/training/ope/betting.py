"""A bettor against the mean: lower bounds that hold at every sample size.

Waudby-Smith and Ramdas 2023, "Estimating means of bounded random variables by betting"; for importance-weighted
rewards, which need no upper end, Waudby-Smith et al. 2022, "Anytime-valid off-policy inference for contextual bandits".
Whoever bets on the rows exceeding m and is no luckier than chance cannot multiply a capital of 1 to 1 / alpha with
more than probability alpha (Ville 1939): the means against which the capital got there are ruled out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from maitred.training.ope.intervals import ALPHA, Bounds
from maitred.training.ope.logged import Floats, Logged

_MOST = 0.5  # of the capital at stake, as a share of what a row of 0 would cost
_HALVINGS = 45
_PRIOR_MEAN, _PRIOR_VARIANCE = 0.5, 0.25  # of a row, before the first


def betting_bounds(log: Logged, alpha: float = ALPHA) -> Bounds:
    """Bounds of the value of rewards in [0, 1]; the upper one is 1 less the lower one of what was missed, 1 - r."""
    low = betting_lower(log.weights * log.reward, alpha)
    return Bounds(low, 1 - betting_lower(log.weights * (1 - log.reward), alpha))


def betting_lower(rows: Floats, alpha: float = ALPHA) -> float:
    """Lower bound of the mean of rows of 0 or more, with bets that suit the sample's size."""
    stakes = np.sqrt(2 * np.log(1 / alpha) / (len(rows) * variance_before(rows)))
    return ruled_out(rows.mean(), lambda mean: capital(rows, stakes, mean)[-1] >= np.log(1 / alpha))


def capital(rows: Floats, stakes: Floats, mean: float) -> Floats:
    """(n,) log of the capital after each row, betting `stakes` (n,) on rows above `mean`."""
    kept = np.minimum(stakes, _MOST / max(mean, 1e-12))
    log_capital: Floats = np.log1p(kept * (rows - mean)).cumsum()
    return log_capital


def variance_before(rows: Floats) -> Floats:
    """(n,) variance estimated from the rows before each: a bet must not know its own row."""
    after = np.arange(2, len(rows) + 2)
    mean = (_PRIOR_MEAN + rows.cumsum()) / after
    variance = (_PRIOR_VARIANCE + ((rows - mean) ** 2).cumsum()) / after
    return np.concatenate([[_PRIOR_VARIANCE], variance[:-1]])


def ruled_out(most: float, rejected: Callable[[float], bool]) -> float:
    """The largest mean from 0 to `most` that is rejected, by bisection; 0 where none is."""
    low, high = 0.0, max(float(most), 1e-9)
    if not rejected(1e-9):
        return 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rejected(middle) else (low, middle)
    return low
