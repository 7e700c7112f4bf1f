"""The rungs of the ladder on one scenario: rules as they are, rules tuned, a bandit, PPO; all on equal frozen days."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ladder.parts import part
from maitred.agents.rules import rule
from maitred.configs.schema import LinUCBConfig, PolicyConfig, PPOConfig, TrainConfig
from maitred.envs.decision import Policy
from maitred.envs.kpi import REWARD, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario, save_scenario, scenario_hash
from maitred.envs.simulator import simulate
from maitred.envs.traffic import draw_trace
from maitred.training.frozen import FROZEN_BRANCH
from maitred.training.train import train
from maitred.training.tuning import best_rule

FROZEN_SEED = 770_001  # of the days that are judged on; no training run here may have it
TUNING_SEED = 1  # rules are tuned once, on episodes of the first training seed
LONGEST = 7  # days of an episode: 26 weeks belong to experiments.learning_value
BEST = "best rule"
TUNED = {"rules": "rules_skills", "greedy AI": "ai_scored"}  # rung -> family
RUNGS = ("FIFO", "ACD", *TUNED, BEST, "LinUCB", "PPO")


@dataclass(frozen=True, kw_only=True)
class Study:
    """How much is spent on the ladder.

    Attributes:
        out: folder of finished parts.
        seeds: of training.
        episodes: frozen days E to be judged on.
        budget: episodes for tuning each family of rules.
        bandit_episodes: training episodes of LinUCB.
        minutes: of training PPO, its imitation of the best rule included.
    """

    out: Path
    seeds: tuple[int, ...]
    episodes: int
    budget: int
    bandit_episodes: int
    minutes: float


@dataclass(frozen=True, eq=False)
class Judged:
    """One policy on the frozen days.

    Attributes:
        policy: its name.
        rewards: (E, 2) float64, money and cases of each day.
        seconds: wall clock of tuning or training it.
    """

    policy: str
    rewards: NDArray[np.float64]
    seconds: float


def climb(name: str, study: Study) -> dict[str, list[Judged]]:
    """Every rung of a scenario: one policy, or one per seed where it is learned; none where nothing is decided."""
    path, center = _center(name, study)
    if not simulate(center, _frozen_days(center, 1), rule("incumbent"))[0].decisions:
        return {}
    judge = _Judge(name, center, study)
    tuned = judge.tune()
    families, seconds = tuned["families"], tuned["seconds"]
    rungs = {"FIFO": [judge.rule("fifo")], "ACD": [judge.rule("acd_longest_idle")]}
    rungs |= {rung: [judge.rule(families[family], seconds)] for rung, family in TUNED.items()}
    rungs[BEST] = [judge.rule(tuned["best"], seconds)]
    rungs["LinUCB"] = [judge.learner(LinUCBConfig(episodes=study.bandit_episodes), path, seed) for seed in study.seeds]
    ppo = PPOConfig(minutes=study.minutes, teacher=tuned["best"])
    rungs["PPO"] = [judge.learner(ppo, path, seed) for seed in study.seeds]
    return rungs


def _center(name: str, study: Study) -> tuple[Path, Scenario]:
    """The scenario as a file, no longer than the study's episodes."""
    scenario = load_scenario(name)
    path = study.out / "scenarios" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_scenario(replace(scenario, days=min(scenario.days, LONGEST)), path)
    return path, load_scenario(path)


def _frozen_days(scenario: Scenario, episodes: int) -> list[Any]:
    """Traces of the frozen branch of the seed tree."""
    keys = (np.random.SeedSequence(entropy=FROZEN_SEED, spawn_key=(FROZEN_BRANCH, i)) for i in range(episodes))
    return [draw_trace(scenario, key) for key in keys]


@dataclass(frozen=True)
class _Judge:
    name: str
    center: Scenario
    study: Study

    def tune(self) -> dict[str, Any]:
        """The best setting of every family of rules, and the best of all, by training episodes."""

        def make() -> dict[str, Any]:
            began = time.monotonic()
            found = best_rule(self.center, Objective(), TUNING_SEED, self.study.budget)
            return {
                "best": found[0].policy.name,
                "families": {one.family: one.policy.name for one in found},
                "on_training_episodes": {one.family: asdict(one.difference) for one in found},
                "seconds": time.monotonic() - began,
            }

        settings = {"scenario": scenario_hash(self.center), "budget": self.study.budget, "seed": TUNING_SEED}
        return part(self.study.out, f"{self.name}-tuning", settings, make)

    def rule(self, name: str, seconds: float = 0.0) -> Judged:
        """A rule on the frozen days."""
        return self._judged(f"rule-{name}", {"rule": name}, lambda: (rule(name), {"seconds": seconds}))

    def learner(self, policy: PolicyConfig, path: Path, seed: int) -> Judged:
        """A learner trained from one seed, on the frozen days."""
        config = TrainConfig(seed=seed, scenario_file=str(path), policy=policy)

        def learn() -> tuple[Policy, dict[str, Any]]:
            learned = train(config).learned
            told = {"seconds": learned.seconds, "steps": learned.steps, "validation": asdict(learned.difference)}
            return learned.policy, told

        return self._judged(f"{policy.name}-{seed}", {"seed": seed, "policy": asdict(policy)}, learn)

    def _judged(
        self, label: str, settings: dict[str, Any], make: Callable[[], tuple[Policy, dict[str, Any]]]
    ) -> Judged:
        def judged() -> dict[str, Any]:
            policy, told = make()
            ledgers = simulate(self.center, _frozen_days(self.center, self.study.episodes), policy)
            rewards = kpi_ratios(ledgers, self.center, Objective(), [REWARD])[:, 0]
            return {"policy": policy.name, "rewards": rewards.tolist(), **told}

        same = {"scenario": scenario_hash(self.center), "frozen_seed": FROZEN_SEED, "episodes": self.study.episodes}
        objective = {"objective": asdict(Objective())}
        found = part(self.study.out, f"{self.name}-{label}", same | objective | settings, judged)
        return Judged(found["policy"], np.array(found["rewards"], np.float64), found["seconds"])
