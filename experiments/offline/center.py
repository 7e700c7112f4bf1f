"""A center, the logs that two routing rules leave behind, and what a policy is really worth there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.ope.center import OBJECTIVE, days
from maitred.agents.exploring import Exploring
from maitred.agents.rules import rule
from maitred.envs.decision import Policy
from maitred.envs.kpi import REWARD, kpi_ratios
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import scenario_hash
from maitred.envs.simulator import simulate
from maitred.envs.traffic import draw_trace
from maitred.training.decision_log.record import LOGGED, Source, logged_traces, record
from maitred.training.frozen import FROZEN_BRANCH
from maitred.training.offline.experience import Experience, read_experience

Floats = NDArray[np.float64]

FLOOR = 0.3
BEHAVIOURS = {"good": "cmu", "poor": "incumbent"}
FROZEN_SEED = 770_003  # of the days that are judged on; settings of the learners were chosen on others
OWN_DAYS = 40  # on which the reward of a policy's own decisions is counted
OWN = LOGGED - 1  # branch of the seed that those days are drawn from; no training run draws from it


@dataclass(frozen=True, eq=False)
class Truth:
    """What a policy earns.

    Attributes:
        per_case: (E, 2) money and cases of each frozen day.
        own: money per decision that its decisions' contacts booked.
    """

    per_case: Floats
    own: float


def logged(center: Scenario, behaviour: str, seed: int, count: int, folder: Path) -> Experience:
    """The log of a rule that explores, recorded once and kept in a folder."""
    path = folder / f"{center.name}-{scenario_hash(center)[:12]}-{behaviour}-{seed}-{count}.parquet"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        source = Source(Exploring(rule(BEHAVIOURS[behaviour]), FLOOR), seed)
        record(center, logged_traces(center, seed, count), source, path, OBJECTIVE)
    return read_experience(path)


def truth(center: Scenario, policy: Policy, episodes: int, seed: int) -> Truth:
    """Run a policy on the frozen days, and on days of its own for the reward of its decisions."""
    keys = (np.random.SeedSequence(FROZEN_SEED, spawn_key=(FROZEN_BRANCH, i)) for i in range(episodes))
    ledgers = simulate(center, [draw_trace(center, key) for key in keys], policy)
    own = days(center, policy, seed, OWN, OWN_DAYS).reward.mean()
    return Truth(kpi_ratios(ledgers, center, OBJECTIVE, (REWARD,))[:, 0], float(own))
