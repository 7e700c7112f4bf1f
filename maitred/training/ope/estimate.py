"""A policy's value from a log, or why the log cannot tell.

The point is self-normalised doubly robust, the bounds are those with one unseen decision of the worst kind
(`worst_case.py`); `experiments.ope.coverage` measures why. Where decisions come in days, the bounds are widened by what
days vary (`clusters.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from maitred.training.ope.clusters import LEAST_CLUSTERS, count_clusters, widening
from maitred.training.ope.estimators import self_normalised_doubly_robust
from maitred.training.ope.intervals import ALPHA
from maitred.training.ope.logged import Integers, Logged
from maitred.training.ope.support import Support, reasons_to_refuse, support
from maitred.training.ope.worst_case import doubly_robust_bounds


@dataclass(frozen=True)
class Estimate:
    """What a policy would have earned per decision, in the unit of the reward.

    Attributes:
        value: the estimate.
        low: one-sided lower confidence bound.
        high: one-sided upper confidence bound.
        alpha: probability with which each bound misses.
        support: diagnostics of the weights.
        propensity_estimated: the propensities were fitted, and no bound accounts for that.
        clusters: days, or the like, that the bounds take for independent; None where it is decisions.
        widening: what the bounds' distances were multiplied by for that; 1 where it is decisions.
    """

    value: float
    low: float
    high: float
    alpha: float
    support: Support
    propensity_estimated: bool
    clusters: int | None = None
    widening: float = 1.0


@dataclass(frozen=True)
class CannotTell:
    """No estimate: the log has too little support for this policy.

    Attributes:
        reasons: what was expected and found, at least one.
        support: diagnostics of the weights.
    """

    reasons: tuple[str, ...]
    support: Support


def estimate(
    log: Logged,
    reward_range: tuple[float, float] | None = None,
    alpha: float = ALPHA,
    cluster: Integers | None = None,
) -> Estimate | CannotTell:
    """The target policy's value with its bounds, or a refusal.

    Args:
        log: decisions.
        reward_range: the lowest and the highest reward there could be; of the logged rewards by default.
        alpha: of each bound.
        cluster: (n,) int64, the day of each decision, or whatever is independent of the rest; None only where the
            decisions themselves are.

    Raises:
        LoggedError: not a cluster for each decision.
    """
    found = support(log)
    clusters = None if cluster is None else count_clusters(log, cluster)
    if reasons := (*reasons_to_refuse(found), *_too_few(clusters)):
        return CannotTell(reasons, found)
    extremes = reward_range or (float(log.reward.min()), float(log.reward.max()))
    low, high = doubly_robust_bounds(log, extremes, alpha)
    value = float(self_normalised_doubly_robust(log).mean())
    wider = 1.0 if cluster is None else widening(log, cluster, alpha)
    low = min(max(value - wider * (value - low), extremes[0]), value)
    high = max(min(value + wider * (high - value), extremes[1]), value)
    return Estimate(value, low, high, alpha, found, log.propensity_estimated, clusters, wider)


def _too_few(clusters: int | None) -> tuple[str, ...]:
    if clusters is None or clusters >= LEAST_CLUSTERS:
        return ()
    return (f"days that are independent of each other: expected at least {LEAST_CLUSTERS}, found {clusters}",)
