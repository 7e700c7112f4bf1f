"""Decisions that depend on each other within days: what whole days say, and how much wider bounds must be for it.

Contacts of one day share its load, its staff and its surprises, and what one decision leaves behind the next ones
find. Taken for independent, a thousand such decisions seem to tell far more than they do. Days, or whatever the log was
cut into, are independent or nearly so, and there are as many pieces of evidence as there are of them.

Bounds that know only days have the weakness of all that know the log alone: the few decisions of large weight count for
what they happened to earn (`worst_case.py`). So the bounds that imagine an unseen decision are kept, and their
distances from the estimate grow by what days vary beyond independent decisions, the root of the design effect (Kish
1965, "Survey sampling", 5.4), and by Student's t for having seen so few days. `experiments.ope.dependence` measures
what that holds.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from maitred.training.ope.estimators import self_normalised_doubly_robust
from maitred.training.ope.intervals import ALPHA
from maitred.training.ope.logged import Floats, Integers, Logged, LoggedError

LEAST_CLUSTERS = 20  # below which their spread is not known well enough


def count_clusters(log: Logged, cluster: Integers) -> int:
    """How many different ones there are.

    Raises:
        LoggedError: not one for each decision.
    """
    if cluster.shape != (len(log),):
        raise LoggedError(f"cluster: expected shape {(len(log),)}, one for each decision, found {cluster.shape}")
    return len(np.unique(cluster))


def widening(log: Logged, cluster: Integers, alpha: float = ALPHA) -> float:
    """What the distances of per-decision bounds from the estimate are to be multiplied by; at least 1.

    Args:
        log: decisions.
        cluster: (n,) int64, the day of each, or whatever is independent of the rest; any numbers, at least two.
        alpha: of each bound.
    """
    rows, days = self_normalised_doubly_robust(log), count_clusters(log, cluster)
    independent = float(rows.std(ddof=1) / np.sqrt(len(rows)))
    effect = clustered_error(log, cluster) / independent if independent > 0 else 1.0
    return max(effect, 1.0) * float(student.ppf(1 - alpha, days - 1) / norm.ppf(1 - alpha))


def clustered_error(log: Logged, cluster: Integers) -> float:
    """Standard error of the self-normalised doubly robust value, by the jackknife over clusters.

    Each cluster is left out in turn, which gives D values theta_d: sqrt((D - 1) / D sum (theta_d - mean)^2). Miller
    1974, "The jackknife: a review"; it errs on the side of too large (Efron and Stein 1981).
    """
    days = count_clusters(log, cluster)
    totals = _totals(log, np.unique(cluster, return_inverse=True)[1], days)
    without = _value(totals.sum(axis=0) - totals)
    return float(np.sqrt((days - 1) / days * ((without - without.mean()) ** 2).sum()))


def _totals(log: Logged, place: Integers, days: int) -> Floats:
    """(days, 4) sums by day: decisions, model's values of the target, weighted residuals, weights."""
    rows = (np.ones(len(log)), log.q_target, log.weights * (log.reward - log.q_chosen), log.weights)
    return np.stack([np.bincount(place, row, days) for row in rows], axis=1)


def _value(totals: Floats) -> Floats:
    """(D,) self-normalised doubly robust values of (D, 4) totals; without weights, the model's alone."""
    count, predicted, residual, weight = totals.T
    return np.asarray(predicted / count + np.divide(residual, weight, out=np.zeros_like(weight), where=weight > 0))
