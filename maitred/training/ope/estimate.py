"""A policy's value from a log, or why the log cannot tell.

The point is self-normalised doubly robust, the bounds are those with one unseen decision of the worst kind
(`worst_case.py`); `experiments.ope.coverage` measures why.
"""

from __future__ import annotations

from dataclasses import dataclass

from maitred.training.ope.estimators import self_normalised_doubly_robust
from maitred.training.ope.intervals import ALPHA
from maitred.training.ope.logged import Logged
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
    """

    value: float
    low: float
    high: float
    alpha: float
    support: Support
    propensity_estimated: bool


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
    log: Logged, reward_range: tuple[float, float] | None = None, alpha: float = ALPHA
) -> Estimate | CannotTell:
    """The target policy's value with its bounds, or a refusal.

    Args:
        log: decisions that are independent of each other, or nearly so.
        reward_range: the lowest and the highest reward there could be; of the logged rewards by default.
        alpha: of each bound.
    """
    found = support(log)
    if reasons := reasons_to_refuse(found):
        return CannotTell(reasons, found)
    low, high = doubly_robust_bounds(log, reward_range or (float(log.reward.min()), float(log.reward.max())), alpha)
    value = float(self_normalised_doubly_robust(log).mean())
    return Estimate(value, min(low, value), max(high, value), alpha, found, log.propensity_estimated)
