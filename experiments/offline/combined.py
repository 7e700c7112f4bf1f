"""From a log to a simulator, to a policy, and back to a log: `python -m experiments.offline.combined`.

A log alone limits what can be learned to what it shows; a simulator shows everything, and is wrong. The road between:
a simulator calibrated from the platform's own contact log, PPO in it, begun at the clone of the behaviour policy or
not, held to that clone or not, judged by off-policy evaluation on a decision log of reality that nothing has learned
from. Reality is the scenario with more to do per agent hour. Beside the calibrated simulator stands the scenario as it
is shipped, which does not know of that: what calibration is worth is the difference.

Claims to be measured: PPO that begins at the clone is no worse in reality than PPO that begins cold, nor than what is
learned from the log alone; holding it there makes it no worse; a calibrated simulator is the better place to learn; and
the log tells beforehand. "per case" is the truth, reward per case in reality on frozen days, with its difference to the
behaviour rule and a 95 % interval paired by day; "own" and "estimated" are as in `experiments.offline.table`. What the
simulators themselves say of a policy, on validation days of theirs, stands in a table of its own: whoever has no frozen
days has to choose by that. Finished parts lie in `--out`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from experiments.figures import print_table, write_json
from experiments.offline.calibrated import calibrated
from experiments.offline.center import BEHAVIOURS, FLOOR, FROZEN_SEED, OWN, logged, truth
from experiments.offline.table import RULE, UNSEEN, estimated, figures, print_rows
from experiments.ope.center import OBJECTIVE
from experiments.parts import part
from maitred.agents.rules import RULES, rule
from maitred.configs.schema import PPOConfig
from maitred.envs.decision import Policy
from maitred.envs.resized import resized
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.training.coach import Clock
from maitred.training.learning import REHEARSAL, VALIDATION, Learned, branch
from maitred.training.offline.fitting import Fit
from maitred.training.offline.methods import Study, learn
from maitred.training.ppo_training import learn_ppo
from maitred.training.rehearsal import rehearse
from maitred.training.training_centers import TrainingCenters
from maitred.training.validation import Verdict, prepare_validation

BEHAVIOUR = "poor"
PRICES = (0.001, 0.003)  # of a nat; of four tried on validation days of another seed, the best, and one that holds
_FIT = Fit(steps=3000)
VALIDATION_EPISODES = 64


@dataclass(frozen=True)
class Road:
    """One way of training in a simulator.

    Attributes:
        name: of the way.
        cloned: training begins at the clone of the behaviour policy.
        anchor: price of a nat away from the clone.
    """

    name: str
    cloned: bool = True
    anchor: float = 0.0


ROADS = (
    Road("ppo begun cold", cloned=False),
    Road("ppo begun at the clone"),
    *(Road(f"ppo held to the clone at {price:g}", anchor=price) for price in PRICES),
)


@dataclass(frozen=True, eq=False)
class Ground:
    """What one seed works with.

    Attributes:
        reality: where policies are judged.
        simulators: where they are trained, by name.
        study: the log that is learned from.
        unseen: the log that is not.
        options: of the command line.
        seed: of everything.
    """

    reality: Scenario
    simulators: dict[str, Scenario]
    study: Study
    unseen: Study
    options: argparse.Namespace
    seed: int

    @cached_property
    def clone(self) -> Policy:
        """The behaviour policy as cloned from the log; draws, as the behaviour policy does."""
        return replace(learn(self.study, "cloning").policy, sample=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, calibrate, clone, train in the simulators, estimate, run in reality; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        shipped = load_scenario(options.scenario)
    except ScenarioError as error:
        parser.error(str(error))
    reality = resized(shipped, load=options.load)
    rows: dict[str, list[dict[str, Any]]] = {}
    for seed in range(options.seed, options.seed + options.seeds):
        for name, result in _results(_ground(shipped, reality, seed, options)):
            rows.setdefault(name, []).append(result)
    _print(rows, reality, options)
    if options.json:
        write_json(options.json, figures("combined", rows))
    return 0


def _ground(shipped: Scenario, reality: Scenario, seed: int, options: argparse.Namespace) -> Ground:
    folder = options.out / f"logs-{options.load:g}"
    simulators = {"shipped": shipped, "calibrated": calibrated(reality, seed, options.logged_days, folder)}
    study, unseen = (
        Study(logged(reality, BEHAVIOUR, number, options.logged_days, folder), number, _FIT)
        for number in (seed, seed + UNSEEN)
    )
    return Ground(reality, simulators, study, unseen, options, seed)


def _results(ground: Ground) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and results of all learners, made now or kept from before."""
    for name in (RULE, "cloning", "greedy"):
        yield name, _kept(ground, name, partial(_from_log, ground, name), {})
    for where, simulator in ground.simulators.items():
        for road in ROADS:
            name = f"{road.name}, {where}"
            same: dict[str, Any] = {"simulator": scenario_hash(simulator), "road": asdict(road)}
            same |= {"ppo": asdict(_config(road, ground.options.steps)), "validation_episodes": VALIDATION_EPISODES}
            yield name, _kept(ground, name, partial(_from_simulator, ground, simulator, road), same)


