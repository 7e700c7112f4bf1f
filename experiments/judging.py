"""Rules tuned and learners trained on a scenario, then judged on the same frozen days; finished parts are kept."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.parts import part
from maitred.agents.preference import Preferring
from maitred.agents.rules import rule
from maitred.configs.schema import ObjectiveConfig, PolicyConfig, PPOConfig, TrainConfig
from maitred.envs.decision import Policy
from maitred.envs.kpi import applicable, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import save_scenario, scenario_hash
from maitred.envs.simulator import simulate
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace
from maitred.training.curve import CurveRecorder
from maitred.training.frozen import FROZEN_BRANCH
from maitred.training.gate.settings import GUARDS
from maitred.training.paired import paired_difference, pooled
from maitred.training.train import TrainingResult, load_policy, save_run, train
from maitred.training.tuning import DEFAULT_BUDGET, best_rule
from maitred.training.validation import Difference

FROZEN_SEED = 770_001  # of the days that are judged on; no training run of a study may have it
TUNING_SEED = 1  # rules are tuned once, on episodes of the first training seed


def at_least(least: int) -> Callable[[str], int]:
    """Type of an option that is a whole number from `least` on."""

    def number(text: str) -> int:
        if not text.lstrip("-").isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, found {text}")
        return int(text)

    return number


def positive(text: str) -> float:
    """Type of an option that is a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text}")
    return number


def training_options(parser: argparse.ArgumentParser, out: str, episodes: int = 20) -> None:
    """Declare what every study has that tunes rules, trains PPO and judges them: how much, and where it goes.

    Args:
        parser: of the study.
        out: folder of finished parts, unless another is given.
        episodes: frozen days, unless others are given.
    """
    ppo_options(parser)
    parser.add_argument("--episodes", type=at_least(2), default=episodes, help="frozen days, at least 2")
    parser.add_argument("--seeds", type=at_least(1), default=3, help="training seeds of learners")
    parser.add_argument(
        "--budget", type=at_least(1), default=DEFAULT_BUDGET, help="episodes for tuning a family of rules"
    )
    parser.add_argument("--out", type=Path, default=Path(out), help="folder of finished parts")
    parser.add_argument("--json", type=Path, help="file for the figures")


def ppo_options(parser: argparse.ArgumentParser) -> None:
    """Declare the budget of each training run of PPO: wall clock, or decisions, which come out the same each time."""
    budget = parser.add_mutually_exclusive_group()
    minutes = "of training PPO, imitation of a rule included"
    budget.add_argument("--minutes", type=positive, default=PPOConfig.minutes, help=minutes)
    budget.add_argument("--steps", type=at_least(1), help="decisions to train PPO, in the place of minutes")


def ppo(options: argparse.Namespace) -> PPOConfig:
    """PPO with the budget that the options give."""
    if options.steps is None:
        return PPOConfig(minutes=options.minutes)
    return PPOConfig(minutes=None, steps=options.steps)


def budget_of(config: PPOConfig) -> str:
    """What a training run may spend, in words."""
    return f"{config.steps:,} decisions" if config.minutes is None else f"{config.minutes:g} min"


def frozen_days(scenario: Scenario, episodes: int) -> list[Trace]:
    """Traces of the frozen branch of the seed tree."""
    keys = (np.random.SeedSequence(entropy=FROZEN_SEED, spawn_key=(FROZEN_BRANCH, i)) for i in range(episodes))
    return [draw_trace(scenario, key) for key in keys]


def written(center: Scenario, out: Path) -> Path:
    """The file of a scenario in a study's folder, written where training finds it."""
    path = out / "scenarios" / f"{center.name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_scenario(center, path)
    return path


@dataclass(frozen=True, eq=False)
class Judged:
    """One policy on the frozen days.

    Attributes:
        policy: its name.
        kpis: (E, 2) float64 numerators and denominators on each day of each KPI that is a headline or a guard of the
            gate, by name.
        seconds: wall clock of tuning or training it.
    """

    policy: str
    kpis: dict[str, NDArray[np.float64]]
    seconds: float

    @property
    def rewards(self) -> NDArray[np.float64]:
        """(E, 2) float64, money and cases of each day."""
        return self.kpis["reward"]


def difference(ours: Sequence[Judged], theirs: Sequence[Judged], kpi: str = "reward") -> Difference:
    """One policy less another, each the mean over its training seeds, paired by day."""
    ratios, reference = (np.asarray(np.mean([one.kpis[kpi] for one in judged], axis=0)) for judged in (ours, theirs))
    return Difference(*map(float, paired_difference(ratios, reference)))


def per_case(judged: Sequence[Judged]) -> float:
    """Money per case, the mean over training seeds."""
    return float(pooled(np.mean([one.rewards for one in judged], axis=0)))


def word(found: Difference) -> str:
    """What an interval says of a reward."""
    return "better" if found.low > 0 else "worse" if found.high < 0 else "no difference shown"


