"""A least-squares slope as a ratio of two sums, so that episodes can be pooled."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from maitred.envs.kpi import Ratio


def slope(x: ArrayLike, y: ArrayLike) -> Ratio:
    """Sum of (x - mean x) y, and sum of (x - mean x)^2, of (C,) values: y gained per unit of x.

    Pooled over episodes, the slope within episodes: what a whole day did to y cancels. With x of 0 and 1 it is the
    difference of two means. (0, 0) where x does not vary.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(x) == 0:
        return 0.0, 0.0
    centered = x - x.mean()
    return float(centered @ y), float(centered @ centered)
