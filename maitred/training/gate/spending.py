"""Looking more than once: how the error of a test is spent over looks, and the boundary that follows.

Under equal policies the z values of growing evidence are those of a Brownian motion seen at information fractions
t_1 < ... < t_L = 1. What share of paths has crossed a boundary by each look follows by integrating the density of
the paths that have not (Armitage, McPherson and Rowe 1969; Jennison and Turnbull 2000, ch. 19), here by
Gauss-Legendre quadrature, exact to about 1e-9. Boundaries come from a spending function (Lan and DeMets 1983), which
also serves where looks fall elsewhere than planned, or from a shape (Wang and Tsiatis 1987).

All tests are one-sided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

Floats = NDArray[np.float64]
Spending = Callable[[Floats, float], Floats]

SPENT = 0.95  # share of alpha that `late` spends

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_FAR = 9.0  # standard deviations beyond which no path is followed
_LEAST = 1e-15  # error that is not worth a boundary


def obrien_fleming(fractions: Floats, alpha: float) -> Floats:
    """(L,) error spent by each look, next to none early (Lan and DeMets 1983, alpha_1)."""
    spent: Floats = 2 * norm.sf(norm.isf(alpha / 2) / np.sqrt(fractions))
    return spent


def pocock(fractions: Floats, alpha: float) -> Floats:
    """(L,) error spent by each look, about equally (Lan and DeMets 1983, alpha_2)."""
    return alpha * np.log1p((np.e - 1) * fractions)


def late(fractions: Floats, alpha: float) -> Floats:
    """(L,) error spent by each look: 95 % of alpha t^8 (Kim and DeMets 1987), so that ten looks cost almost no power.

    The rest of alpha is kept for what normal quantiles leave out: with 40,000 decisions and weights of up to a hundred
    a test at 5 % promotes up to 5.1 % of equal policies.
    """
    return SPENT * alpha * fractions**8


def boundary(spending: Spending, fractions: Floats, alpha: float) -> Floats:
    """The z value that each look must exceed for an equal policy to be promoted with probability alpha in all.

    Args:
        spending: how much of alpha is spent by each fraction.
        fractions: (L,) float64 information at each look, increasing, the last 1 where all evidence is in.
        alpha: one-sided error in (0, 0.5).

    Returns:
        (L,) float64; infinite where nothing can be spent.

    Raises:
        ValueError: The fractions do not increase within (0, 1].
    """
    _check(fractions)
    found = np.full(len(fractions), np.inf)
    paths = _START
    for k, toll in enumerate(np.diff(spending(fractions, alpha), prepend=0.0)):
        time = float(fractions[k])
        if toll > _LEAST:
            found[k] = brentq(lambda z, p=paths, t=time, share=toll: _beyond(p, t, z) - share, -_FAR, _FAR, xtol=1e-12)
        paths = _below(paths, time, float(found[k]))
    return found


def shaped_boundary(exponent: float, fractions: Floats, alpha: float) -> Floats:
    """(L,) z values c t^(exponent - 1/2) with c such that alpha is spent in all (Wang and Tsiatis 1987).

    Exponent 0 is O'Brien and Fleming's boundary (1979), 1/2 is Pocock's (1977).
    """
    _check(fractions)
    shape = fractions ** (exponent - 0.5)
    constant = brentq(lambda c: crossing(c * shape, fractions).sum() - alpha, 0.0, _FAR, xtol=1e-12)
    return np.asarray(constant * shape)


def crossing(bounds: Floats, fractions: Floats, drift: float = 0.0) -> Floats:
    """(L,) probability of first crossing the boundary at each look.

    Args:
        bounds: (L,) float64 z values.
        fractions: (L,) float64 information at each look.
        drift: expected z at fraction 1: the true difference over its standard error with all rows in.
    """
    _check(fractions)
    crossed = np.zeros(len(fractions))
    paths = _START
    for k, (time, bound) in enumerate(zip(fractions.tolist(), bounds.tolist(), strict=True)):
        crossed[k] = _beyond(paths, time, bound, drift)
        paths = _below(paths, time, bound, drift)
    return crossed


@dataclass(frozen=True, eq=False)
class _Paths:
    """The paths that have not crossed: nodes of a quadrature, their masses, and the fraction they have come to."""

    at: Floats
    mass: Floats
    time: float


_START = _Paths(np.zeros(1), np.ones(1), 0.0)


def _beyond(paths: _Paths, time: float, z: float, drift: float = 0.0) -> float:
    """Mass of the paths whose z value exceeds a bound at a later fraction."""
    step = time - paths.time
    return float(paths.mass @ norm.sf((z * np.sqrt(time) - paths.at - drift * step) / np.sqrt(step)))


def _below(paths: _Paths, time: float, z: float, drift: float = 0.0) -> _Paths:
    """The paths that are below a bound at a later fraction."""
    step = time - paths.time
    expected = paths.at + drift * step
    low = float(expected.min() - _FAR * np.sqrt(time))
    high = min(z * np.sqrt(time), float(expected.max() + _FAR * np.sqrt(time)))
    at = (high - low) / 2 * _NODES + (high + low) / 2
    density = norm.pdf(at, expected[:, None], np.sqrt(step))
    return _Paths(at, (paths.mass @ density) * _WEIGHTS * (high - low) / 2, time)


def _check(fractions: Floats) -> None:
    if not (fractions[0] > 0 and (np.diff(fractions) > 0).all() and fractions[-1] <= 1):
        raise ValueError(f"fractions: expected increasing values in (0, 1], found {fractions.tolist()}")
