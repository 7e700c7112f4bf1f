"""Drift of what a policy sees, of what it earns, and of what it expects (GV-7).

Three streams of bets, one case at a time: that a classifier can tell a case from one of the reference, that rewards
differ from what was predicted, and that outcomes differ from the chances that were stated. Cases are taken to be
exchangeable while nothing drifts: compare a shift with the same hours of reference days, not a night with a noon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.training.drift.betting import evidence, first_alarm, two_sided
from maitred.training.drift.logistic import fit_logistic

Floats = NDArray[np.float64]

BLOCK = 200  # cases after which the classifier is fitted anew
MEMORY = 1000  # latest cases that it is fitted to
RIDGE = 5.0
SIGNALS = ("features", "reward", "calibration")


@dataclass(frozen=True, slots=True)
class Cases:
    """N cases in the order they came.

    Attributes:
        features: (N, F) float64, in any units.
        reward: (N,) float64, what came of each.
        predicted: (N,) float64, what was expected, in the same unit.
        chance: (N,) float64 in 0..1, stated of an outcome.
        outcome: (N,) bool, whether it came.
    """

    features: Floats
    reward: Floats
    predicted: Floats
    chance: Floats
    outcome: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Drift:
    """What a monitor found.

    Attributes:
        evidence: (N,) float64 by signal.
        alarm: by signal, the case, from 1, at which drift was found; None where it was not.
    """

    evidence: dict[str, Floats]
    alarm: dict[str, int | None]


def monitor(reference: Cases, now: Cases, cases_per_alarm: float, seed: int, tolerance: float = 0.02) -> Drift:
    """Watch cases for drift from a reference.

    Args:
        reference: cases from before, of which half is for fitting and half for comparison.
        now: cases to watch.
        cases_per_alarm: at most one false alarm in so many cases on average, the three signals together.
        seed: of the split and of which cases are compared.
        tolerance: mean deviation that counts as none: of an outcome from its chance, and of rewards from predictions
            as a share of the range between the 0.5 % and 99.5 % quantiles of reference residuals.
    """
    found = {
        "features": evidence(feature_gains(reference.features, now.features, seed)),
        "reward": two_sided(reward_gains(reference, now), tolerance),
        "calibration": two_sided(now.outcome - now.chance, tolerance),
    }
    limit = cases_per_alarm * len(SIGNALS)
    return Drift(found, {signal: first_alarm(found[signal], limit) for signal in SIGNALS})


def feature_gains(reference: Floats, now: Floats, seed: int) -> Floats:
    """(N,) in {-1, 0, 1}: whether the classifier ranks a case of now above one of the reference, or below.

    The classifier is fitted to cases before the one that is bet on, so without drift either is as likely: sequential
    two-sample testing by betting (Podkopaev and Ramdas 2023, "Sequential predictive two-sample and independence
    testing"). 0 until the first block is full.

    Args:
        reference: (M, F) float64, 4 or more.
        now: (N, F) float64.
        seed: of the split of the reference.

    Raises:
        ValueError: the reference is too small.
    """
    if len(reference) < 4:
        raise ValueError(f"reference: expected 4 cases or more, found {len(reference)}")
    rng = np.random.default_rng(seed)
    mean, scale = reference.mean(axis=0), np.maximum(reference.std(axis=0), 1e-9)
    shuffled = ((reference - mean) / scale)[rng.permutation(len(reference))].clip(-10, 10)
    cases = ((now - mean) / scale).clip(-10, 10)
    fitted, compared = np.array_split(shuffled, 2)
    gains = np.zeros(len(now))
    for start in range(BLOCK, len(now), BLOCK):
        past, block = cases[max(start - MEMORY, 0) : start], cases[start : start + BLOCK]
        x, label = np.vstack([past, fitted]), np.arange(len(past) + len(fitted)) < len(past)
        beta, _ = fit_logistic(x, label, RIDGE)
        others = compared[rng.integers(len(compared), size=len(block))]
        gains[start : start + BLOCK] = np.sign((block - others) @ beta)
    return gains


def reward_gains(reference: Cases, now: Cases) -> Floats:
    """(N,) in [-1, 1]: rewards less predictions, less the mean of that in the reference, over the reference's range."""
    before = reference.reward - reference.predicted
    low, high = np.quantile(before, [0.005, 0.995])
    reach = max(high - low, 1e-9)
    usual = (before / reach).clip(low / reach - 0.5, high / reach + 0.5)
    gains = ((now.reward - now.predicted) / reach).clip(low / reach - 0.5, high / reach + 0.5) - usual.mean()
    return np.asarray(gains.clip(-1, 1))
