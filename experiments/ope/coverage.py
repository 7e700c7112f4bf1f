"""Which estimator and which bound to trust: `python -m experiments.ope.coverage`.

Claim: bounds with one unseen decision of the worst kind miss at most 5 % of the time in every setting, on either side,
with lower bounds no farther from the truth than .041 in S1 and .145 in S2 at 2,000 decisions, on average: the distances
published for Cressie-Read empirical likelihood, the tightest of the known bounds that hold. And the self-normalised
doubly robust estimator is the most accurate of those that are not biased. Settings are S1 to S4 of `worlds.py`.

All bounds are one-sided at 95 %; misses and gaps are over the same logs for every method, gaps are mean distances to
the truth of bounds held to [0, 1], with their standard error in the file. The last table says how often `estimate`
refuses, and how often its bounds miss where it does not. Finished cells lie in `--out`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.figures import Figure, print_table, write_json
from experiments.intervals import share_interval
from experiments.ope.methods import BOUNDS, POINTS, REWARDS
from experiments.ope.worlds import SETTINGS, Setting, World, world
from experiments.parts import part
from maitred.training.ope.estimate import CannotTell, estimate

DECISIONS = (500, 2_000)
REFUSAL = "refusal"
Cell = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, bound, count, print; returns the exit code."""
    options = _parser().parse_args(arguments)
    cells = {f"{s.name} {n}": cell(s, n, options) for s in SETTINGS for n in options.decisions}
    print(f"{options.replications} replications of seed {options.seed}; nominal: each bound misses 5.0 %")
    print_cells(cells, options.bounds)
    if options.json:
        write_json(options.json, figures(cells))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=400, help="logs per cell")
    parser.add_argument("--decisions", type=int, nargs="+", default=DECISIONS, help="sizes of the logs")
    parser.add_argument("--bounds", nargs="+", choices=list(BOUNDS), default=list(BOUNDS), help="methods to compare")
    parser.add_argument("--seed", type=int, default=5, help="of the logs")
    parser.add_argument("--out", type=Path, default=Path("runs/ope/coverage"), help="folder of finished cells")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def cell(setting: Setting, n: int, options: argparse.Namespace) -> Cell:
    """What one setting and size of log gave, from its part or made now."""
    settings = {"setting": vars(setting), "n": n, "seed": options.seed, "replications": options.replications}
    settings |= {"bounds": sorted(options.bounds)}
    name = f"{setting.name}-{n}-{options.replications}-{len(options.bounds)}"
    return part(options.out, name, settings, lambda: _measured(world(setting), n, options))


def _measured(truth: World, n: int, options: argparse.Namespace) -> Cell:
    """Bounds and points of every replication, summed up."""
    bounds: dict[str, list[tuple[float, float]]] = {name: [] for name in options.bounds}
    points: dict[str, list[float]] = {name: [] for name in POINTS}
    told: list[tuple[float, float]] = []
    for seed in np.random.SeedSequence((options.seed, n)).spawn(options.replications):
        log = truth.draw(n, seed)
        for name, found in bounds.items():
            found.append(BOUNDS[name](log))
        for name, values in points.items():
            values.append(float(POINTS[name](log).mean()))
        answer = estimate(log, REWARDS)
        if not isinstance(answer, CannotTell):
            told.append((answer.low, answer.high))
    return {
        "value": truth.value,
        "replications": options.replications,
        "bounds": {name: _missed(np.array(found), truth.value) for name, found in bounds.items()},
        "points": {name: _off(np.array(values) - truth.value) for name, values in points.items()},
        REFUSAL: _missed(np.array(told).reshape(-1, 2), truth.value) | {"told": len(told)},
    }


def _missed(bounds: np.ndarray[Any, np.dtype[np.float64]], value: float) -> dict[str, float]:
    """Misses in number and mean gaps on both sides of (R, 2) bounds."""
    low, high = bounds.T
    gap = value - np.maximum(low, REWARDS[0])
    return {
        "low_misses": int((low > value).sum()),
        "low_gap": float(gap.mean()) if len(gap) else np.nan,
        "low_gap_error": float(gap.std() / np.sqrt(len(gap))) if len(gap) else np.nan,
        "high_misses": int((high < value).sum()),
        "high_gap": float((np.minimum(high, REWARDS[1]) - value).mean()) if len(gap) else np.nan,
    }


def _off(errors: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    return {"rmse": float(np.sqrt((errors**2).mean())), "bias": float(errors.mean())}


def print_cells(cells: dict[str, Cell], bounds: Sequence[str]) -> None:
    """Lower bounds, upper bounds, points and refusals: a row per method, a column per cell."""
    header = tuple(cells)
    for side, title in (("low", "Lower"), ("high", "Upper")):
        rows = [(name, *(_share_and_gap(c["bounds"][name], c["replications"], side) for c in cells.values()))
                for name in bounds]  # fmt: skip
        print_table(f"{title} bounds, by setting and decisions: misses in %, mean gap", ("method", *header), rows)
    rows = [(name, *(f"{_short(c['points'][name]['rmse'])} {_short(c['points'][name]['bias'], '+')}"
                     for c in cells.values())) for name in POINTS]  # fmt: skip
    print_table("Points: root mean squared error, bias", ("estimator", *header), rows)
    print_table(
        "The default answer: how often it tells, and misses in % where it does, with their 95 % interval",
        ("cell", "tells, %", "lower misses", "upper misses", "lower gap"),
        [(name, *_told(c)) for name, c in cells.items()],
    )


def _share_and_gap(found: dict[str, float], replications: int, side: str) -> str:
    return f"{100 * found[f'{side}_misses'] / replications:.1f} {_short(found[f'{side}_gap'])}"


def _short(value: float, sign: str = "") -> str:
    """Four decimals without the leading 0, so that eight cells fit a line."""
    return f"{value:{sign}.4f}".replace("0.", ".", 1)


def _told(found: Cell) -> tuple[str, ...]:
    answer = found[REFUSAL]
    tells = f"{100 * answer['told'] / found['replications']:.1f}"
    if not answer["told"]:
        return tells, "-", "-", "-"
    return tells, _misses(answer, "low"), _misses(answer, "high"), f"{answer['low_gap']:.4f}"


def _misses(answer: dict[str, float], side: str) -> str:
    count, told = int(answer[f"{side}_misses"]), int(answer["told"])
    low, high = share_interval(count, told)
    return f"{100 * count / told:.1f} ({100 * low:.1f}, {100 * high:.1f})"


def figures(cells: dict[str, Cell]) -> list[Figure]:
    """Misses and gaps of every bound, errors of every point."""
    found = []
    for where, c in cells.items():
        for name, b in c["bounds"].items():
            for side in ("low", "high"):
                share = b[f"{side}_misses"] / c["replications"]
                found.append(Figure.against(f"{where}: {name}, {side} misses", share, "share", 0.05))
                found.append(Figure(f"{where}: {name}, {side} gap", b[f"{side}_gap"], "reward"))
            found.append(Figure(f"{where}: {name}, low gap, standard error", b["low_gap_error"], "reward"))
        for name, p in c["points"].items():
            found += [Figure(f"{where}: {name}, {what}", p[what], "reward") for what in ("rmse", "bias")]
        found.append(Figure(f"{where}: share told", c[REFUSAL]["told"] / c["replications"], "share"))
    return found


if __name__ == "__main__":
    sys.exit(main())
