"""How often the gate promotes, by what a candidate is truly worth, with ten looks at 40,000 decisions.

    python -m experiments.gate.promotion --replications 2000 --out runs/gate

The claim: a policy that equals the champion is promoted at most once in twenty, one that is a point worse at most
once in a hundred, and one that is two points better in at least 56 % of logs where the champion takes one agent in
ten at random and in at least 94 % where it takes three in ten; and this holds for the best of twenty candidates,
ranked on validation decisions and tested alone; a candidate exactly at the margin of non-inferiority is promoted at
most once in twenty; and a better candidate that harms a guard KPI by its tolerance or more is not promoted.

Every rate has a Clopper-Pearson interval at 95 %. Replications come in blocks that are kept in the out folder; a run
that is cut off goes on from them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from experiments.figures import Figure, print_table, write_json
from experiments.gate.trials import CANDIDATES, GATE, SAME, alone, guarded, winner
from experiments.gate.world import Floats, World, build
from experiments.intervals import share_interval
from experiments.parts import Content, part

EXPLORATION = (0.1, 0.3)
DIFFERENCES = (-0.01, 0.0, 0.01, 0.02, 0.04)
BLOCK = 50
VERSION = 2  # of the trials, so that blocks of another are not mixed in


def main(argv: list[str] | None = None) -> None:
    """Run the study and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=2000, help="of the candidates that are tested alone")
    parser.add_argument("--selections", type=int, default=600, help="of the best of twenty, and of the guards")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/gate"), help="folder of finished blocks")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    asked = parser.parse_args(argv)
    began, figures = time.monotonic(), []
    for exploration in EXPLORATION:
        world = build(exploration)
        figures += _alone(world, exploration, asked)
        figures += _winner(world, exploration, asked)
        figures += _guards(world, exploration, asked)
    print(f"seed {asked.seed}, {asked.replications} and {asked.selections} replications, ", end="")
    print(f"{time.monotonic() - began:.0f} s in this run")
    if asked.json:
        write_json(asked.json, figures)


def _alone(world: World, exploration: float, asked: argparse.Namespace) -> list[Figure]:
    candidates = {f"{100 * d:+g}": world.candidate(d) for d in DIFFERENCES}
    rates = _rates("alone", exploration, asked.replications, asked, lambda draw: _flat(alone(world, draw, candidates)))
    gates = list(dict.fromkeys(name.split("|")[1] for name in rates))
    rows = [(gate, *(_cell(rates[f"{d}|{gate}"]) for d in candidates)) for gate in gates]
    print_table(
        f"promoted, % of logs, by true difference in points; exploration {exploration:g}", ("gate", *candidates), rows
    )
    targets = {f"+0|{GATE}": 0.05, f"-1|{GATE}": 0.01, f"-1|{SAME}": 0.05, f"+2|{GATE}": _power(exploration)}
    return [_figure(f"{name}, exploration {exploration:g}", rate, targets.get(name)) for name, rate in rates.items()]


def _winner(world: World, exploration: float, asked: argparse.Namespace) -> list[Figure]:
    bad = [world.bad_one(seed) for seed in range(CANDIDATES)]

    def both(draw: np.random.Generator) -> dict[str, bool]:
        return {f"{100 * d:+g}": winner(world, draw, candidates) for d, candidates in of.items()}

    of: dict[float, list[Floats]] = {d: [world.candidate(d, one) for one in bad] for d in (-0.01, 0.0)}
    rates = _rates("winner", exploration, asked.selections, asked, both)
    print_table(
        f"the best of {CANDIDATES} promoted, % of logs; exploration {exploration:g}",
        tuple(f"all {d} points" for d in rates),
        [tuple(_cell(rate) for rate in rates.values())],
    )
    targets = {"+0": 0.05, "-1": 0.01}
    label = f"best of {CANDIDATES}, exploration {exploration:g}, all"
    return [_figure(f"{label} {d}", rate, targets[d]) for d, rate in rates.items()]


def _guards(world: World, exploration: float, asked: argparse.Namespace) -> list[Figure]:
    better = world.candidate(0.04)
    rates = _rates("guards", exploration, asked.selections, asked, lambda draw: guarded(world, draw, better))
    print_table(
        f"a candidate 4 points better promoted, % of logs, by the guard KPI it harms; exploration {exploration:g}",
        ("harmed, in tolerances", "promoted"),
        [(name, _cell(rate)) for name, rate in rates.items()],
    )
    return [
        _figure(f"guard {name}, exploration {exploration:g}", rate, None if name == "none" else 0.05)
        for name, rate in rates.items()
    ]


def _rates(
    study: str,
    exploration: float,
    replications: int,
    asked: argparse.Namespace,
    once: Callable[[np.random.Generator], dict[str, bool]],
) -> dict[str, tuple[int, int]]:
    """How many of how many replications promoted, by name."""
    total: dict[str, int] = {}
    blocks = -(-replications // BLOCK)
    for block in range(blocks):
        settings = {"seed": asked.seed, "exploration": exploration, "block": block, "of": BLOCK, "version": VERSION}

        def make(block: int = block) -> Content:
            keys = np.random.SeedSequence(
                entropy=asked.seed, spawn_key=(sum(map(ord, study)), round(100 * exploration), block)
            )
            found = [once(np.random.default_rng(key)) for key in keys.spawn(BLOCK)]
            return {name: sum(one[name] for one in found) for name in found[0]}

        content = part(asked.out, f"{study}-{round(100 * exploration)}-{block}", settings, make)
        total = {name: total.get(name, 0) + hits for name, hits in content.items()}
    return {name: (hits, blocks * BLOCK) for name, hits in total.items()}


def _flat(found: dict[str, dict[str, bool]]) -> dict[str, bool]:
    return {f"{outer}|{inner}": hit for outer, gates in found.items() for inner, hit in gates.items()}


def _power(exploration: float) -> float:
    return {0.1: 0.56, 0.3: 0.94}[exploration]


def _cell(rate: tuple[int, int]) -> str:
    low, high = share_interval(*rate)
    return f"{100 * rate[0] / rate[1]:.1f} ({100 * low:.1f}-{100 * high:.1f})"


def _figure(name: str, rate: tuple[int, int], target: float | None) -> Figure:
    value = rate[0] / rate[1]
    return Figure.against(name, value, "share", target) if target else Figure(name, value, "share")


if __name__ == "__main__":
    main()
