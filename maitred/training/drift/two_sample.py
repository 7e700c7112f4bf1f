"""Classifier two-sample test: if a classifier can tell now from before, something is different (AN-1).

Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests"; with the area under the ROC curve of cross-fitted
scores in the place of accuracy, it is a Mann-Whitney test on a learned score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata

from maitred.training.drift.logistic import fit_logistic

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TwoSample:
    """How well now can be told from before.

    Attributes:
        auc: chance that a held-out case of now scores above one of before; 0.5 where nothing differs.
        z: its distance from 0.5 in standard errors under the null, folds taken as dependent as they can be: two
            linear scores, each fitted on the half where the other is held out, say nearly the same.
        p: one-sided p-value of z; small where they differ.
    """

    auc: float
    z: float
    p: float


def two_sample(
    now: Floats, before: Floats, rng: np.random.Generator, *, ridge: float = 2.0, folds: int = 2
) -> TwoSample:
    """Test whether two samples come from the same distribution.

    Args:
        now: (n, F) float64, n >= folds.
        before: (m, F) float64, m >= folds.
        rng: draws the folds.
        ridge: penalty of the classifier.
        folds: each case is scored by a classifier that was fitted without its fold.

    Raises:
        ValueError: fewer cases than folds.
    """
    if min(len(now), len(before)) < folds:
        raise ValueError(f"expected at least {folds} cases of either sample, found {len(now)} and {len(before)}")
    x, label = np.vstack([now, before]), np.arange(len(now) + len(before)) < len(now)
    fold = np.concatenate([rng.permutation(np.arange(len(part)) % folds) for part in (now, before)])
    return _pooled([_fold(x, label, fold == held, ridge) for held in range(folds)])


def _fold(x: Floats, label: NDArray[np.bool_], held: NDArray[np.bool_], ridge: float) -> tuple[float, float, float]:
    """Wins of now over before among held-out cases, and their mean and variance under the null."""
    beta, _ = fit_logistic(x[~held], label[~held], ridge)
    return mann_whitney(x[held] @ beta, label[held])


def mann_whitney(score: Floats, label: NDArray[np.bool_]) -> tuple[float, float, float]:
    """U of label 1 over label 0, its mean n m / 2 and variance under the null, ties included (Lehmann 1975, ch. 1).

    Args:
        score: (N,) float64.
        label: (N,) bool.
    """
    n, m, total = int(label.sum()), int((~label).sum()), len(label)
    u = float(rankdata(score)[label].sum()) - n * (n + 1) / 2
    ties = np.unique(score, return_counts=True)[1].astype(np.float64)
    tied = float((ties**3 - ties).sum()) / (total * (total - 1)) if total > 1 else 0.0
    return u, n * m / 2, n * m / 12 * (total + 1 - tied)


def _pooled(folds: list[tuple[float, float, float]]) -> TwoSample:
    u, mean = sum(fold[0] for fold in folds), sum(fold[1] for fold in folds)
    error = sum(np.sqrt(fold[2]) for fold in folds)
    z = (u - mean) / error if error > 0 else 0.0
    return TwoSample(u / (2 * mean), float(z), float(ndtr(-z)))
