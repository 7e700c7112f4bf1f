"""Rewards predicted for every candidate of every decision, none from a model that saw that decision's reward.

Cross-fitting (Chernozhukov et al. 2018, "Double/debiased machine learning"): decisions are dealt into folds, and each
fold is predicted by a model of the others. Without it, doubly robust estimates are biased towards what the model has
learned by heart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from maitred.training.ope.logged import Floats, Integers, LoggedError

FOLDS = 5

Features: TypeAlias = NDArray[np.floating]
Predict: TypeAlias = Callable[[Features], Floats]
Fit: TypeAlias = Callable[[Features, Floats], Predict]


def cross_fitted(features: Features, chosen: Integers, reward: Floats, fold: Integers, fit: Fit) -> Floats:
    """(n, K) float64, predicted reward of every candidate, held to the range of the logged rewards.

    Args:
        features: (n, K, F), of every candidate with its context (`joined`); those of masked places are not looked at
            by any estimator.
        chosen: (n,) int64, its place.
        reward: (n,) float64.
        fold: (n,) int64 of each decision, at least two different ones (`folds`).
        fit: learns from (m, F) features and (m,) rewards, and predicts (..., F).

    Raises:
        LoggedError: all decisions are in one fold.
    """
    if len(np.unique(fold)) < 2:
        raise LoggedError(f"fold: expected at least two folds, found one of {len(fold)} decisions")
    taken = features[np.arange(len(features)), chosen]
    predicted = np.empty(features.shape[:2])
    for part in np.unique(fold):
        held = fold == part
        predicted[held] = fit(taken[~held], reward[~held])(features[held])
    return predicted.clip(reward.min(), reward.max())


def folds(cluster: Integers, count: int = FOLDS, seed: int = 0) -> Integers:
    """(n,) int64, a fold from 0 for each decision; decisions of one cluster, such as a day, stay together.

    Args:
        cluster: (n,) int64, any numbers; `np.arange(n)` where every decision stands for itself.
        count: number of folds.
        seed: of the dealing.
    """
    named, place = np.unique(cluster, return_inverse=True)
    dealt = np.arange(len(named)) % count
    np.random.default_rng(np.random.SeedSequence(seed)).shuffle(dealt)
    return dealt[place]


def joined(context: Features, candidates: Features) -> Features:
    """(n, K, C + F + 1): a constant, the context and the candidate's own features."""
    n, places, _ = candidates.shape
    constant = np.ones((n, places, 1), candidates.dtype)
    along = np.broadcast_to(context[:, None], (n, places, context.shape[1]))
    return np.concatenate([constant, along.astype(candidates.dtype), candidates], axis=2)


def ridge(penalty: float = 1.0) -> Fit:
    """Ridge regression on standardised features and a constant. Hoerl and Kennard 1970, "Ridge regression".

    Args:
        penalty: on squared coefficients, in decisions.
    """

    def fit(x: Features, y: Floats) -> Predict:
        mean, std = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
        scale = np.where(std > 0, std, 1.0)
        z = (x - mean) / scale
        slope = np.linalg.solve(z.T @ z + penalty * np.eye(x.shape[1]), z.T @ (y - y.mean())) / scale
        level = float(y.mean() - mean @ slope)
        return lambda features: np.asarray(features @ slope + level, np.float64)

    return fit
