"""How many turns a conversation has: `phases` phases, each turn ending one with chance p = phases / mean.

The number is negative binomial: P(N = n) = C(n - 1, r - 1) p^r (1 - p)^(n - r), n = r, r + 1, ..
"""

from __future__ import annotations

import numpy as np
from scipy import special

from maitred.envs.scenario import Floats, Ints


def log_likelihood(turns: Ints, closed: np.ndarray[tuple[int], np.dtype[np.bool_]], p: float, phases: int) -> Floats:
    """(C,) log chance of each contact's turns; of more than that where it did not run to its end."""
    mass, above = _table(int(turns.max(initial=0)), p, phases)
    with np.errstate(divide="ignore"):
        return np.where(closed, np.log(mass[turns]), np.log(above[turns]))


def expected(turns: Ints, closed: np.ndarray[tuple[int], np.dtype[np.bool_]], p: float, phases: int) -> Floats:
    """(C,) turns, or where cut off their expected number given that there were more."""
    top = int(turns.max(initial=0))
    mass, above = _table(top, p, phases)
    below = np.cumsum(np.arange(top + 1) * mass)
    further = (phases / p - below) / np.maximum(above, 1e-300)
    return np.where(closed, turns, further[turns])


def _table(top: int, p: float, phases: int) -> tuple[Floats, Floats]:
    """P(N = n) and P(N > n) for n = 0..top."""
    n = np.arange(top + 1)
    ways = special.gammaln(np.maximum(n, 1)) - special.gammaln(phases) - special.gammaln(np.maximum(n - phases, 0) + 1)
    mass = np.where(n >= phases, np.exp(ways + phases * np.log(p) + (n - phases) * np.log1p(-p)), 0.0)
    return mass, special.betainc(np.maximum(n - phases + 1, 1e-12), phases, 1 - p) * (n >= phases) + (n < phases)
