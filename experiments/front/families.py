"""Three ways to serve many preferences, judged under each of them on the same frozen days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiments.front.hypervolume import Floats
from experiments.judging import Judge, Judged, Kept
from maitred.configs.schema import PPOConfig
from maitred.envs.decision import PREFERENCE
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.training.paired import pooled
from maitred.training.preferences import ends

DEFAULT = "default"
CONDITIONED, OWN, FIXED, RULE = "conditioned", "one per weight", "default weights", "tuned rule"
FAMILIES = (CONDITIONED, OWN, FIXED, RULE)
AXES = {"aht_s": 1, "csat": -1, "cost_per_contact": 1}  # of the front; -1 where higher is better

Front = Mapping[str, Mapping[str, Sequence[Judged]]]  # preference -> family -> one policy per training seed


@dataclass(frozen=True, kw_only=True)
class Study:
    """How much is spent on the front.

    Attributes:
        out: folder of finished parts.
        seeds: of training.
        episodes: frozen days E to be judged on.
        budget: episodes for tuning each family of rules, anew for each preference.
        spread: factor by which a weight is raised or lowered, and the training of the conditioned policy varies it.
        ppo: PPO and its budget, imitation of a rule included.
    """

    out: Path
    seeds: tuple[int, ...]
    episodes: int
    budget: int
    spread: float
    ppo: PPOConfig


def preferences(spread: float) -> dict[str, Objective]:
    """The default objective, and those in which one weight of cost, work or satisfaction is raised or lowered."""
    middle = Objective()
    names = [f"{name}_x{factor:.3g}" for name in PREFERENCE for factor in (1 / spread, spread)]
    return {DEFAULT: middle} | dict(zip(names, ends(middle, spread), strict=True))


def judge_front(center: Scenario, file: Path, study: Study, objectives: Mapping[str, Objective]) -> Front:
    """Train and judge every family under each of the objectives, the default among them.

    The conditioned policy is trained once per seed, and imitates, for whatever weights it is told, the best of the
    rules tuned for each objective; a policy of its own for each imitates the rule of that objective. The policy of the
    default objective is also judged under all others: what moving along the front is worth.
    """
    judges = {
        name: Judge(center, file, study.out / name, study.episodes, objective) for name, objective in objectives.items()
    }
    rules = {name: judge.tuned(study.budget) for name, judge in judges.items()}
    alone = {name: replace(study.ppo, teacher=rules[name]["best"]) for name in judges}
    own = {name: _trained(judge, alone[name], study.seeds, "own") for name, judge in judges.items()}
    teachers = dict.fromkeys(rules[name]["best"] for name in judges)
    wide = replace(study.ppo, teacher=" | ".join(teachers), preference_spread=study.spread)
    conditioned = _trained(judges[DEFAULT], wide, study.seeds, "conditioned")
    return {
        name: {
            CONDITIONED: [judge.kept(f"conditioned-{i}", one, preferring=True) for i, one in conditioned.items()],
            OWN: [judge.kept(f"own-{i}", one) for i, one in own[name].items()],
            FIXED: [judge.kept(f"fixed-{i}", one) for i, one in own[DEFAULT].items()],
            RULE: [judge.rule(rules[name]["best"], rules[name]["seconds"])],
        }
        for name, judge in judges.items()
    }


def _trained(judge: Judge, ppo: PPOConfig, seeds: Sequence[int], label: str) -> dict[int, Kept]:
    return {seed: judge.trained(ppo, seed, label) for seed in seeds}


def points(front: Front, family: str) -> Floats:
    """(S, N, D) of one family: the KPIs of `AXES` by training seed and preference, the better the lower."""
    signs = np.array(list(AXES.values()))
    by_preference = [[[pooled(one.kpis[kpi]) for kpi in AXES] for one in of[family]] for of in front.values()]
    found: Floats = signs * np.array(by_preference, np.float64).swapaxes(0, 1)
    return found
