"""What can be learned from a decision log alone: `python -m experiments.offline.table`.

Two rules route with a floor of exploration, a good one (c-mu) and a poor one (the longest idle agent), and leave a log
each. Every learner gets that log and nothing else; then it is run on frozen days. "per case" is the truth, reward per
case, and "over the rule" its difference to the behaviour rule itself, without the floor, with a 95 % interval paired by
day. Claims to be measured: behaviour cloning and a one-step bandit regressor are hard to beat on a good log, and
more can be had from a poor one.

Beside it stands what can be known before anything is run, from a second log of the same rule: "own" is the money that
a policy's decisions book each for their own contacts, "estimated" its one-step estimate with its 95 % bounds on either
side, widened by what days vary, or why there is none. "FQE off" is by how much fitted Q evaluation misses what is
booked, discounted over five minutes, after a policy has taken over from the behaviour policy at one of four hours, as a
share of it, with a 95 % interval over days. Of several logs (`--seeds`), estimates and bounds are the means of each
log's own, so that bounds are as wide as those of one log. Finished parts lie in `--out`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.figures import Figure, print_table, write_json
from experiments.offline.center import BEHAVIOURS, FLOOR, FROZEN_SEED, OWN, logged, truth
from experiments.offline.switched import fitted_q_error
from experiments.parts import part
from maitred.agents.exploring import Exploring
from maitred.agents.rules import rule
from maitred.envs.decision import Policy
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.training.offline.evaluation import answers, evidence
from maitred.training.offline.fitting import Fit
from maitred.training.offline.methods import METHODS, Study, learn
from maitred.training.ope.estimate import Estimate, estimate
from maitred.training.paired import paired_difference, pooled

RULE = "behaviour rule"
UNSEEN = 100_000  # added to a seed: the log of evaluation


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, learn, estimate, run; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        center = load_scenario(options.scenario)
    except ScenarioError as error:
        parser.error(str(error))
    found = {behaviour: judged(center, behaviour, options) for behaviour in BEHAVIOURS}
    for behaviour, rows in found.items():
        print_rows(rows, _title(behaviour, center, options))
    if options.json:
        write_json(options.json, [figure for behaviour, rows in found.items() for figure in figures(behaviour, rows)])
    return 0


def judged(center: Scenario, behaviour: str, options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """Every learner's results from the logs of one rule, by name, one for each seed."""
    fit = Fit(steps=options.steps)
    settings = {
        "scenario": scenario_hash(center),
        "behaviour": BEHAVIOURS[behaviour],
        "floor": FLOOR,
        "logged_days": options.logged_days,
        "frozen_seed": FROZEN_SEED,
        "episodes": options.episodes,
        "fit": asdict(fit),
        "bounds": "by day, FQE too",
        "own_days": OWN,
    }

    @cache
    def study(seed: int) -> Study:
        return Study(logged(center, behaviour, seed, options.logged_days, options.out / "logs"), seed, fit)

    def made(name: str, seed: int) -> dict[str, Any]:
        policy = rule(BEHAVIOURS[behaviour]) if name == RULE else learn(study(seed), name).policy
        found = truth(center, policy, options.episodes, seed)
        log = study(seed + UNSEEN)
        explorer = Exploring(rule(BEHAVIOURS[behaviour]), FLOOR)
        booked, off = fitted_q_error(center, explorer, policy, log, seed + UNSEEN, options.logged_days)
        told = {"booked": booked, "off": asdict(off)} | estimated(log, policy)
        return {"per_case": found.per_case.tolist(), "own": found.own} | told

    found: dict[str, list[dict[str, Any]]] = {name: [] for name in (RULE, *METHODS)}
    for seed in range(options.seed, options.seed + options.seeds):
        for name, results in found.items():
            file = f"{center.name}-{behaviour}-{name.replace(' ', '_')}-{seed}"
            same = settings | {"seed": seed, "learner": name}
            results.append(part(options.out, file, same, partial(made, name, seed)))
        study.cache_clear()
    return found


