"""Bounds on KPIs, and the multipliers that make a learner keep them.

Maximise reward subject to KPI <= limit: the Lagrangian is reward - multiplier x (KPI - limit), and the multiplier
climbs while the bound is broken and falls to 0 while it is kept (constrained Markov decision processes: Altman 1999;
dual ascent: Boyd and Vandenberghe 2004, ch. 5; with reinforcement learning: Tessler, Mankowitz and Mannor 2019).
A KPI is a ratio n / d of sums, and n / d <= limit is n - limit x d <= 0: linear in what an episode books, so that
excesses of episodes add up and the penalty pools as KPIs do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Term
from maitred.envs.kpi import Kpi
from maitred.envs.objective import Objective

Floats = NDArray[np.float64]
_SUFFIXES: dict[Literal["at most", "at least"], str] = {"at most": "_at_most", "at least": "_at_least"}


@dataclass(frozen=True)
class Bound:
    """A limit that a KPI must keep.

    Attributes:
        kpi: the KPI.
        limit: in the KPI's unit.
        sense: which side of the limit is kept.
    """

    kpi: Kpi
    limit: float
    sense: Literal["at most", "at least"]

    @property
    def sign(self) -> float:
        """1 where more of the KPI breaks the bound, -1 where less does."""
        return 1.0 if self.sense == "at most" else -1.0


def bounds_of(objective: Objective, kpis: Sequence[Kpi]) -> tuple[Bound, ...]:
    """The bounds an objective sets on any of these KPIs, as of `kpi.applicable`, in the order of its fields."""
    by_name = {kpi.name: kpi for kpi in kpis}
    found = []
    for field in fields(objective):
        for sense, suffix in _SUFFIXES.items():
            limit, kpi = getattr(objective, field.name), by_name.get(field.name.removesuffix(suffix))
            if field.name.endswith(suffix) and limit is not None and kpi is not None:
                found.append(Bound(kpi, limit, sense))
    return tuple(found)


def slack(bound: Bound, value: float) -> float:
    """Room left in the KPI's unit; negative where the bound is broken, NaN where nothing was counted."""
    return bound.sign * (bound.limit - value)


def violation(bound: Bound, value: float) -> float:
    """How far a KPI is beyond its limit, in its unit; 0 where the bound is kept or nothing was counted."""
    return max(-slack(bound, value), 0.0) if value == value else 0.0


def excess(bound: Bound, ratios: Floats) -> Floats:
    """(...) what each (..., 2) numerator and denominator adds to the breach: sign x (n - limit x d), which add up."""
    added: Floats = bound.sign * (ratios[..., 0] - bound.limit * ratios[..., 1])
    return added


def penalty(bounds: Sequence[Bound], multipliers: Floats, ratios: Floats) -> float:
    """What the Lagrangian takes off the reward, in money per episode.

    Args:
        bounds: M bounds.
        multipliers: (M,) money per unit of KPI, 0 or more.
        ratios: (E, M, 2) numerators and denominators of the bounds' KPIs, as of `kpi.kpi_ratios`.

    Returns:
        The sum over bounds of multiplier x (KPI - limit), the KPI pooled over episodes; negative where bounds with a
        multiplier are kept with room to spare. A bound that nothing was counted for adds 0.
    """
    return float(multipliers @ _pooled_excess(bounds, ratios))


def updated(bounds: Sequence[Bound], multipliers: Floats, ratios: Floats, step: float) -> Floats:
    """(M,) multipliers after a step of projected dual ascent: max(0, multiplier + step x (KPI - limit) / limit^2).

    KPIs count in shares of their limits, so that one step suits seconds, shares and ratios alike. A breach larger than
    the limit counts as one as large: what a beginner does would take long to be forgotten.

    Args:
        bounds: M bounds, their limits above 0.
        multipliers: (M,) money per unit of KPI.
        ratios: (E, M, 2) numerators and denominators of the bounds' KPIs on the episodes just played.
        step: money, positive: what a breach as large as the limit adds to the charge for one as large as the limit.

    Raises:
        ValueError: the step is not positive.
    """
    if not step > 0:
        raise ValueError(f"step: expected a positive number, found {step}")
    limits = np.array([bound.limit for bound in bounds], np.float64)
    breach = np.minimum(_pooled_excess(bounds, ratios) / limits, 1.0)
    moved: Floats = np.maximum(multipliers + step * breach / limits, 0.0)
    return moved


def prices(bounds: Sequence[Bound], multipliers: Floats, ratios: Floats) -> Floats:
    """(len(Term),) what the Lagrangian adds to the worth of one booked unit of each term, in money.

    A KPI moves by 1 / d with every unit of its numerator, d being the mean denominator of an episode, which is taken as
    given: an answer is charged for its wait, and not credited with being one more that the mean is over. Bounds on KPIs
    whose numerator no term counts have no price: fairness between groups of agents is nobody's single decision.

    Args:
        bounds: M bounds.
        multipliers: (M,) money per unit of KPI, 0 or more.
        ratios: (E, M, 2) numerators and denominators of the bounds' KPIs.
    """
    worth = np.zeros(len(Term))
    for bound, multiplier, per_episode in zip(bounds, multipliers, ratios[:, :, 1].mean(axis=0), strict=True):
        if bound.kpi.term is not None and per_episode > 0:
            worth[bound.kpi.term] -= bound.sign * multiplier / per_episode
    return worth


def _pooled_excess(bounds: Sequence[Bound], ratios: Floats) -> Floats:
    """(M,) signed breach of each bound by its pooled KPI; 0 where nothing was counted."""
    breach = np.array([excess(bound, ratios[:, m]).sum() for m, bound in enumerate(bounds)])
    counted = ratios[:, :, 1].sum(axis=0)
    pooled: Floats = np.divide(breach, counted, out=np.zeros_like(breach), where=counted > 0)
    return pooled
