"""Bounds kept while learning: what breaks them gets dearer at every validation, and cheaper while they are kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maitred.envs.constraints import Bound, bounds_of, prices, updated, violation
from maitred.envs.decision import Policy
from maitred.envs.kernel.layout import Term
from maitred.envs.kpi import applicable
from maitred.training.paired import pooled
from maitred.training.training_centers import TrainingCenters
from maitred.training.validation import Validation, Verdict


class Lagrangian:
    """The multipliers of an objective's bounds, and the judge that moves them.

    Dual ascent on validation episodes (Tessler, Mankowitz and Mannor 2019, "Reward constrained policy optimization",
    where the multipliers move slowest): at every validation each multiplier rises by `step` times the breach, and
    what breaks a bound is charged to the learner as it is booked.

    Args:
        validation: the episodes on which bounds are read.
        centers: whose rewards are charged.
        step: money per case, positive: what a breach as large as its limit adds to the charge for such a breach.
    """

    def __init__(self, validation: Validation, centers: Sequence[TrainingCenters], step: float) -> None:
        self.bounds: tuple[Bound, ...] = bounds_of(validation.objective, applicable(validation.scenario))
        self.multipliers = np.zeros(len(self.bounds))
        self.prices = np.zeros(len(Term))
        self._validation, self._centers = validation, centers
        self._step = step * float(validation.incumbent[:, 1].mean())

    def judge(self, policy: Policy) -> Verdict:
        """Judge a policy, move the multipliers by it, and charge the new prices from now on."""
        difference, ratios = self._validation.judge(policy, [bound.kpi for bound in self.bounds])
        self.multipliers = updated(self.bounds, self.multipliers, ratios, self._step)
        self.prices = prices(self.bounds, self.multipliers, ratios)
        for centers in self._centers:
            centers.charge(self.prices)
        values = pooled(ratios).tolist()
        breaches = (violation(bound, value) / bound.limit for bound, value in zip(self.bounds, values, strict=True))
        return Verdict(difference, sum(breaches))

    def figures(self) -> dict[str, float]:
        """By bound: its multiplier in money per episode and unit of KPI, and the price of one unit booked."""
        figures = {}
        for bound, multiplier in zip(self.bounds, self.multipliers.tolist(), strict=True):
            figures[f"multiplier_{bound.kpi.name}"] = multiplier
            if bound.kpi.term is not None:
                figures[f"price_{bound.kpi.name}"] = abs(float(self.prices[bound.kpi.term]))
        return figures
