"""Where policies are tried: the center at other sizes and loads, and other centers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from experiments.judging import Judge, Judged, Kept, frozen_days, written
from maitred.agents.rules import rule
from maitred.configs.schema import PPOConfig
from maitred.envs.resized import resized
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import simulate

LONGEST = 7  # days of an episode in another scenario
LARGE = 4.0  # times the agents, from where on days are fewer
SIZES, LOADS = (0.5, 1.0, 2.0), (0.6, 0.85, 1.1)  # trained at by the policy of randomised centers
GROUPS = 2  # of siblings in each of these places: 72 centers, where training as it is has 64
AS_IS, RANDOMISED, RULE, INCUMBENT = "trained as it is", "randomised", "tuned rule", "incumbent"
LEARNED = (AS_IS, RANDOMISED)

Judgements = dict[str, list[Judged]]  # policy -> once per training seed


@dataclass(frozen=True)
class Case:
    """A center to be judged in.

    Attributes:
        center: the scenario; its name is the case's.
        episodes: frozen days.
        place: factors of agents and load; None for another scenario.
    """

    center: Scenario
    episodes: int
    place: tuple[float, float] | None = None

    @property
    def seen_by(self) -> str:
        """Which policies have trained at just that size and load."""
        places = {AS_IS: [(1.0, 1.0)], RANDOMISED: list(product(SIZES, LOADS))}
        return ", ".join(how for how, seen in places.items() if self.place in seen)


@dataclass(frozen=True, kw_only=True)
class Study:
    """How much is spent.

    Attributes:
        out: folder of finished parts.
        seeds: of training.
        episodes: frozen days.
        large_episodes: the same where a center has `LARGE` times the agents or more.
        budget: episodes for tuning each family of rules at the center as it is.
        ppo: PPO and its budget, imitation of the best rule included.
    """

    out: Path
    seeds: tuple[int, ...]
    episodes: int
    large_episodes: int
    budget: int
    ppo: PPOConfig


def grid(center: Scenario, agents: Sequence[float], loads: Sequence[float], study: Study) -> list[Case]:
    """The center at every size and load, named by percentages of its own."""
    return [
        Case(
            replace(resized(center, size, load), name=f"{center.name}_agents{100 * size:.0f}_load{100 * load:.0f}"),
            study.large_episodes if size >= LARGE else study.episodes,
            (size, load),
        )
        for size, load in product(agents, loads)
    ]


def others(center: Scenario, names: Sequence[str], episodes: int) -> list[Case]:
    """Those of the named scenarios that raise decisions with short lists of the center's length, of `LONGEST` days."""
    found = map(load_scenario, names)
    alike = [each for each in found if each.routing.places == center.routing.places and each.name != center.name]
    short = (replace(each, days=min(each.days, LONGEST)) for each in alike)
    return [Case(each, episodes) for each in short if _decides(each)]


def _decides(center: Scenario) -> bool:
    return bool(simulate(center, frozen_days(center, 1), rule("incumbent"))[0].decisions)


def train_both(center: Scenario, study: Study) -> tuple[dict[str, dict[int, Kept]], str]:
    """Policies by how they were trained and by seed, and the best rule, tuned at the center as it is.

    Both imitate that rule and have the same budget; checkpoints of both are chosen at the center as it is.
    """
    judge = Judge(center, written(center, study.out), study.out, study.episodes)
    tuned: str = judge.tuned(study.budget)["best"]
    as_is = replace(study.ppo, teacher=tuned)
    randomised = replace(as_is, sizes=SIZES, loads=LOADS, n_envs=GROUPS * len(SIZES) * len(LOADS) * as_is.siblings)
    configs = {AS_IS: as_is, RANDOMISED: randomised}
    return {
        how: {seed: judge.trained(config, seed, how.replace(" ", "_")) for seed in study.seeds}
        for how, config in configs.items()
    }, tuned


def judged_in(case: Case, policies: dict[str, dict[int, Kept]], tuned: str, out: Path) -> Judgements:
    """Everybody on the frozen days of one case."""
    judge = Judge(case.center, written(case.center, out), out, case.episodes)
    found = {
        how: [judge.kept(f"{how.replace(' ', '_')}-{seed}", one) for seed, one in by_seed.items()]
        for how, by_seed in policies.items()
    }
    return found | {RULE: [judge.rule(tuned)], INCUMBENT: [judge.rule("incumbent")]}
