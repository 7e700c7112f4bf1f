"""The rungs of the ladder on one scenario: rules as they are, rules tuned, a bandit, PPO; all on equal frozen days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from experiments.judging import Judge, Judged, frozen_days, written
from maitred.agents.rules import rule
from maitred.configs.schema import LinUCBConfig, PPOConfig
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import simulate

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
        ppo: PPO and its budget, its imitation of the best rule included.
    """

    out: Path
    seeds: tuple[int, ...]
    episodes: int
    budget: int
    bandit_episodes: int
    ppo: PPOConfig


def climb(name: str, study: Study) -> dict[str, list[Judged]]:
    """Every rung of a scenario: one policy, or one per seed where it is learned; none where nothing is decided."""
    path = _center(name, study)
    center = load_scenario(path)
    if not simulate(center, frozen_days(center, 1), rule("incumbent"))[0].decisions:
        return {}
    judge = Judge(center, path, study.out, study.episodes)
    tuned = judge.tuned(study.budget)
    families, seconds = tuned["families"], tuned["seconds"]
    rungs = {"FIFO": [judge.rule("fifo")], "ACD": [judge.rule("acd_longest_idle")]}
    rungs |= {rung: [judge.rule(families[family], seconds)] for rung, family in TUNED.items()}
    rungs[BEST] = [judge.rule(tuned["best"], seconds)]
    rungs["LinUCB"] = [judge.learner(LinUCBConfig(episodes=study.bandit_episodes), seed) for seed in study.seeds]
    ppo = replace(study.ppo, teacher=tuned["best"])
    rungs["PPO"] = [judge.learner(ppo, seed) for seed in study.seeds]
    return rungs


def _center(name: str, study: Study) -> Path:
    """The scenario as a file, no longer than the study's episodes."""
    scenario = load_scenario(name)
    return written(replace(scenario, days=min(scenario.days, LONGEST)), study.out)
