"""From a log to a simulator, to a policy, and back to a log: `python -m experiments.offline.combined`.

A log alone limits what can be learned to what it shows; a simulator shows everything, and is wrong. The road between:
a simulator as calibrated (the scenario as it is shipped), PPO in it, held to the behaviour policy by beginning at its
clone, judged by off-policy evaluation on a log of reality that nothing has learned from. Reality here is the same
center with more to do per agent hour than the simulator knows of, so what is learned meets what it was not made for.

Claims to be measured: PPO that begins at the clone is no worse in reality than PPO that begins cold, nor than what is
learned from the log alone; and the log tells beforehand. "per case" is the truth, reward per case in reality on frozen
days, with its difference to the behaviour rule and a 95 % interval paired by day; "own" and "estimated" are as in
`experiments.offline.table`. Finished parts lie in `--out`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from experiments.figures import write_json
from experiments.offline.center import BEHAVIOURS, FLOOR, FROZEN_SEED, OBJECTIVE, logged, truth
from experiments.offline.table import RULE, UNSEEN, estimated, figures, print_rows
from experiments.parts import part
from maitred.agents.rules import RULES, rule
from maitred.configs.schema import PPOConfig
from maitred.envs.decision import Policy
from maitred.envs.resized import resized
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.training.coach import Clock
from maitred.training.learning import REHEARSAL, VALIDATION, branch
from maitred.training.offline.fitting import Fit
from maitred.training.offline.methods import Study, learn
from maitred.training.ppo_training import learn_ppo
from maitred.training.rehearsal import rehearse
from maitred.training.training_centers import TrainingCenters
from maitred.training.validation import Verdict, prepare_validation

COLD, WARM = "ppo begun cold", "ppo begun at the clone"
_FIT = Fit(steps=3000)
CONTENDERS = (RULE, "cloning", "greedy", COLD, WARM)
BEHAVIOUR = "poor"


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, clone, train in the simulator, estimate, run in reality; returns the exit code."""
    options = _parser().parse_args(arguments)
    simulator = load_scenario(options.scenario)
    reality = resized(simulator, load=options.load)
    studies = [
        Study(logged(reality, BEHAVIOUR, seed, options.logged_days, options.out / f"logs-{options.load:g}"), seed, _FIT)
        for seed in (options.seed, options.seed + UNSEEN)
    ]

    def made(name: str) -> dict[str, Any]:
        policy = _policy(name, simulator, studies[0], options)
        found = truth(reality, policy, options.episodes, options.seed)
        return {"per_case": found.per_case.tolist(), "own": found.own} | estimated(studies[1], policy)

    settings = vars(options) | {"reality": scenario_hash(reality), "frozen_seed": FROZEN_SEED, "floor": FLOOR}
    settings |= {"bounds": "by day"}
    same = {key: value for key, value in settings.items() if key not in ("out", "json")}
    rows = {
        name: [part(options.out, f"combined-{name.replace(' ', '_')}", same | {"policy": name}, partial(made, name))]
        for name in CONTENDERS
    }
    print_rows(
        rows,
        f"{reality.name} with {options.load:g} times the load of its simulator, {options.logged_days} days logged by "
        f"{BEHAVIOURS[BEHAVIOUR]} with a floor of {FLOOR:g}, PPO for {options.minutes:g} minutes, seed {options.seed}",
    )
    if options.json:
        write_json(options.json, figures("combined", rows))
    return 0


def _policy(name: str, simulator: Scenario, study: Study, options: argparse.Namespace) -> Policy:
    if name == RULE:
        return rule(BEHAVIOURS[BEHAVIOUR])
    if name not in (COLD, WARM):
        return learn(study, name).policy
    teacher = learn(study, "cloning").policy if name == WARM else RULES["random"]
    return _trained(simulator, teacher, name == WARM, options)


def _trained(simulator: Scenario, teacher: Policy, imitated: bool, options: argparse.Namespace) -> Policy:
    """PPO in the simulator, begun at a teacher where it is imitated."""
    config = PPOConfig(minutes=options.minutes, teacher="the clone" if imitated else None)
    clock = Clock(config)
    validation = prepare_validation(simulator, OBJECTIVE, branch(options.seed, VALIDATION), 64)
    lesson = rehearse(
        simulator, teacher, branch(options.seed, REHEARSAL), config.imitated, horizon_s=60 * config.horizon_min
    )
    scale = float(lesson.returns.std())
    centers = TrainingCenters(
        scenario=simulator,
        num_envs=config.n_envs,
        seed=options.seed,
        objective=OBJECTIVE,
        scale=scale,
        episode=lesson.raised // lesson.episodes,
    )
    scaled = replace(lesson, returns=lesson.returns / scale)

    def judge(policy: Policy) -> Verdict:
        return Verdict(validation.difference(policy))

    return learn_ppo(config, centers, judge, scaled, options.seed, lambda *_: None, clock).policy


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments.offline.combined", description=__doc__)
    parser.add_argument("--scenario", default="bank", help="the simulator: name or file (default: bank)")
    parser.add_argument("--load", type=float, default=1.15, help="of reality over the simulator's (default: 1.15)")
    parser.add_argument("--logged-days", type=int, default=60, help="days of each log (default: 60)")
    parser.add_argument("--episodes", type=int, default=200, help="frozen days of the truth (default: 200)")
    parser.add_argument("--minutes", type=float, default=5.0, help="of PPO (default: 5)")
    parser.add_argument("--seed", type=int, default=0, help="of everything (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("runs/offline"), help="folder of finished parts")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
