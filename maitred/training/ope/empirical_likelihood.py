"""Empirical likelihood with the one thing known of importance weights: their mean is 1.

Karampatziakis, Langford and Mineiro 2020, "Empirical likelihood for contextual bandits", in the Cressie-Read family
of power -2, whose profile is quadratic. Among all reweightings p of the n decisions and one unseen decision (weight at
either end of its range, reward at the end that hurts), with sum p = 1 and sum p w = 1, the bound is the least value
sum p w r whose distance (n + 1) sum (p - 1/(n + 1))^2 (n + 1) exceeds the least possible one by no more than the
F quantile. Geometrically: regress w r on w over the n + 1 decisions, predict at w = 1, and go down by what is left of
the budget in standard errors of the residual.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import f as fisher

from maitred.training.ope.intervals import ALPHA, Bounds
from maitred.training.ope.logged import Floats, Logged


def cressie_read_bounds(
    log: Logged,
    reward_range: tuple[float, float],
    alpha: float = ALPHA,
    weight_range: tuple[float, float] | None = None,
) -> Bounds:
    """Bounds of the value from weights and rewards.

    Args:
        log: whose `q` is not used.
        reward_range: the lowest and the highest reward there could be.
        alpha: of each bound.
        weight_range: the smallest and the largest importance weight there could be; 0 and that of the logged decisions'
            candidates by default. 1 must lie between them.
    """
    weights, value = log.weights, log.weights * log.reward
    lightest, heaviest = weight_range or (0.0, max(log.largest_weight, 1 + 1e-9))
    budget = fisher.isf(2 * alpha, 1, len(log)) + _distance(
        np.append(weights, heaviest if weights.mean() < 1 else lightest)
    )
    ends = (lightest, heaviest)
    low = min(_lower(np.append(weights, w), np.append(value, w * reward_range[0]), budget) for w in ends)
    high = -min(_lower(np.append(weights, w), np.append(-value, -w * reward_range[1]), budget) for w in ends)
    return Bounds(float(np.clip(low, *reward_range)), float(np.clip(high, *reward_range)))


def _distance(weights: Floats) -> float:
    """How far the weights must be tilted to have mean 1: their squared t statistic about 1, variance over n."""
    return float(len(weights) * (1 - weights.mean()) ** 2 / weights.var())


def _lower(weights: Floats, value: Floats, budget: float) -> float:
    """The least sum p value within the budget."""
    off = 1 - weights.mean()
    slope = np.mean((weights - weights.mean()) * value) / weights.var()
    residual = value - value.mean() - slope * (weights - weights.mean())
    left = max(budget - _distance(weights), 0.0)
    return float(value.mean() + slope * off - np.sqrt((residual**2).mean() * left / len(weights)))
