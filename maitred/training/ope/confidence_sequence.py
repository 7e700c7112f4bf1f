"""Bounds that may be looked at after every decision, and acted on at any of these looks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from maitred.training.ope.betting import capital, ruled_out, variance_before
from maitred.training.ope.intervals import ALPHA, Bounds
from maitred.training.ope.logged import Floats, Logged


class RunningBounds(NamedTuple):
    """Bounds after each row: with probability 1 - alpha none of the n lower ones, or of the upper ones, ever misses."""

    low: Floats
    high: Floats


def asymptotic(rows: Floats, alpha: float = ALPHA, tightest_at: int | None = None) -> RunningBounds:
    """Asymptotic confidence sequence, one-sided on each side.

    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, "Time-uniform central limit theory": mean -+
    s sqrt(2 (t rho^2 + 1) / (t rho)^2 log(1 + sqrt(t rho^2 + 1) / (2 alpha))). As with every interval that rests on a
    limit theorem, the first bounds are not to be relied on: start to look after some hundred decisions.

    Args:
        rows: (n,) of an estimator that is a mean, in order of time.
        alpha: of each side.
        tightest_at: number of rows at which the bounds are as near as they can be; n by default.
    """
    t = np.arange(1, len(rows) + 1)
    mean = rows.cumsum() / t
    spread = np.sqrt(np.maximum((rows**2).cumsum() / t - mean**2, 0))
    odds = -2 * np.log(2 * alpha)
    rho2 = (odds + np.log(odds) + 1) / (tightest_at or len(rows))
    half = spread * np.sqrt(2 * (t * rho2 + 1) / (t**2 * rho2) * np.log1p(np.sqrt(t * rho2 + 1) / (2 * alpha)))
    return RunningBounds(mean - half, mean + half)


def anytime(log: Logged, alpha: float = ALPHA) -> Bounds:
    """Bounds of the value of rewards in [0, 1] that hold at every number of decisions, without a limit theorem.

    Betting on weighted rewards as in Waudby-Smith et al. 2022, "Anytime-valid off-policy inference", with stakes
    sqrt(2 log(1/alpha) / (variance t log(1 + t))) that know nothing of the sample's size. What holds for n decisions
    holds for any first part of them: the sequence is this function of each.

    Args:
        log: in order of time.
        alpha: of each side.
    """
    low = _lower(log.weights * log.reward, alpha)
    return Bounds(low, 1 - _lower(log.weights * (1 - log.reward), alpha))


def _lower(rows: Floats, alpha: float) -> float:
    t, luck = np.arange(1, len(rows) + 1), np.log(1 / alpha)
    stakes = np.sqrt(2 * luck / (variance_before(rows) * t * np.log1p(t)))
    return ruled_out(max(1.0, rows.mean()), lambda mean: capital(rows, stakes, mean).max() >= luck)
