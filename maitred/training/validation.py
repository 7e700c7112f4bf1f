"""What a learner is compared on while it learns: the same few episodes each time, against the incumbent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.rules import RULES
from maitred.envs.decision import Policy
from maitred.envs.kpi import KPIS, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import simulate
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace
from maitred.training.paired import paired_difference

_REWARD = [kpi.name for kpi in KPIS].index("reward")


@dataclass(frozen=True)
class Difference:
    """Reward per case of a policy less the incumbent's, in money, with its 95 % interval paired by episode."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """The difference with its interval."""
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


@dataclass(frozen=True, eq=False)
class Validation:
    """Episodes to choose checkpoints on, with what the incumbent made of them.

    Attributes:
        scenario: the center.
        traces: E episodes.
        objective: what is worth what.
        incumbent: (E, 2) float64, the incumbent's reward in money and its number of cases.
    """

    scenario: Scenario
    traces: tuple[Trace, ...]
    objective: Objective
    incumbent: NDArray[np.float64]

    def difference(self, policy: Policy) -> Difference:
        """Judge a policy."""
        rewards = _rewards(self.scenario, self.traces, self.objective, policy)
        return Difference(*(float(bound) for bound in paired_difference(rewards, self.incumbent)))


def prepare_validation(
    scenario: Scenario, objective: Objective, seed: np.random.SeedSequence, episodes: int
) -> Validation:
    """Draw the episodes and run the incumbent on them."""
    traces = tuple(draw_trace(scenario, child) for child in seed.spawn(episodes))
    return Validation(scenario, traces, objective, _rewards(scenario, traces, objective, RULES["incumbent"]))


def _rewards(scenario: Scenario, traces: Sequence[Trace], objective: Objective, policy: Policy) -> NDArray[np.float64]:
    """(E, 2) float64: the reward of each episode in money, and its number of cases."""
    return kpi_ratios(simulate(scenario, traces, policy), scenario, objective)[:, _REWARD]
