"""Bounds where decisions of one day depend on each other: `python -m experiments.ope.dependence`.

Claim to be tested: bounds that take decisions for independent miss far more often than they say where days differ, and
those of `estimate` with its days given keep to 5 %. Settings are S1, S2 and S4 of `worlds.py`, their decisions dealt to
days: a day's trouble u is standard normal, takes `effect` x u from the log-odds of every success of the day, and brings
exp(0.3 u) times as many decisions, so that bad days are the busy ones. The truth is the target's value over all
decisions, exact but for the quadrature over u.

Columns: the share of one-sided 95 % bounds that miss, lower and upper, with the mean distance of the lower one to the
truth: of decisions taken for independent, of days alone (jackknife and Student's t), and of the default, which widens
the first by what days vary. Refusals for lack of support are not applied, so that all are judged on the same logs.
Finished cells lie in `--out`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

from experiments.figures import Figure, print_table, write_json
from experiments.ope.methods import REWARDS
from experiments.ope.worlds import SETTINGS, Setting, World, world
from experiments.parts import part
from maitred.training.ope.clusters import clustered_error, widening
from maitred.training.ope.estimators import self_normalised_doubly_robust
from maitred.training.ope.intervals import ALPHA, Bounds
from maitred.training.ope.logged import Floats, Integers, Logged
from maitred.training.ope.worst_case import doubly_robust_bounds

CROWDING = 0.3  # of a day's trouble on the log of its decisions
EFFECTS = (0.0, 0.5, 1.0)
KINDS = ("decisions", "days alone", "default")
USED = tuple(setting for setting in SETTINGS if setting.name != "S3")  # where no log of this size tells anything

Cell = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, bound, count, print; returns the exit code."""
    options = _parser().parse_args(arguments)
    found = [cell(*case, options) for case in product(USED, options.days, options.effects)]
    print_cells(found, f"{options.replications} logs per cell, {options.per_day} decisions a day, seed {options.seed}")
    if options.json:
        write_json(options.json, [figure for each in found for figure in figures(each)])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=400, help="logs per cell")
    parser.add_argument("--days", type=int, nargs="+", default=[20, 60], help="of a log")
    parser.add_argument("--effects", type=float, nargs="+", default=EFFECTS, help="of a day on the log-odds")
    parser.add_argument("--per-day", type=int, default=100, help="decisions of an ordinary day")
    parser.add_argument("--seed", type=int, default=5, help="of the logs")
    parser.add_argument("--out", type=Path, default=Path("runs/ope/dependence"), help="folder of finished cells")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def cell(setting: Setting, days: int, effect: float, options: argparse.Namespace) -> Cell:
    """What one setting, number of days and effect gave, from its part or made now."""
    settings = {"setting": vars(setting), "days": days, "effect": effect, "per_day": options.per_day}
    settings |= {"seed": options.seed, "replications": options.replications}
    name = f"{setting.name}-{days}-{effect:g}-{options.per_day}-{options.replications}"
    counted = part(options.out, name, settings, lambda: _measured(world(setting), days, effect, options))
    return counted | {"setting": setting.name, "days": days, "effect": effect, "of": options.replications}


def _measured(truth: World, days: int, effect: float, options: argparse.Namespace) -> Cell:
    value = value_over_days(truth, effect)
    found = np.array(
        [bounds(*draw(truth, days, options.per_day, effect, seed))
         for seed in np.random.SeedSequence((options.seed, days)).spawn(options.replications)]
    )  # fmt: skip
    low, high = found[..., 0], found[..., 1]
    return {
        "value": value,
        "low": (low > value).sum(axis=0).tolist(),
        "high": (high < value).sum(axis=0).tolist(),
        "gap": (value - low.clip(*REWARDS)).mean(axis=0).tolist(),
    }


def value_over_days(truth: World, effect: float) -> float:
    """The target's mean reward over decisions, busy days counting for as many as they bring."""
    trouble, weight = np.polynomial.hermite_e.hermegauss(31)
    weight = weight * np.exp(CROWDING * trouble)
    by_day = [float((truth.target * troubled(truth.reward, effect * u)).sum(axis=1).mean()) for u in trouble]
    return float(np.average(by_day, weights=weight))


def troubled(success: Floats, lost: Floats | float) -> Floats:
    """Chances of success with so much taken from their log-odds."""
    odds = success * np.exp(-lost)
    return np.asarray(odds / (odds + 1 - success))


def draw(truth: World, days: int, per_day: int, effect: float, seed: np.random.SeedSequence) -> tuple[Logged, Integers]:
    """A log of so many days by the behaviour policy, and the day of each decision."""
    random = np.random.default_rng(seed)
    trouble = random.normal(size=days)
    day = np.repeat(np.arange(days), random.poisson(per_day * np.exp(CROWDING * trouble)).clip(1))
    log = truth.draw(len(day), seed.spawn(1)[0], lambda success: troubled(success, effect * trouble[day]))
    return log, day


def bounds(log: Logged, day: Integers) -> tuple[Bounds, ...]:
    """Of each of `KINDS`."""
    value = float(self_normalised_doubly_robust(log).mean())
    decisions, wider = doubly_robust_bounds(log, REWARDS), widening(log, day)
    half = float(student.ppf(1 - ALPHA, len(np.unique(day)) - 1)) * clustered_error(log, day)
    widened = Bounds(value - wider * (value - decisions.low), value + wider * (decisions.high - value))
    return decisions, Bounds(value - half, value + half), widened


def print_cells(found: Sequence[Cell], where: str) -> None:
    """A row per cell."""
    rows = [
        (one["setting"], str(one["days"]), f"{one['effect']:g}", *(_cell(one, kind) for kind in range(len(KINDS))))
        for one in found
    ]
    header = ("setting", "days", "effect", *(f"{kind}: low %, high %, gap" for kind in KINDS))
    print_table(f"Misses of bounds that say 5 %; {where}", header, rows)


def _cell(one: Cell, kind: int) -> str:
    low, high = (100 * one[side][kind] / one["of"] for side in ("low", "high"))
    return f"{low:.1f}  {high:.1f}  {one['gap'][kind]:.3f}"


def figures(one: Cell) -> list[Figure]:
    """Misses of every kind of bound in one cell."""
    where = f"{one['setting']}, {one['days']} days, effect {one['effect']:g}"
    return [
        Figure.against(f"{where}: {kind}, {side} misses", one[side][place] / one["of"], "share", ALPHA)
        for place, kind in enumerate(KINDS)
        for side in ("low", "high")
    ]


if __name__ == "__main__":
    sys.exit(main())
