"""One-step estimators of a policy's value, each as (n,) rows whose mean is the estimate.

The standard deviation of the rows over sqrt(n) is the standard error: exactly that of a mean where the estimator is
one, to first order (delta method) where it is self-normalised. Intervals and paired differences are built on rows.
w is the importance weight, r the reward, q the model's prediction for the chosen candidate and v(x) the model's value
of the target policy in the decision's context. Self-normalised rows are NaN where all weights are 0.
"""

from __future__ import annotations

import numpy as np

from maitred.training.ope.logged import Floats, Integers, Logged, LoggedError


def direct_method(log: Logged) -> Floats:
    """The model alone, v(x). Dudik, Langford and Li 2011, sec. 2; biased as the model is."""
    return log.q_target


def inverse_propensity(log: Logged) -> Floats:
    """Plain importance sampling, w r. Horvitz and Thompson 1952, "A generalization of sampling"."""
    return log.weights * log.reward


def clipped_inverse_propensity(log: Logged, most: float) -> Floats:
    """Weights no larger than `most`, min(w, most) r. Ionides 2008, "Truncated importance sampling"."""
    return clipped(log.weights, most) * log.reward


def self_normalised(log: Logged) -> Floats:
    """SNIPS, sum w r / sum w. Swaminathan and Joachims 2015, "The self-normalized estimator"."""
    return _ratio_rows(log.weights * log.reward, log.weights)


def doubly_robust(log: Logged) -> Floats:
    """Model plus weighted residual, v(x) + w (r - q). Dudik, Langford and Li 2011, "Doubly robust"."""
    return _corrected(log, log.weights)


def self_normalised_doubly_robust(log: Logged) -> Floats:
    """SNDR, mean v(x) + sum w (r - q) / sum w. Thomas and Brunskill 2016, weighted doubly robust at one step."""
    return log.q_target + _ratio_rows(log.weights * (log.reward - log.q_chosen), log.weights)


def clipped_doubly_robust(log: Logged, most: float) -> Floats:
    """Doubly robust with min(w, most). Su et al. 2020, "Doubly robust OPE with shrinkage" (pessimistic)."""
    return _corrected(log, clipped(log.weights, most))


def switch_doubly_robust(log: Logged, most: float) -> Floats:
    """The model alone where w > `most`. Wang, Agarwal and Dudik 2017, "Optimal and adaptive OPE"."""
    return _corrected(log, switched(log.weights, most))


def shrunk_doubly_robust(log: Logged, shrinkage: float) -> Floats:
    """Doubly robust with optimistic shrinkage (DRos), w / (1 + w^2 / shrinkage). Su et al. 2020, as above."""
    return _corrected(log, shrunk(log.weights, shrinkage))


def sub_gaussian(log: Logged, tilt: float) -> Floats:
    """Importance sampling with w / (1 - tilt + tilt w). Metelli, Russo and Restelli 2021, "Subgaussian importance"."""
    return harmonic(log.weights, tilt) * log.reward


def sub_gaussian_doubly_robust(log: Logged, tilt: float) -> Floats:
    """Doubly robust with the sub-Gaussian weight. Metelli, Russo and Restelli 2021, as above."""
    return _corrected(log, harmonic(log.weights, tilt))


def marginalised(log: Logged, cluster: Integers) -> Floats:
    """MIPS: w(x, e) r with the weight of the chosen candidate's cluster e. Saito and Joachims 2022, "Embeddings".

    Unbiased where the reward depends on the candidate through its cluster alone.

    Args:
        log: with the behaviour policy's probabilities.
        cluster: (n, K) int64, the embedding of each candidate, as a number from 0; that of masked places is not used.

    Raises:
        LoggedError: the behaviour policy's probabilities were not logged.
    """
    if log.behaviour is None:
        raise LoggedError("behaviour: expected the behaviour policy's probabilities of all candidates, found none")
    same = cluster == cluster[np.arange(len(log)), log.chosen][:, None]
    weights = (log.target * same).sum(axis=1) / (log.behaviour * same).sum(axis=1)
    rows: Floats = weights * log.reward
    return rows


def clipped(weights: Floats, most: float) -> Floats:
    """(n,) weights of at most `most`."""
    return np.minimum(weights, most)


def switched(weights: Floats, most: float) -> Floats:
    """(n,) weights, 0 where they exceed `most`."""
    return np.where(weights <= most, weights, 0)


def shrunk(weights: Floats, shrinkage: float) -> Floats:
    """(n,) weights w / (1 + w^2 / shrinkage), which minimise a bound of the squared error; untouched at infinity."""
    return weights / (1 + weights**2 / shrinkage)


def harmonic(weights: Floats, tilt: float) -> Floats:
    """(n,) weights w / (1 - tilt + tilt w) with tilt in [0, 1]: bounded by 1 / tilt, untouched at 0."""
    below = 1 - tilt + tilt * weights
    return np.divide(weights, below, out=np.zeros_like(weights), where=below > 0)


def _corrected(log: Logged, weights: Floats) -> Floats:
    return log.q_target + weights * (log.reward - log.q_chosen)


def _ratio_rows(numerator: Floats, denominator: Floats) -> Floats:
    """(n,) rows of sum over sum: the ratio plus each row's first-order contribution to its error."""
    if not denominator.any():
        return np.full(len(numerator), np.nan)
    ratio = numerator.sum() / denominator.sum()
    return np.asarray(ratio + (numerator - ratio * denominator) / denominator.mean())