@dataclass(frozen=True, eq=False)
class Kept:
    """A trained policy that is tried in more than one place.

    Attributes:
        policy: as it was chosen on validation episodes.
        settings: everything it follows from, and what its training came to, which tells one run from another.
        told: what is reported of its training; `minutes` and `difference` are lists, when each checkpoint was judged
            and by how much it beat the incumbent.
    """

    policy: Policy
    settings: dict[str, Any]
    told: dict[str, Any]


@dataclass(frozen=True)
class Judge:
    """A scenario, what is worth what on it, and the frozen days.

    Attributes:
        center: the scenario.
        file: where it is written, for training runs.
        out: folder of finished parts.
        episodes: frozen days E.
        objective: of tuning, of training and of the reward.
    """

    center: Scenario
    file: Path
    out: Path
    episodes: int
    objective: Objective = field(default_factory=Objective)

    def tuned(self, budget: int) -> dict[str, Any]:
        """Names of the best setting of every family of rules, and of the best of all, by training episodes."""

        def make() -> dict[str, Any]:
            began = time.monotonic()
            found = best_rule(self.center, self.objective, TUNING_SEED, budget)
            return {
                "best": found[0].policy.name,
                "families": {one.family: one.policy.name for one in found},
                "on_training_episodes": {one.family: asdict(one.difference) for one in found},
                "seconds": time.monotonic() - began,
            }

        settings = {"budget": budget, "seed": TUNING_SEED}
        return part(self.out, f"{self.center.name}-tuning", self._world | settings, make)

    def rule(self, name: str, seconds: float = 0.0) -> Judged:
        """A rule on the frozen days."""
        return self._judged(f"rule-{name}", {"rule": name}, lambda: (rule(name), {"seconds": seconds}))

    def learner(self, policy: PolicyConfig, seed: int, label: str = "") -> Judged:
        """A learner trained from one seed, on the frozen days; a label tells settings of one learner apart."""

        def learn() -> tuple[Policy, dict[str, Any]]:
            result = train(self._run(policy, seed))
            return result.learned.policy, _told(result)

        return self._judged(f"{label or policy.name}-{seed}", {"seed": seed, "policy": asdict(policy)}, learn)

    def trained(self, policy: PolicyConfig, seed: int, label: str) -> Kept:
        """A learner trained from one seed and kept in a folder of `out`, to be tried in several places."""
        folder = self.out / "policies" / f"{self.center.name}-{label}-{seed}"

        def learn() -> dict[str, Any]:
            recorder = CurveRecorder()
            result = train(self._run(policy, seed), recorder)
            save_run(result, folder)
            curve = recorder.curve()
            checkpoints = {"minutes": curve.checkpoint_wall_s / 60, "difference": curve.checkpoint_difference}
            return _told(result) | {name: each.tolist() for name, each in checkpoints.items()}

        settings = self._world | {"seed": seed, "policy": asdict(policy), "folder": folder.name}
        told = part(self.out, f"{self.center.name}-{label}-{seed}-training", settings, learn)
        return Kept(load_policy(folder), settings | told, told)

    def kept(self, label: str, kept: Kept, preferring: bool = False) -> Judged:
        """A trained policy on the frozen days; `preferring` tells it what is worth what here."""
        policy = Preferring(kept.policy, self.objective.preference) if preferring else kept.policy
        return self._judged(label, {"trained": kept.settings, "preferring": preferring}, lambda: (policy, kept.told))

    @property
    def _world(self) -> dict[str, Any]:
        return {"scenario": scenario_hash(self.center), "objective": asdict(self.objective)}

    def _run(self, policy: PolicyConfig, seed: int) -> TrainConfig:
        objective = ObjectiveConfig(**asdict(self.objective))
        return TrainConfig(seed=seed, scenario_file=str(self.file), policy=policy, objective=objective)

    def _judged(
        self, label: str, settings: dict[str, Any], make: Callable[[], tuple[Policy, dict[str, Any]]]
    ) -> Judged:
        def judged() -> dict[str, Any]:
            policy, told = make()
            ledgers = simulate(self.center, frozen_days(self.center, self.episodes), policy)
            kept = [kpi for kpi in applicable(self.center) if kpi.headline or kpi.name in GUARDS]
            ratios = kpi_ratios(ledgers, self.center, self.objective, kept)
            kpis = {kpi.name: ratios[:, q].tolist() for q, kpi in enumerate(kept)}
            return {"policy": policy.name, "kpis": kpis, **told}

        same = self._world | {"frozen_seed": FROZEN_SEED, "episodes": self.episodes}
        found = part(self.out, f"{self.center.name}-{label}", same | settings, judged)
        kpis = {name: np.array(ratios, np.float64) for name, ratios in found["kpis"].items()}
        return Judged(found["policy"], kpis, found["seconds"])


def _told(result: TrainingResult) -> dict[str, Any]:
    learned = result.learned
    return {"seconds": learned.seconds, "steps": learned.steps, "validation": asdict(learned.difference)}
