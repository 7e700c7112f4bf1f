"""Rules tuned and learners trained on a scenario, then judged on the same frozen days; finished parts are kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.parts import part
from maitred.agents.rules import rule
from maitred.configs.schema import PolicyConfig, TrainConfig
from maitred.envs.decision import Policy
from maitred.envs.kpi import applicable, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import scenario_hash
from maitred.envs.simulator import simulate
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace
from maitred.training.frozen import FROZEN_BRANCH
from maitred.training.train import train
from maitred.training.tuning import best_rule

FROZEN_SEED = 770_001  # of the days that are judged on; no training run of a study may have it
TUNING_SEED = 1  # rules are tuned once, on episodes of the first training seed


def frozen_days(scenario: Scenario, episodes: int) -> list[Trace]:
    """Traces of the frozen branch of the seed tree."""
    keys = (np.random.SeedSequence(entropy=FROZEN_SEED, spawn_key=(FROZEN_BRANCH, i)) for i in range(episodes))
    return [draw_trace(scenario, key) for key in keys]


@dataclass(frozen=True, eq=False)
class Judged:
    """One policy on the frozen days.

    Attributes:
        policy: its name.
        kpis: (E, 2) float64 numerators and denominators of each headline KPI on each day, by name.
        seconds: wall clock of tuning or training it.
    """

    policy: str
    kpis: dict[str, NDArray[np.float64]]
    seconds: float

    @property
    def rewards(self) -> NDArray[np.float64]:
        """(E, 2) float64, money and cases of each day."""
        return self.kpis["reward"]


@dataclass(frozen=True)
class Judge:
    """A scenario and the frozen days on it.

    Attributes:
        center: the scenario.
        file: where it is written, for training runs.
        out: folder of finished parts.
        episodes: frozen days E.
    """

    center: Scenario
    file: Path
    out: Path
    episodes: int

    def tuned(self, budget: int) -> dict[str, Any]:
        """Names of the best setting of every family of rules, and of the best of all, by training episodes."""

        def make() -> dict[str, Any]:
            began = time.monotonic()
            found = best_rule(self.center, Objective(), TUNING_SEED, budget)
            return {
                "best": found[0].policy.name,
                "families": {one.family: one.policy.name for one in found},
                "on_training_episodes": {one.family: asdict(one.difference) for one in found},
                "seconds": time.monotonic() - began,
            }

        settings = {"scenario": scenario_hash(self.center), "budget": budget, "seed": TUNING_SEED}
        return part(self.out, f"{self.center.name}-tuning", settings, make)

    def rule(self, name: str, seconds: float = 0.0) -> Judged:
        """A rule on the frozen days."""
        return self._judged(f"rule-{name}", {"rule": name}, lambda: (rule(name), {"seconds": seconds}))

    def learner(self, policy: PolicyConfig, seed: int, label: str = "") -> Judged:
        """A learner trained from one seed, on the frozen days; a label tells settings of one learner apart."""
        config = TrainConfig(seed=seed, scenario_file=str(self.file), policy=policy)

        def learn() -> tuple[Policy, dict[str, Any]]:
            learned = train(config).learned
            told = {"seconds": learned.seconds, "steps": learned.steps, "validation": asdict(learned.difference)}
            return learned.policy, told

        return self._judged(f"{label or policy.name}-{seed}", {"seed": seed, "policy": asdict(policy)}, learn)

    def _judged(
        self, label: str, settings: dict[str, Any], make: Callable[[], tuple[Policy, dict[str, Any]]]
    ) -> Judged:
        def judged() -> dict[str, Any]:
            policy, told = make()
            ledgers = simulate(self.center, frozen_days(self.center, self.episodes), policy)
            headline = [kpi for kpi in applicable(self.center) if kpi.headline]
            ratios = kpi_ratios(ledgers, self.center, Objective(), headline)
            kpis = {kpi.name: ratios[:, q].tolist() for q, kpi in enumerate(headline)}
            return {"policy": policy.name, "kpis": kpis, **told}

        same = {"scenario": scenario_hash(self.center), "frozen_seed": FROZEN_SEED, "episodes": self.episodes}
        objective = {"objective": asdict(Objective())}
        found = part(self.out, f"{self.center.name}-{label}", same | objective | settings, judged)
        kpis = {name: np.array(ratios, np.float64) for name, ratios in found["kpis"].items()}
        return Judged(found["policy"], kpis, found["seconds"])
