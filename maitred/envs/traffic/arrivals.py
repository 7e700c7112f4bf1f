"""First attempts: doubly stochastic Poisson arrivals, and those that only an easy center would get."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr

from maitred.envs.scenario import DAY_S, Scenario
from maitred.envs.trace import ARRIVAL

Floats = NDArray[np.float64]


def busyness(scenario: Scenario, days: int, rng: np.random.Generator) -> Floats:
    """(days, N) factors of mean 1 on the arrival rates: a day factor times an AR(1) period factor."""
    a = scenario.arrivals
    periods = DAY_S // a.period_s
    day = _gamma_of_mean_one(a.day_factor_cv, rng.standard_normal((days, 1)))
    noise = rng.standard_normal((days, periods))
    noise[:, 1:] *= np.sqrt(1 - a.period_factor_ar1**2)
    return np.asarray(day * _gamma_of_mean_one(a.period_factor_cv, _autoregressive(noise, a.period_factor_ar1)))


@njit(cache=True, nogil=True)
def _autoregressive(noise: Floats, ar1: float) -> Floats:
    """(days, N) first-order autoregressive series of each row of innovations, x_n = ar1 x_(n-1) + noise_n."""
    x = noise.copy()
    for day in range(x.shape[0]):
        for n in range(1, x.shape[1]):
            x[day, n] += ar1 * x[day, n - 1]
    return x


def busy_rates(scenario: Scenario, day_types: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """(days, T, N) contacts per hour in each period of this episode: the profile times its busyness."""
    factors = busyness(scenario, len(day_types), rng)
    return np.asarray(scenario.arrivals.rate_per_h[day_types] * factors[:, None, :])


def poisson_arrivals(
    scenario: Scenario, rate_per_h: Floats, rng: np.random.Generator, key_rng: np.random.Generator
) -> NDArray[np.void]:
    """(N,) `ARRIVAL` records in time order of a Poisson process with the (days, T, N) rates."""
    period_s = scenario.arrivals.period_s
    counts = rng.poisson(rate_per_h * period_s / 3600)
    day, type_, period = np.nonzero(counts)
    repeats = counts[day, type_, period]
    start, type_ = np.repeat(day * DAY_S + period * period_s, repeats), np.repeat(type_, repeats)
    s = start + rng.random(len(start)) * period_s
    cumulative = scenario.types.priority_share.cumsum(axis=1)[type_, :-1]
    level = (rng.random(len(start))[:, None] > cumulative).sum(axis=1)
    order = np.argsort(s)
    arrivals = np.zeros(len(start), dtype=ARRIVAL)
    arrivals["s"], arrivals["type"], arrivals["level"] = s[order], type_[order], level[order]
    arrivals["key"] = key_rng.integers(0, 2**64, size=len(arrivals), dtype=np.uint64)
    return arrivals


def induced_arrivals(scenario: Scenario, rate_per_h: Floats, rng: np.random.Generator) -> NDArray[np.void]:
    """(N,) `ARRIVAL` records that come if ease is at least their mark `induced`, uniform on (0, 1].

    They are as many as the easiest center would get. At ease e the arrivals, ordinary ones included, are then
    Poisson with rate x (1 + elasticity x e) (thinning, Lewis and Shedler 1979).
    """
    if scenario.demand.elasticity == 0:
        return np.zeros(0, ARRIVAL)
    arrivals = poisson_arrivals(scenario, rate_per_h * scenario.demand.elasticity, rng, rng)
    arrivals["induced"] = 1 - rng.random(len(arrivals), dtype=np.float32)
    return arrivals


def in_time_order(ordinary: NDArray[np.void], *extra: NDArray[np.void]) -> NDArray[np.void]:
    """Streams of arrivals as one."""
    if not any(map(len, extra)):
        return ordinary
    arrivals = np.concatenate([ordinary, *extra])
    return arrivals[np.argsort(arrivals["s"], kind="stable")]


def _gamma_of_mean_one(cv: float, normal: Floats) -> Floats:
    if cv == 0:
        return np.ones_like(normal)
    return np.asarray(gammaincinv(cv**-2, ndtr(normal)) * cv**2)
