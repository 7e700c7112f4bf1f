"""Policies on the frozen days: what they come to, and how far they differ from the incumbent rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from experiments.intervals import Interval, ratio_interval
from experiments.reallog.rules import WEIGHTS_S, Matching
from maitred.agents.rules import RULES
from maitred.envs.decision import Policy
from maitred.envs.kpi import KPIS, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.scenario import Floats, Scenario
from maitred.envs.simulator import simulate
from maitred.envs.trace import Trace
from maitred.training.paired import paired_difference, pooled

SHOWN = ("reward", "aht_s", "asa_s", "abandonment")
REWARD = SHOWN.index("reward")
OBJECTIVE = Objective()
_MEASURED = [next(kpi for kpi in KPIS if kpi.name == name) for name in SHOWN]


@dataclass(frozen=True, eq=False)
class Days:
    """The frozen days in R draws of luck and truth, with what the incumbent rule makes of them.

    Attributes:
        world: the center as it is.
        traces: R lists of the same E days.
        incumbent: (R, E, Q, 2) KPI ratios of `SHOWN`.
    """

    world: Scenario
    traces: tuple[list[Trace], ...]
    incumbent: Floats

    def run(self, policy: Policy, beliefs: Sequence[Scenario]) -> Floats:
        """(R, E, Q, 2) KPI ratios of a policy that believes `beliefs`, one scenario per draw."""
        pairs = zip(self.traces, beliefs, strict=True)
        return np.array([_ratios(self.world, believed, traces, policy) for traces, believed in pairs])


def days_of(world: Scenario, traces: Sequence[list[Trace]]) -> Days:
    """Run the incumbent rule, which looks at no estimate."""
    incumbent = [_ratios(world, world, one, RULES["incumbent"]) for one in traces]
    return Days(world, tuple(traces), np.array(incumbent))


def _ratios(world: Scenario, believed: Scenario, traces: list[Trace], policy: Policy) -> Floats:
    return kpi_ratios(simulate(believed, traces, policy), world, OBJECTIVE, _MEASURED)


@dataclass(frozen=True)
class Gain:
    """A policy against the incumbent rule; arrays are (Q,) by the KPIs of `SHOWN`.

    Intervals are at 95 %, paired by day, the draws of a day added up.

    Attributes:
        value: the policy's KPIs.
        difference: to the incumbent's.
        low: lower bound of the difference.
        high: upper bound.
        by_day: (E,) money gained on each day, summed over draws.
        spread: standard deviation between draws of the mean gain in reward per case: luck, and what the world's
            months leave open about the truth; None of a single draw.
    """

    value: Floats
    difference: Floats
    low: Floats
    high: Floats
    by_day: Floats
    spread: float | None

    @property
    def reward(self) -> Interval:
        """The gain in reward per case, in money."""
        return Interval(*(float(x[REWARD]) for x in (self.difference, self.low, self.high)))


def gain(days: Days, ratios: Floats) -> Gain:
    """Compare (R, E, Q, 2) ratios of a policy with the incumbent's on the same days."""
    found = paired_difference(ratios.sum(axis=0), days.incumbent.sum(axis=0))
    money, cases = np.moveaxis(ratios[:, :, REWARD], -1, 0)
    more = money - days.incumbent[:, :, REWARD, 0]
    of_draw = more.sum(axis=1) / cases.sum(axis=1)
    spread = float(of_draw.std(ddof=1)) if len(of_draw) > 1 else None
    return Gain(pooled(ratios.sum(axis=0)), found.value, found.low, found.high, more.sum(axis=0), spread)


def surviving(noisy: Gain, clean: Gain) -> Interval | None:
    """Share of a gain that is left, with its 95 % interval: the ratio of the two gains over the same days.

    None where there is no gain that is clear of zero, of which nothing can be left.
    """
    return ratio_interval(noisy.by_day, clean.by_day, 0.95) if clean.reward.low > 0 else None


def tuned(rule: Matching, days: Days, believed: Scenario) -> tuple[Matching, Floats]:
    """The rule with the weight that gains most on `days`, and (W,) the gains in reward per case of `WEIGHTS_S`."""
    beliefs, rules = [believed] * len(days.traces), [replace(rule, weight_s=weight_s) for weight_s in WEIGHTS_S]
    gains = np.array([gain(days, days.run(one, beliefs)).reward.estimate for one in rules])
    return rules[int(gains.argmax())], gains
