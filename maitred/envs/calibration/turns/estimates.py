"""Fitted figures with their standard errors and 95 % intervals, for the kinds of data that recur."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import stats

from maitred.envs.calibration.arrivals import Estimate
from maitred.envs.scenario import Floats

Estimates = Mapping[str, Estimate]  # by name of type, channel, bot, ...; those that the log says nothing of are absent
Z95 = 1.959963984540054


def normal(value: float, se: float, low: float = -np.inf, high: float = np.inf) -> Estimate:
    """An estimate whose error is normal, its interval kept within low..high."""
    return Estimate(float(value), float(se), max(float(value - Z95 * se), low), min(float(value + Z95 * se), high))


def log_normal(value: float, log_se: float) -> Estimate:
    """A positive estimate the error of whose logarithm is normal."""
    spread = np.exp(Z95 * log_se)
    return Estimate(float(value), float(value * log_se), float(value / spread), float(value * spread))


def share(hits: float, trials: float) -> Estimate:
    """A share of trials, which need not be whole, with Wilson's interval (Wilson 1927)."""
    p, z2 = hits / trials, Z95**2
    middle, width = (p + z2 / (2 * trials)) / (1 + z2 / trials), Z95 / (1 + z2 / trials)
    half = width * np.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2))
    return Estimate(float(p), float(np.sqrt(p * (1 - p) / trials)), float(middle - half), float(middle + half))


def shares(hits: Mapping[str, float], trials: Mapping[str, float]) -> dict[str, Estimate]:
    """The share of each name that had trials."""
    return {name: share(hits[name], n) for name, n in trials.items() if n > 0}


def exponential_mean(total_s: float, events: int) -> Estimate:
    """Mean of exponential times of which some are censored: time at risk over events (chi-square interval)."""
    mean = total_s / events
    low, high = 2 * total_s / stats.chi2.ppf([0.975, 0.025], 2 * events)
    return Estimate(float(mean), float(mean / np.sqrt(events)), float(low), float(high))


def mean(values: Floats) -> Estimate:
    """A mean, its error from the spread of the values."""
    se = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.inf
    return normal(float(values.mean()), float(se))
