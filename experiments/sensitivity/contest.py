"""Who stands in a cell: rules tuned on its training episodes, and learners of the base or of the cell."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.judging import TUNING_SEED, Judge, Judged, Kept, written
from experiments.parts import part
from experiments.sensitivity.cells import BASE, CELLS, Cell
from experiments.sensitivity.claims import (
    ACD,
    BASE_RULE,
    BEST,
    CMU,
    FIFO,
    FIXED,
    INNER,
    OUTER,
    PPO,
    WEIGHTED,
)
from maitred.agents.caps import CAPS
from maitred.agents.families import families
from maitred.configs.schema import PPOConfig
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.training.booked import Booked
from maitred.training.learning import training_traces
from maitred.training.paired import pooled

CAP_EPISODES = 8  # of training, that every rule of concurrency is tried on


@dataclass(frozen=True)
class Study:
    """What all cells share.

    Attributes:
        out: folder of finished parts.
        seeds: of training; none for no learner.
        episodes: frozen days.
        budget: episodes for tuning a family of rules.
        ppo: PPO and its budget, imitation of the best rule included.
    """

    out: Path
    seeds: tuple[int, ...]
    episodes: int
    budget: int
    ppo: PPOConfig


def frozen_cells(center: Scenario, names: Sequence[str], study: Study) -> dict[str, Judge]:
    """The cells that apply to a center, each with its scenario written and its frozen days; the base first."""
    cells = [cell for cell in CELLS if cell.name == BASE or cell.name in names]
    return {cell.name: _judge(cell, center, study) for cell in cells if cell.applies(center)}


def _judge(cell: Cell, center: Scenario, study: Study) -> Judge:
    out = study.out / center.name / re.sub(r"[^a-z0-9.]+", "-", cell.name)
    file = written(cell.center(center), out)
    return Judge(load_scenario(file), file, out, study.episodes, cell.objective(Objective()))


def learned_at_base(base: Judge, study: Study) -> list[Kept]:
    """PPO from every training seed, trained at the base."""
    return [base.trained(_ppo(base, study), seed, "ppo") for seed in study.seeds]


def contest(judge: Judge, base_rule: str, learned: Sequence[Kept], study: Study) -> dict[str, list[Judged]]:
    """Everybody but who is trained in the cell, on its frozen days; learners with one entry per training seed."""
    tuned = judge.tuned(study.budget)
    of = tuned["families"]
    rules = {BEST: tuned["best"], FIFO: of["fifo"], CMU: of["cmu"], ACD: of["acd_longest_idle"], BASE_RULE: base_rule}
    if judge.center.concurrency.decided:
        rules |= caps(judge)
    found = {name: [judge.rule(each)] for name, each in rules.items()}
    if learned:
        found[PPO] = [judge.kept(f"ppo-{seed}", kept) for seed, kept in zip(study.seeds, learned, strict=True)]
    return found


def learned_here(judge: Judge, study: Study) -> list[Judged]:
    """PPO trained in the cell, on its objective, from every training seed."""
    return [judge.learner(_ppo(judge, study), seed, "retrained") for seed in study.seeds]


def _ppo(judge: Judge, study: Study) -> PPOConfig:
    return replace(study.ppo, teacher=judge.tuned(study.budget)["best"])


def caps(judge: Judge) -> dict[str, str]:
    """Rules of concurrency alone, beside the platform's routing: the best of each kind on training episodes.

    Every setting is tried on the same episodes. A tuning budget that does not reach for all of the many settings of
    weighted capacity, as it does for six fixed caps, would decide the comparison.
    """
    fixed, weighted = [f"cap{slots}" for slots in CAPS], _weighted(judge.center)

    def make() -> dict[str, Any]:
        booked = Booked(judge.center, training_traces(judge.center, TUNING_SEED, range(CAP_EPISODES)))
        ratios = booked.rewards([*fixed, *weighted], CAP_EPISODES, judge.objective)
        return dict(zip(fixed + weighted, pooled(ratios.swapaxes(0, 1)).tolist(), strict=True))

    settings = {
        "scenario": scenario_hash(judge.center),
        "objective": asdict(judge.objective),
        "episodes": CAP_EPISODES,
        "seed": TUNING_SEED,
        "rules": fixed + weighted,
    }
    worth = part(judge.out, f"{judge.center.name}-caps", settings, make)
    kinds = {INNER: fixed[1:-1], OUTER: [fixed[0], fixed[-1]], FIXED: fixed, WEIGHTED: weighted}
    return {kind: max(names, key=lambda name: float(worth[name])) for kind, names in kinds.items()}


def _weighted(center: Scenario) -> list[str]:
    """Every setting of weighted dynamic capacity."""
    family = next(family for family in families(center) if family.name == "weighted_capacity")
    return family.settings(math.prod(map(len, family.parameters.values())), np.random.default_rng(TUNING_SEED))
