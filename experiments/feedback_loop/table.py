"""Thirty generations of serve, log, re-train, serve: what the loop shows of itself, and what is true.

    python -m experiments.feedback_loop.table --out runs/feedback-loop/loop.png --parts runs/feedback-loop

The claim: a router that is re-trained on what it caused gets worse while its own metric rises (a, naive); a floor of
exploration and replay of random and recent decisions stop that (b), but ship worse generations a third of the time;
with the gate (c) no run is ever more than 2 points below generation 0 in the same period, at most 5 % of shipped
generations are worse than what they replace, and at most a point of (b)'s improvement is given up, also while agents'
skills drift. The truth is of all that serves, a challenger on trial included; "champion" is without it.

Further rows: the gate with the naive learner, and with a bad policy forced into service in generation 10; only one
contact in five surveyed, where the naive loop believes its own predictions for the rest; contacts whose mix drifts;
and a filter that learns from corrections alone. The gate's settings were tuned on seeds 100 to 115; seeds from 0 on
are reported. The learner is the same in every regime. The interval of worse shipments takes them for independent,
though those of one run follow from each other.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from experiments.feedback_loop import gated, generations, inversion
from experiments.feedback_loop.generations import Regime, begin, seeded
from experiments.feedback_loop.picture import draw_loop
from experiments.feedback_loop.results import Runs, given_up
from experiments.feedback_loop.world import Setting
from experiments.figures import Figure, print_table, write_json
from experiments.intervals import share_interval
from experiments.parts import Content, part

VERSION = 3  # of the regimes, so that parts of another are not mixed in
STILL, SKILLS = Setting("nothing drifts"), Setting("skills drift", skills=0.75)
MIX, SURVEYED = Setting("contact mix drifts", mix=1.0), Setting("1 in 5 surveyed", surveyed=0.2)
NAIVE, REPLAY, GATED = "a naive", "b floor + replay", "c gate"
REGIMES: dict[str, Regime] = {NAIVE: generations.naive, REPLAY: generations.replayed, GATED: gated.gated}
STRESSED: dict[str, Regime] = {"c naive learner": gated.gated_naive, "c bad one forced": gated.gated_planted}
PLAN = {STILL: REGIMES | STRESSED, SKILLS: REGIMES | STRESSED, MIX: REGIMES, SURVEYED: REGIMES}


def main(argv: list[str] | None = None) -> None:
    """Run the loops, print the tables and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="runs of each regime, seeds from 0 on")
    parser.add_argument("--generations", type=int, default=30)
    parser.add_argument("--parts", type=Path, default=Path("runs/feedback-loop"), help="folder of finished parts")
    parser.add_argument("--out", type=Path, help="also draw the picture here, a PNG")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    asked = parser.parse_args(argv)
    began = time.monotonic()
    found = study(asked.seeds, asked.generations, asked.parts)
    figures = _loops(found) + _filters(asked.seeds, asked.generations)
    print(f"seeds 0 to {asked.seeds - 1}, {asked.generations} generations, {time.monotonic() - began:.0f} s")
    if asked.json:
        write_json(asked.json, figures)
    if asked.out:
        draw_loop([runs for runs in found if runs.setting in (STILL.name, SKILLS.name)], asked.out)


def study(seeds: int, generations: int, parts: Path) -> list[Runs]:
    """Every regime in every setting."""
    found = []
    for setting, regimes in PLAN.items():
        left = [_seed(setting, regimes, seed, generations, parts) for seed in range(seeds)]
        found += [Runs.of(setting.name, name, [one[name] for one in left]) for name in regimes]
    return found


def _seed(setting: Setting, regimes: dict[str, Regime], seed: int, generations: int, parts: Path) -> Content:
    def make() -> Content:
        start = begin(seed, setting)
        return {
            name: [asdict(g) for g in (seeded(start), *regime(start, generations))] for name, regime in regimes.items()
        }

    name = f"{setting.name.replace(' ', '-')}-{seed}"
    settings = asdict(setting) | {"seed": seed, "generations": generations, "version": VERSION}
    return part(parts, name, settings | {"regimes": list(regimes)}, make)


def _loops(found: list[Runs]) -> list[Figure]:
    header = ("drift", "regime", "own", "frozen", "truth", "gen 0", "worst vs gen 0", "runs > 2 below")
    rows = [
        (
            runs.setting,
            runs.regime,
            *(f"{100 * runs.mean(field):.1f}" for field in ("own", "frozen", "truth", "first")),
            f"{100 * runs.above_first.min():+.1f}",
            "{} of {}".format(*runs.degraded),
        )
        for runs in found
    ]
    print_table("what is shown and what is true, % resolved, mean over generations", header, rows)
    header = ("drift", "regime", "ships a run", "worse, %", "largest loss", "truth less b's", "champion's", "demoted")
    print_table("what is shipped, points", header, [_shipping(runs, found) for runs in found])
    return [figure for runs in found for figure in _figures(runs, found)]


def _shipping(runs: Runs, found: list[Runs]) -> tuple[str, ...]:
    hits, shipped = runs.worse
    low, high = share_interval(hits, shipped)
    whole, champion = (given_up(runs, _replay(runs, found), field) for field in ("truth", "champion"))
    return (
        runs.setting,
        runs.regime,
        f"{shipped / runs.degraded[1]:.1f}",
        f"{100 * hits / shipped:.0f} ({100 * low:.0f}-{100 * high:.0f})" if shipped else "-",
        f"{100 * runs.largest_loss:+.1f}",
        f"{100 * whole.estimate:+.2f} ({100 * whole.low:+.1f} to {100 * whole.high:+.1f})",
        f"{100 * champion.estimate:+.2f}",
        str(runs.demoted),
    )


def _replay(runs: Runs, found: list[Runs]) -> Runs:
    return next(one for one in found if (one.setting, one.regime) == (runs.setting, REPLAY))


def _figures(runs: Runs, found: list[Runs]) -> list[Figure]:
    hits, shipped = runs.worse
    name = f"{runs.setting}, {runs.regime}"
    return [
        Figure.against(f"{name}: truth", runs.mean("truth"), "share", runs.mean("first")),
        Figure(f"{name}: own metric", runs.mean("own"), "share"),
        Figure(f"{name}: worst less generation 0", float(runs.above_first.min()), "share", -0.02),
        Figure(f"{name}: runs more than 2 points below", runs.degraded[0] / runs.degraded[1], "share", 0.0),
        Figure(f"{name}: shipped generations that were worse", hits / shipped if shipped else 0.0, "share", 0.05),
        Figure(f"{name}: truth less floor and replay", given_up(runs, _replay(runs, found)).estimate, "share", -0.01),
    ]


def _filters(seeds: int, generations: int) -> list[Figure]:
    kinds = {"corrections as they come": False, "weighted by propensity": True}
    found = {name: [inversion.run(s, generations, weighted) for s in range(seeds)] for name, weighted in kinds.items()}
    rows, figures = [], []
    for name, runs in found.items():
        truth, own = (np.array([getattr(run, field) for run in runs]) for field in ("truth", "own"))
        cells = truth[:, 0].mean(), own[:, 1:].mean(), truth[:, 1].mean(), truth[:, 1:].mean(), truth[:, 1:].min()
        rows.append((name, *(f"{100 * cell:.1f}" for cell in cells)))
        figures.append(Figure.against(f"filter, {name}: truth", float(cells[3]), "share", float(cells[0])))
    header = ("learned from", "generation 0", "on its known answers", "truth in generation 1", "mean truth", "worst")
    print_table("a filter that learns from corrections, % right", header, rows)
    return figures


if __name__ == "__main__":
    main()
