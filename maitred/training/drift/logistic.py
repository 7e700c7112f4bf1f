"""Ridge logistic regression of two balanced classes, by Newton's method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEWTON_STEPS = 4  # from zero, with a ridge: further steps move scores by less than their noise


def fit_logistic(features: Floats, label: NDArray[np.bool_], ridge: float) -> tuple[Floats, float]:
    """Coefficients and intercept that tell label 1 from label 0, each class with half of the weight.

    Iteratively re-weighted least squares (McCullagh and Nelder 1989, ch. 4) with a ridge on the coefficients (le
    Cessie and van Houwelingen 1992).

    Args:
        features: (n, F) float64.
        label: (n,) bool, both values occurring.
        ridge: penalty on half the squared coefficients, positive.

    Returns:
        (F,) coefficients and the intercept, of the log odds.
    """
    x = np.hstack([features, np.ones((len(features), 1))])
    share = np.where(label, 0.5 / label.sum(), 0.5 / (~label).sum()) * len(label)
    penalty = np.append(np.full(features.shape[1], ridge), 1e-9)
    beta = np.zeros(x.shape[1])
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-x @ beta))
        gradient = x.T @ (share * (label - p)) - penalty * beta
        curvature = (x * (share * p * (1 - p))[:, None]).T @ x
        curvature[np.diag_indices_from(curvature)] += penalty
        beta += np.linalg.solve(curvature, gradient)
    return beta[:-1], float(beta[-1])