def estimated(unseen: Study, policy: Policy) -> dict[str, Any]:
    """What a log that nobody learned from says of a policy."""
    experience = unseen.experience
    log = evidence(experience, unseen.lessons, unseen.models, answers(experience, policy))
    found = estimate(log, cluster=experience.episode[experience.known])
    if isinstance(found, Estimate):
        return {"value": found.value, "low": found.low, "high": found.high, "reasons": []}
    return {"value": None, "low": None, "high": None, "reasons": list(found.reasons)}


def _differences(results: list[dict[str, Any]], reference: list[dict[str, Any]]) -> tuple[float, float, float, float]:
    """Reward per case, and its difference to the reference with its interval, means over seeds."""
    ours, theirs = (np.mean([one["per_case"] for one in rows], axis=0) for rows in (results, reference))
    value, low, high = map(float, paired_difference(ours, theirs))
    return float(pooled(ours)), value, low, high


def _title(behaviour: str, center: Scenario, options: argparse.Namespace) -> str:
    return (
        f"{center.name}, {options.logged_days} days logged by {BEHAVIOURS[behaviour]} with a floor of {FLOOR:g}, truth "
        f"on {options.episodes} frozen days, {options.steps} updates per network, seeds {options.seed} to "
        f"{options.seed + options.seeds - 1}"
    )


def print_rows(rows: dict[str, list[dict[str, Any]]], title: str) -> None:
    """A table of learners, each with its results by seed."""
    header = ("learner", "per case", "over the rule", "own", "estimated", "bounds")
    missed = all("off" in one for results in rows.values() for one in results)
    print_table(
        title,
        (*header, "FQE off") if missed else header,
        [_row(name, results, rows[RULE]) + ((_missed(results),) if missed else ()) for name, results in rows.items()],
    )


def _row(name: str, results: list[dict[str, Any]], reference: list[dict[str, Any]]) -> tuple[str, ...]:
    value, difference, low, high = _differences(results, reference)
    over = "" if name == RULE else f"{difference:+.3f} [{low:+.3f}, {high:+.3f}]"
    own = f"{np.mean([one['own'] for one in results]):.3f}"
    told = [one for one in results if one["value"] is not None]
    if not told:
        return name, f"{value:.3f}", over, own, "cannot tell", results[0]["reasons"][0].partition(":")[0]
    mean = {key: float(np.mean([one[key] for one in told])) for key in ("value", "low", "high")}
    return name, f"{value:.3f}", over, own, f"{mean['value']:.3f}", f"[{mean['low']:.3f}, {mean['high']:.3f}]"


def _missed(results: list[dict[str, Any]]) -> str:
    off = {key: 100 * float(np.mean([one["off"][key] for one in results])) for key in ("estimate", "low", "high")}
    return f"{off['estimate']:+.1f} % [{off['low']:+.1f}, {off['high']:+.1f}]"


def figures(behaviour: str, rows: dict[str, list[dict[str, Any]]]) -> list[Figure]:
    """What the table shows, as figures; names begin with the log's."""
    found = []
    for name, results in rows.items():
        value, difference, low, high = _differences(results, rows[RULE])
        for what, number in (("per case", value), ("over the rule", difference), ("low", low), ("high", high)):
            found.append(Figure(f"{behaviour} log, {name}: {what}", number, "money per case"))
        for one in results:
            if "off" in one:
                found.append(Figure(f"{behaviour} log, {name}: FQE off", one["off"]["estimate"], "share"))
            if one["value"] is not None:
                name_of_estimate = f"{behaviour} log, {name}: estimated"
                found.append(Figure.against(name_of_estimate, one["value"], "money per decision", one["own"]))
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.offline.table", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--scenario", default="bank", help="name or file (default: bank)")
    parser.add_argument("--logged-days", type=int, default=60, help="days of each log (default: 60)")
    parser.add_argument("--episodes", type=int, default=200, help="frozen days of the truth (default: 200)")
    parser.add_argument("--steps", type=int, default=3000, help="updates of each network (default: 3000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first log and its learners (default: 0)")
    parser.add_argument("--seeds", type=int, default=1, help="logs of each rule (default: 1)")
    parser.add_argument("--out", type=Path, default=Path("runs/offline"), help="folder of finished parts")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
