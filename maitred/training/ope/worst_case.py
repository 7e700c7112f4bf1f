"""Bounds that imagine one unseen decision of the worst kind and weigh all decisions at random: the default.

A log from a policy that rarely explores holds few decisions with a large weight, and what they happened to earn says
little: twelve of them that all succeeded are likely even where one in five fails. Intervals that know the log alone
(normal, bootstrap, empirical likelihood) then miss far more often than they say. Here one decision more is imagined,
with the largest weight there could be and the worst reward, and the n + 1 are weighted by a uniform draw from the
simplex. The bound is a quantile of the weighted mean over those draws: for 0/1 rewards of equal weight it is exactly
Clopper and Pearson's, and that it never misses more than alpha is conjectured for bounded rows in general.

Gaffke 2005, "Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable";
Learned-Miller and Thomas 2019, "A new confidence interval for the mean of a bounded random variable". Used here on
w (r - v), which has mean 0 where v is the policy's value: that makes it the bound of a self-normalised estimator. No
draws are needed. A uniform draw from the simplex is n + 1 exponential variables over their sum, so "the weighted mean
is at most v" is "a weighted sum of exponentials is at most 0", whose chance has a saddlepoint approximation: the
bound of one success in twelve is 3 % too low, of more it is nearer. The saddlepoint equation is that of empirical
likelihood (Owen 1988): this is its signed root, calibrated to higher order.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from maitred.training.ope.intervals import ALPHA, Bounds
from maitred.training.ope.logged import Floats, Logged

STRICT, MID_P = 1.0, 0.5

_CENTRE = 1e-4  # standard normal distance below which Lugannani and Rice's formula loses its digits
_TOLERANCE = 1e-10  # of a bound, in ranges of the reward
_CONVERGED, _FAR = 1e-7, 0.25  # of Newton's decrement


def self_normalised_bounds(
    log: Logged, reward_range: tuple[float, float], alpha: float = ALPHA, caution: float = STRICT
) -> Bounds:
    """Bounds of the value from weights and rewards alone.

    Args:
        log: whose `q` is not used; its `largest_weight` is the imagined decision's.
        reward_range: the lowest and the highest reward there could be.
        alpha: of each bound.
        caution: chance with which the imagined decision's reward is the worst there could be, otherwise it is the
            best. `STRICT` is Gaffke's bound; `MID_P` (Lancaster 1961) misses alpha on average over like cases, so
            more in some and less in others.
    """
    return _bounds(log.weights * log.reward, log.weights, reward_range, log.largest_weight, alpha, caution)


def doubly_robust_bounds(
    log: Logged, reward_range: tuple[float, float], alpha: float = ALPHA, caution: float = STRICT
) -> Bounds:
    """Bounds of the value from the residuals of the model: nearer to the truth the better the model is.

    The imagined decision's prediction is what the model says on average of the decisions that make the estimate
    uncertain, weighted by the square of their weights. That is no worst case, so the bound rests on a model whose
    predictions at large weights do not hide where it is wrong; with predictions of 0, or any other constant, it is
    that of `self_normalised_bounds`.

    Args:
        log: with cross-fitted predictions; its `largest_weight` is the imagined decision's.
        reward_range: the lowest and the highest reward there could be.
        alpha: of each bound.
        caution: as in `self_normalised_bounds`.
    """
    centre, predicted = float(log.q_target.mean()), uncertain_prediction(log)
    numerator = log.weights * (log.reward - log.q_chosen) + log.q_target - centre
    residuals = (reward_range[0] - predicted, reward_range[1] - predicted)
    found = _bounds(numerator, log.weights, residuals, log.largest_weight, alpha, caution)
    low, high = np.clip((centre + found.low, centre + found.high), *reward_range)
    return Bounds(float(low), float(high))


def uncertain_prediction(log: Logged) -> float:
    """Prediction averaged over the behaviour policy's choices with w^2: over what weighting leaves unsure."""
    if not log.weights.any():
        return float(log.q_target.mean())
    if log.possible_weights is None:
        return float(np.average(log.q_chosen, weights=log.weights**2))
    return float(np.average(log.q, weights=log.target * log.possible_weights))


def _bounds(
    numerator: Floats,
    denominator: Floats,
    extremes: tuple[float, float],
    heaviest: float,
    alpha: float,
    caution: float,
) -> Bounds:
    """Of E[numerator] / E[denominator], with one row more that has the heaviest denominator and an extreme ratio."""
    least, most = extremes
    low = _lower(numerator, denominator, (least, most), heaviest, alpha, caution)
    return Bounds(low, -_lower(-numerator, denominator, (-most, -least), heaviest, alpha, caution))


def _lower(
    numerator: Floats,
    denominator: Floats,
    extremes: tuple[float, float],
    heaviest: float,
    alpha: float,
    caution: float,
) -> float:
    """The value at which the weighted mean lies on its other side with probability alpha."""
    weights = np.append(denominator, heaviest)
    worst, best = (np.append(numerator, heaviest * extreme) for extreme in extremes)

    def excess(value: float) -> float:
        chance = caution * chance_below_zero(worst - value * weights)
        if caution < 1:
            chance += (1 - caution) * chance_below_zero(best - value * weights)
        return chance - alpha

    least, most = extremes[0], float(best.sum() / weights.sum())
    if most <= least or excess(most) <= 0:
        return max(most, least)
    away = 4 * float(np.sqrt(((worst - most * weights) ** 2).sum()) / weights.sum())
    while (below := most - away) > least and excess(below) >= 0:
        away *= 2
    if below <= least and excess(least) >= 0:
        return least
    tolerance = _TOLERANCE * (extremes[1] - extremes[0]) + np.finfo(float).tiny
    return float(brentq(excess, max(below, least), most, xtol=tolerance))


def chance_below_zero(rows: Floats) -> float:
    """Probability that the mean of `rows`, weighted by a uniform draw from the simplex, is at most 0.

    With the worst possible row among them, this is the p-value of "the mean is at most 0". Lugannani and Rice 1980,
    "Saddle point approximation for the distribution of the sum of independent random variables", for the sum of
    rows_i E_i with E_i exponential, whose cumulants are K(t) = -sum log(1 - t rows_i).

    Args:
        rows: (n,) finite.
    """
    if rows.min() >= 0 or rows.max() <= 0:
        return 0.0 if rows.min() >= 0 else 1.0
    t = _saddlepoint(rows)
    root = np.sign(t) * np.sqrt(2 * max(np.log1p(-t * rows).sum(), 0.0))
    if abs(root) < _CENTRE:
        return 0.5
    scale = t * np.sqrt(((rows / (1 - t * rows)) ** 2).sum())
    return float(norm.cdf(root) + norm.pdf(root) * (1 / root - 1 / scale))


def _saddlepoint(rows: Floats) -> float:
    """Where K'(t) = sum rows / (1 - t rows) is 0, by Newton's method.

    K is self-concordant, so steps shortened by 1 + decrement stay where it is finite (Nesterov and Nemirovskii 1994).
    """
    t = 0.0
    while True:
        tilted = rows / (1 - t * rows)
        slope, curvature = tilted.sum(), (tilted**2).sum()
        decrement = abs(slope) / np.sqrt(curvature)
        if decrement < _CONVERGED:
            return float(t)
        t -= slope / curvature / (1 + decrement * (decrement > _FAR))
