"""What a learner is compared on while it learns: the same few episodes each time, against the incumbent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.rules import RULES
from maitred.envs.decision import Policy
from maitred.envs.kpi import REWARD, Kpi, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import simulate
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace
from maitred.training.paired import paired_difference

FEWEST, MOST = 16, 64  # episodes, unless told
ENOUGH = 300_000  # decisions: judging takes time from learning, on large centers half of it with all of `MOST`


@dataclass(frozen=True)
class Difference:
    """Reward per case of a policy less the incumbent's, in money, with its 95 % interval paired by episode."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """The difference with its interval."""
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


@dataclass(frozen=True)
class Verdict:
    """What a judge says of a checkpoint.

    Attributes:
        difference: of its reward to the reference's.
        breach: by how much bounds are broken, as a sum of shares of their limits; 0 where all are kept.
    """

    difference: Difference
    breach: float = 0.0

    @property
    def rank(self) -> tuple[float, float]:
        """Sorts worst first: bounds go before reward."""
        return -self.breach, self.difference.value


@dataclass(frozen=True, eq=False)
class Validation:
    """Episodes to choose checkpoints on, with what the incumbent made of them.

    Attributes:
        scenario: the center.
        traces: E episodes.
        objective: what is worth what.
        incumbent: (E, 2) float64, the incumbent's reward in money and its number of cases.
        raised: decisions that the incumbent met in them, all together.
        objectives: E of them, where each episode is to be judged by its own, which decisions then tell.
    """

    scenario: Scenario
    traces: tuple[Trace, ...]
    objective: Objective
    incumbent: NDArray[np.float64]
    raised: int
    objectives: tuple[Objective, ...] | None = None

    def difference(self, policy: Policy) -> Difference:
        """Judge a policy."""
        return self.judge(policy, ())[0]

    def judge(self, policy: Policy, kpis: Sequence[Kpi]) -> tuple[Difference, NDArray[np.float64]]:
        """Judge a policy, and tell (E, Q, 2) numerators and denominators of other KPIs on the way."""
        told = None if self.objectives is None else np.array([each.preference for each in self.objectives])
        ledgers = simulate(self.scenario, self.traces, policy, preference=told)
        paired = zip(ledgers, self.objectives or (self.objective,) * len(ledgers), strict=True)
        ratios = np.concatenate([kpi_ratios([ledger], self.scenario, own, (REWARD, *kpis)) for ledger, own in paired])
        return Difference(*map(float, paired_difference(ratios[:, 0], self.incumbent))), ratios[:, 1:]


def prepare_validation(
    scenario: Scenario, objective: Objective, seed: np.random.SeedSequence, episodes: int | None
) -> Validation:
    """Draw the episodes and run the incumbent on them; unless told how many, fewer where they are larger."""
    seeds = seed.spawn(FEWEST if episodes is None else episodes)
    validation = _prepared(scenario, objective, seeds)
    enough = -(-ENOUGH * FEWEST // max(validation.raised, 1))
    if episodes is not None or enough <= FEWEST:
        return validation
    return _prepared(scenario, objective, seeds + seed.spawn(min(enough, MOST) - FEWEST))


def _prepared(scenario: Scenario, objective: Objective, seeds: Sequence[np.random.SeedSequence]) -> Validation:
    traces = tuple(draw_trace(scenario, seed) for seed in seeds)
    ledgers = simulate(scenario, traces, RULES["incumbent"])
    incumbent = kpi_ratios(ledgers, scenario, objective, [REWARD])[:, 0]
    return Validation(scenario, traces, objective, incumbent, sum(ledger.decisions for ledger in ledgers))
