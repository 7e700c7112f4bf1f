"""The difference of two ratios over the same episodes, with its interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate and the bounds of its two-sided confidence interval, all of one shape."""

    value: Floats
    low: Floats
    high: Floats


def pooled(ratios: Floats) -> Floats:
    """(...,) sum of numerators over sum of denominators of (E, ..., 2) ratios; NaN where that is 0 / 0."""
    numerator, denominator = np.moveaxis(ratios.sum(axis=0), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value: Floats = numerator / denominator
    return value


def paired_difference(ratios: Floats, reference: Floats, confidence: float = 0.95) -> Interval:
    """Pooled ratio minus pooled reference ratio, paired by episode.

    Delta method (Cochran 1977, "Sampling Techniques", ch. 6, for one ratio): a pooled ratio R = sum n / sum d
    differs from its limit by the mean of (n_e - R d_e) / mean(d), to first order. Both policies meet the same
    episodes, so these residuals are subtracted episode by episode before their variance is taken, and what the
    day did to both cancels. Quantiles are Student's with E - 1 degrees of freedom. A bootstrap over episodes
    would rest on the same E values and is known to be narrow at small E; this also is exact arithmetic: the
    interval of a policy against itself is 0 to 0, and no seed is needed to reproduce it.

    Args:
        ratios: (E, ..., 2) numerators and denominators per episode, E at least 2.
        reference: the same for the reference, on the same episodes.
        confidence: coverage of each interval on its own.

    Returns:
        Values and bounds of shape (...).
    """
    episodes = len(ratios)
    residual = _residual(ratios) - _residual(reference)
    value = pooled(ratios) - pooled(reference)
    half = student.ppf((1 + confidence) / 2, episodes - 1) * residual.std(axis=0, ddof=1) / np.sqrt(episodes)
    return Interval(value, value - half, value + half)


def _residual(ratios: Floats) -> Floats:
    """(E, ...) first-order contribution of each episode to its pooled ratio."""
    with np.errstate(invalid="ignore", divide="ignore"):
        residual: Floats = (ratios[..., 0] - pooled(ratios) * ratios[..., 1]) / ratios[..., 1].mean(axis=0)
    return residual
