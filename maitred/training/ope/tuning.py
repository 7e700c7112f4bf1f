"""Which clipping, switching, shrinkage or tilt: chosen from the log itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from scipy.stats import t as student

from maitred.training.ope.logged import Floats, Logged

Reweight: TypeAlias = Callable[[Floats, float], Floats]
Estimator: TypeAlias = Callable[[Logged, float], Floats]

_LEPSKI = np.sqrt(6) - 1


def tuned_by_intervals(log: Logged, estimator: Estimator, parameters: Sequence[float], alpha: float = 0.1) -> float:
    """SLOPE: the narrowest interval that still meets all wider ones. Su, Srinath and Krishnamurthy 2020.

    With the constant sqrt(6) - 1 of Tucker and Lee 2021, "Improved estimator selection for off-policy evaluation", and
    Student's t for the half-widths.

    Args:
        log: to tune on.
        estimator: rows for a parameter.
        parameters: to choose from.
        alpha: each half-width is exceeded with about this probability.
    """
    rows = [estimator(log, parameter) for parameter in parameters]
    value = np.array([r.mean() for r in rows])
    half = student.ppf(1 - alpha, len(log) - 1) * np.array([r.std() for r in rows]) / np.sqrt(len(log) - 1)
    widest_first = np.argsort(half)[::-1]
    for place, i in enumerate(widest_first[1:], 1):
        wider = widest_first[:place]
        if (np.abs(value[wider] - value[i]) > half[i] + _LEPSKI * half[wider]).any():
            return float(parameters[widest_first[place - 1]])
    return float(parameters[widest_first[-1]])


def tuned_by_error(
    log: Logged, estimator: Estimator, reweight: Reweight, parameters: Sequence[float], alpha: float = 0.1
) -> float:
    """The least bound of the squared error: variance plus squared bias bound. Su et al. 2020, sec. 5.

    The bias bound is what reweighting changed on the log, plus Bernstein's deviation of the untouched weights.

    Args:
        log: to tune on; the estimator is taken to be doubly robust if any `q` is not 0.
        estimator: rows for a parameter.
        reweight: the weights it uses.
        parameters: to choose from.
        alpha: the bias exceeds its bound with at most this probability.
    """
    w, n, spread = log.weights, len(log), np.log(2 / alpha)
    deviation = np.sqrt(2 * (w**2).mean() * spread / n) + 2 * w.max() * spread / (3 * n)

    def score(parameter: float) -> float:
        changed = (w - reweight(w, parameter)) * (log.reward - log.q_chosen)
        return float(estimator(log, parameter).var() / n + (abs(changed.mean()) + deviation) ** 2)

    return min(parameters, key=score)
