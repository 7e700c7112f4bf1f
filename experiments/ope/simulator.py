"""What one step cannot see, against simulator truth: `python -m experiments.ope.simulator`.

A one-step estimate tells what a policy's decisions would have earned in the situations that another policy left behind.
It leaves out what they do to the queue, and so to the situations that follow. Claim to be measured at several loads:
how far that is off, and how well policies can be ranked by it nevertheless. One exploring policy is logged; every rule
at two exploration floors, and chance, is estimated from its log and then run on days of its own, the same for all.

Gains are over the logged policy, so that what the days did to all policies cancels. "own" is what a policy's decisions
really earned each (an agent who stays free earns 0), otherwise the truth is the objective, reward per case, which also
counts contacts that nobody decided on; estimates are then counted as often per case as the logged policy decides. "off"
is the root mean square of estimated less true gain over the policies that the log can tell of, "bias" its mean, "gains"
that of the true ones alone, "slope" how much of a unit of estimated gain is really gained. "inside" is the share whose
own value lies within the 90 % interval, which is widened by what days vary; that own value is the mean of so many days
itself. "rank" is Spearman's correlation of
estimate and truth. "lost" is what running the policy that the estimate likes best loses against the best of all, "best"
what that one is worth over the logged policy. Finished parts lie in `--out`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from experiments.figures import Figure, print_table, write_json
from experiments.ope.center import BEHAVIOUR, JUDGED, LOGGED, days, logged, reward_model, targets
from experiments.parts import part
from maitred.agents.exploring import Exploring
from maitred.envs.resized import resized
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.training.ope.estimate import Estimate, estimate
from maitred.training.ope.logged import Floats
from maitred.training.paired import pooled

LOADS = (0.7, 0.9, 1.1, 1.3)


@dataclass(frozen=True, eq=False)
class Row:
    """Every target policy at one load, (P,) each; estimates are NaN where the log cannot tell.

    Attributes:
        load: factor of the scenario's arrivals.
        value: estimated money per decision.
        low: its lower bound.
        high: its upper bound.
        own: money per decision that it really earned.
        per_case: the objective, money per case.
        logged_value: money per decision in the log.
        logged_own: money per decision of the logged policy on the days of the truth.
        logged_per_case: its objective there.
        decisions_per_case: of the logged policy.
    """

    load: float
    value: Floats
    low: Floats
    high: Floats
    own: Floats
    per_case: Floats
    logged_value: float
    logged_own: float
    logged_per_case: float
    decisions_per_case: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Log, estimate, run, compare; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        center = load_scenario(options.scenario)
    except ScenarioError as error:
        parser.error(str(error))
    rows = [_row(center, load, options) for load in options.loads]
    print_rows(rows, f"{center.name}, log of {options.logged_days} days by {BEHAVIOUR.name}, truth over "
                     f"{options.days} days, seed {options.seed}")  # fmt: skip
    if options.json:
        write_json(options.json, [figure for row in rows for figure in figures(row)])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="bank", help="name of a shipped one, or a file")
    parser.add_argument("--loads", type=float, nargs="+", default=LOADS, help="factors of its arrivals")
    parser.add_argument("--logged-days", type=int, default=20, help="days of the log")
    parser.add_argument("--days", type=int, default=30, help="days on which every policy is run")
    parser.add_argument("--seed", type=int, default=1, help="of all days")
    parser.add_argument("--out", type=Path, default=Path("runs/ope/simulator"), help="folder of finished parts")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def _row(center: Scenario, load: float, options: argparse.Namespace) -> Row:
    settings = {"scenario": scenario_hash(center), "load": load, "seed": options.seed, "days": options.days}
    settings |= {"logged_days": options.logged_days, "behaviour": BEHAVIOUR.name, "bounds": "by day"}
    settings |= {"targets": [policy.name for policy in targets()]}
    found = part(options.out, f"{center.name}-{load:g}", settings, lambda: _made(resized(center, load=load), options))
    arrays = ("value", "low", "high", "own", "per_case")
    return Row(load=load, **found | {name: np.array(found[name], float) for name in arrays})


def _made(center: Scenario, options: argparse.Namespace) -> dict[str, Any]:
    """Estimates from the log and truth of every target."""
    log = days(center, BEHAVIOUR, options.seed, LOGGED, options.logged_days)
    q = reward_model(log)
    answers = [estimate(logged(log, q, policy), cluster=log.day) for policy in targets()]
    truths = [_truth(center, policy, options) for policy in targets()]
    logged_own, logged_per_case = _truth(center, BEHAVIOUR, options)
    return {
        **{name: [getattr(one, name) if isinstance(one, Estimate) else None for one in answers]
           for name in ("value", "low", "high")},
        "own": [own for own, _ in truths],
        "per_case": [per_case for _, per_case in truths],
        "logged_value": float(log.reward.mean()),
        "logged_own": logged_own,
        "logged_per_case": logged_per_case,
        "decisions_per_case": len(log.reward) / float(log.per_case[:, 1].sum()),
    }  # fmt: skip


def _truth(center: Scenario, policy: Exploring, options: argparse.Namespace) -> tuple[float, float]:
    """Money per decision and per case."""
    run = days(center, policy, options.seed, JUDGED, options.days)
    return float(run.reward.mean()), float(pooled(run.per_case))


def print_rows(rows: Sequence[Row], where: str) -> None:
    """One row per load, from figures."""
    told = [{figure.name.split(": ")[1]: f"{figure.value:.3f}" for figure in figures(row)} for row in rows]
    names = list(dict.fromkeys(name for each in told for name in each))
    cells = [(f"{row.load:g}", *(each.get(name, "-") for name in names)) for row, each in zip(rows, told, strict=True)]
    print_table(f"One-step estimates against the truth, by load; {where}", ("load", *names), cells)


def figures(row: Row) -> list[Figure]:
    """Bias, coverage, ranks and regret at one load, over the policies that the log can tell of; two at least."""
    told = ~np.isnan(row.value)
    if told.sum() < 2:
        return [Figure(f"load {row.load:g}: told", float(told.mean()), "share")]
    value, own, per_case = row.value[told], row.own[told], row.per_case[told]
    gain, own_gain, true_gain = value - row.logged_value, own - row.logged_own, per_case - row.logged_per_case
    off_own, off = gain - own_gain, gain * row.decisions_per_case - true_gain
    inside = (row.low[told] <= own) & (own <= row.high[told])
    measured = {
        "told": (float(told.mean()), "share"),
        "inside": (float(inside.mean()), "share"),
        "bias, own": (float(off_own.mean()), "money per decision"),
        "off, own": (_root_mean_square(off_own), "money per decision"),
        "bias": (float(off.mean()), "money per case"),
        "off": (_root_mean_square(off), "money per case"),
        "gains": (_root_mean_square(true_gain), "money per case"),
        "slope": (float(np.polyfit(gain * row.decisions_per_case, true_gain, 1)[0]), "1"),
        "rank, own": (_rank(value, own), "1"),
        "rank": (_rank(value, per_case), "1"),
        "lost": (float(row.per_case.max() - per_case[value.argmax()]), "money per case"),
        "best": (float(row.per_case.max() - row.logged_per_case), "money per case"),
    }
    return [Figure(f"load {row.load:g}: {name}", amount, unit) for name, (amount, unit) in measured.items()]


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt((values**2).mean()))


def _rank(one: Floats, other: Floats) -> float:
    """Spearman's rank correlation."""
    return float(spearmanr(one, other).statistic)


if __name__ == "__main__":
    sys.exit(main())
