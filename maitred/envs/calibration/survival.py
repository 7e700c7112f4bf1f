"""Waits of which many end by an answer: survival curves from censored data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.envs.scenario import Floats

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class SurvivalCurve:
    """A step function of time, (K,) each: the value holds from its time until the next."""

    time_s: Floats  # times of events, increasing
    at_risk: Floats
    events: Floats
    survival: Floats  # Kaplan-Meier
    lower: Floats  # 95 % bounds
    upper: Floats
    cumulative_hazard: Floats  # Nelson-Aalen
    cumulative_hazard_se: Floats


def survival_curve(time_s: Floats, event: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> SurvivalCurve:
    """Estimate survival and cumulative hazard from right-censored times.

    Kaplan and Meier 1958; Greenwood 1926 for the variance, its interval on log(-log S) so that it
    stays in [0, 1] (Kalbfleisch and Prentice 2002, chapter 1); Nelson-Aalen with variance sum d / n^2 (Aalen
    1978).

    Args:
        time_s: (n,) waits.
        event: (n,) true where the customer abandoned, false where the answer came first.
    """
    times, index = np.unique(time_s, return_inverse=True)
    ended = np.bincount(index, minlength=len(times))
    at_risk = (len(time_s) - np.cumsum(ended) + ended).astype(float)
    events = np.bincount(index, event, len(times)).astype(float)
    keep = events > 0
    times, at_risk, events = times[keep], at_risk[keep], events[keep]
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):  # the last value may be 0: no interval there
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        width = np.exp(_Z95 * np.sqrt(greenwood) / np.log(survival))
        lower, upper = np.fmin(survival, survival ** (1 / width)), np.fmax(survival, survival**width)
    hazard = np.cumsum(events / at_risk)
    hazard_se = np.sqrt(np.cumsum(events / at_risk**2))
    return SurvivalCurve(times, at_risk, events, survival, lower, upper, hazard, hazard_se)


def survival_at(curve: SurvivalCurve, time_s: Floats) -> Floats:
    """Return the survival at `time_s`, the same shape."""
    index = np.searchsorted(curve.time_s, time_s, side="right")
    return np.concatenate([[1.0], curve.survival])[index]


def quantile_s(curve: SurvivalCurve, share: float) -> float:
    """Return the time by which `share` have abandoned; inf if the curve never comes so low."""
    reached = np.flatnonzero(curve.survival <= 1 - share + 1e-12)
    return float(curve.time_s[reached[0]]) if len(reached) else np.inf