def _kept(ground: Ground, name: str, made: Callable[[], dict[str, Any]], same: dict[str, Any]) -> dict[str, Any]:
    settings = {
        "policy": name,
        "seed": ground.seed,
        "reality": scenario_hash(ground.reality),
        "logged_days": ground.options.logged_days,
        "episodes": ground.options.episodes,
        "frozen_seed": FROZEN_SEED,
        "floor": FLOOR,
        "fit": asdict(_FIT),
        "bounds": "by day",
        "own_days": OWN,
    }
    return part(ground.options.out, f"combined-{name.replace(' ', '_')}-{ground.seed}", settings | same, made)


def _from_log(ground: Ground, name: str) -> dict[str, Any]:
    return _judged(ground, rule(BEHAVIOURS[BEHAVIOUR]) if name == RULE else learn(ground.study, name).policy)


def _from_simulator(ground: Ground, simulator: Scenario, road: Road) -> dict[str, Any]:
    teacher = ground.clone if road.cloned else RULES["random"]
    learned = trained(simulator, teacher, road, ground.options.steps, ground.seed)
    told = {"validation": learned.difference.value, "nats": learned.figures.get("anchor_nats_of_last_rollout")}
    return _judged(ground, learned.policy) | told


def _judged(ground: Ground, policy: Policy) -> dict[str, Any]:
    """The truth about a policy, and what the unseen log says of it."""
    found = truth(ground.reality, policy, ground.options.episodes, ground.seed)
    return {"per_case": found.per_case.tolist(), "own": found.own} | estimated(ground.unseen, policy)


def trained(simulator: Scenario, teacher: Policy, road: Road, steps: int, seed: int) -> Learned:
    """PPO in a simulator, for so many decisions, by one of the roads; `teacher` shows what decisions look like."""
    config = _config(road, steps)
    clock = Clock(config)
    validation = prepare_validation(simulator, OBJECTIVE, branch(seed, VALIDATION), VALIDATION_EPISODES)
    lesson = rehearse(simulator, teacher, branch(seed, REHEARSAL), config.imitated, horizon_s=60 * config.horizon_min)
    scale = float(lesson.returns.std()) or 1.0
    centers = TrainingCenters(
        scenario=simulator,
        num_envs=config.n_envs,
        seed=seed,
        objective=OBJECTIVE,
        scale=scale,
        episode=lesson.raised // lesson.episodes,
        siblings=config.siblings,
    )
    scaled = replace(lesson, returns=lesson.returns / scale)

    def judge(policy: Policy) -> Verdict:
        return Verdict(validation.difference(policy))

    return learn_ppo(config, centers, judge, scaled, seed, lambda *_: None, clock)


def _config(road: Road, steps: int) -> PPOConfig:
    return PPOConfig(steps=steps, minutes=None, teacher="the clone" if road.cloned else None, anchor=road.anchor)


def _print(rows: dict[str, list[dict[str, Any]]], reality: Scenario, options: argparse.Namespace) -> None:
    last = options.seed + options.seeds - 1
    title = (
        f"{reality.name} with {options.load:g} times the load of the shipped simulator, {options.logged_days} days "
        f"logged by {BEHAVIOURS[BEHAVIOUR]} with a floor of {FLOOR:g}, as many of its history for the calibration, "
        f"truth on {options.episodes} frozen days, PPO for {options.steps} decisions, seeds {options.seed} to {last}"
    )
    print_rows(rows, title)
    print_table(
        "what a simulator says: per case over the platform's rule, by seed, and nats away from the clone at the end",
        ("learner, simulator", "validation", "nats"),
        [_told(name, results) for name, results in rows.items() if "validation" in results[0]],
    )


def _told(name: str, results: list[dict[str, Any]]) -> tuple[str, str, str]:
    nats = [f"{one['nats']:.2f}" for one in results if one["nats"] is not None]
    return name, ", ".join(f"{one['validation']:+.3f}" for one in results), ", ".join(nats)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.offline.combined", description=__doc__)
    parser.add_argument("--scenario", default="bank", help="the shipped simulator: name or file (default: bank)")
    parser.add_argument("--load", type=float, default=1.15, help="of reality over the shipped one's (default: 1.15)")
    parser.add_argument("--logged-days", type=int, default=60, help="days of each log (default: 60)")
    parser.add_argument("--episodes", type=int, default=200, help="frozen days of the truth (default: 200)")
    parser.add_argument("--steps", type=int, default=800_000, help="decisions of each PPO run (default: 800000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first logs and their learners (default: 0)")
    parser.add_argument("--seeds", type=int, default=1, help="logs, histories and trainings (default: 1)")
    parser.add_argument("--out", type=Path, default=Path("runs/offline"), help="folder of finished parts")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
