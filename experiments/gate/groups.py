"""Which margin for groups of customers lets an equal policy pass, and none that harms a group by five points.

    python -m experiments.gate.groups --out runs/gate_groups

The claim: with the default `segment_margin` of the gate, a policy under which one contact in twenty of some group loses
all its satisfaction (5 points, worth 5 % of the objective's `csat` to each contact of the group) passes at most as
often as the level of the look says, and a smaller margin only holds more policies that are equal. How many, by the
number of episodes of the frozen set, is in the table.

Candidate and champion explore alike and differ in luck alone. Episodes are played once by both; every replication is a
set of some of them, drawn without replacement, in each of which a coin says who of the two is the candidate, so that
over all sets they are equal exactly. One group of it, drawn at random, is then harmed. Bounds are at the level of a
set's first look. Intervals are over coins and draws, given the episodes that were played.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from experiments.figures import Figure, print_table, write_json
from experiments.gate.world import Floats
from experiments.intervals import share_interval
from experiments.parts import part
from maitred.agents.exploring import Exploring
from maitred.agents.rules import RULES
from maitred.envs.decision import Choices, Decisions
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.envs.traffic import draw_trace
from maitred.training.gate.contender import Contender
from maitred.training.gate.guard_rail import look_level
from maitred.training.gate.guards import Standing
from maitred.training.gate.on_frozen import OnFrozen, Played, replay, segments
from maitred.training.gate.settings import Settings

CENTERS = {"bank": (50, 100, 200), "bpo_chat": (50, 100, 200), "omni": (10, 20, 40)}  # episodes of a set
PLAYED = {"bank": 600, "bpo_chat": 600, "omni": 120}
MARGINS = (0.1, 0.2, 0.3, 0.4, 0.5)
HARM = 0.05  # share of a group's contacts that lose all satisfaction
FLOOR = 0.3  # of exploration
CHUNK = 20  # episodes played at a time


@dataclass(frozen=True)
class Lucky:
    """The incumbent with exploration, and with luck of its own."""

    salt: int
    name: str = "lucky"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        other = replace(decisions, key=decisions.key ^ np.uint64(self.salt))
        return Exploring(RULES["incumbent"], FLOOR).act(other)


def main(argv: list[str] | None = None) -> None:
    """Run the study and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--centers", nargs="+", default=list(CENTERS), choices=CENTERS)
    parser.add_argument("--episodes", type=int, help="to be played of each center (default: 600, of omni 120)")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/gate_groups"), help="folder of finished parts")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    asked = parser.parse_args(argv)
    began, figures, rows = time.monotonic(), [], []
    for center in asked.centers:
        scenario = load_scenario(center)
        ours, theirs = (_played(scenario, asked.episodes or PLAYED[center], asked, salt) for salt in (1, 2))
        for episodes in (size for size in CENTERS[center] if size <= len(ours)):
            shares = _shares(scenario, ours, theirs, episodes, asked)
            rows += [(f"{center} x {episodes}", what, *map(_cell, cells)) for what, cells in shares.items()]
            figures += _figures(f"{center}, {episodes} episodes", shares)
    print_table(
        f"% of frozen sets, by the margin of groups; a harmed group loses {HARM * Objective().csat:.2f} per contact",
        ("set x episodes", "policy", *(f"{margin:g}" for margin in MARGINS)),
        rows,
    )
    print(f"seed {asked.seed}, {asked.replications} replications, {time.monotonic() - began:.0f} s in this run")
    if asked.json:
        write_json(asked.json, figures)


def _played(scenario: Scenario, episodes: int, asked: argparse.Namespace, salt: int) -> Floats:
    """(E, S, 2) money and contacts of every group, under one of the two policies."""
    contender = Contender(Lucky(salt), f"lucky:{salt}", 1)
    frozen: Any = SimpleNamespace(scenario=scenario)

    def make(first: int) -> dict[str, Any]:
        keys = (np.random.SeedSequence(asked.seed, spawn_key=(first + i,)) for i in range(CHUNK))
        played = replay(frozen, [draw_trace(scenario, key) for key in keys], contender, Objective())
        return {"segments": played.segments.round(6).tolist()}

    settings = {"seed": asked.seed, "scenario": scenario_hash(scenario), "salt": salt, "floor": FLOOR, "chunk": CHUNK}
    chunks = [
        part(asked.out, f"{scenario.name}-{salt}-{first}", settings, partial(make, first))["segments"]
        for first in range(0, episodes, CHUNK)
    ]
    return np.concatenate([np.array(chunk) for chunk in chunks])


def _shares(
    scenario: Scenario, ours: Floats, theirs: Floats, episodes: int, asked: argparse.Namespace
) -> dict[str, list[tuple[int, int]]]:
    """How often equal and harmful policies pass or are rejected, of how many, by margin."""
    draw = np.random.default_rng(np.random.SeedSequence(asked.seed, spawn_key=(2**31, episodes)))
    found: dict[str, list[list[bool]]] = {name: [] for name in ("equal, held", "harmful, passed", "harmful, rejected")}
    for _ in range(asked.replications):
        days = draw.choice(len(ours), episodes, replace=False)
        coin = draw.random((episodes, 1, 1)) < 0.5
        one, other = np.where(coin, ours[days], theirs[days]), np.where(coin, theirs[days], ours[days])
        equal = list(_standings(scenario, one, other))
        harmful = list(_standings(scenario, _harmed(one, draw), other))
        found["equal, held"].append([standings != {Standing.WITHIN} for standings in equal])
        found["harmful, passed"].append([standings == {Standing.WITHIN} for standings in harmful])
        found["harmful, rejected"].append([Standing.BEYOND in standings for standings in harmful])
    return {name: [(int(n), asked.replications) for n in np.sum(hits, axis=0)] for name, hits in found.items()}


def _standings(scenario: Scenario, ours: Floats, theirs: Floats) -> Iterator[set[Standing]]:
    """The standings of all groups together, at each margin."""
    level = look_level(1, Settings().alpha)
    nothing: Any = None
    frozen: Any = SimpleNamespace(scenario=scenario)
    evidence = OnFrozen(frozen, 1, level, *(Played(nothing, nothing, found) for found in (ours, theirs)))
    for margin in MARGINS:
        yield {one.standing for one in segments(evidence, Settings(segment_margin=margin))}


def _harmed(segment: Floats, draw: np.random.Generator) -> Floats:
    """The same with one group, of those large enough to be judged, harmed."""
    large = np.flatnonzero(segment[:, :, 1].sum(axis=0) >= Settings().segment_contacts)
    group, harmed = draw.choice(large), segment.copy()
    harmed[:, group, 0] -= Objective().csat * draw.binomial(segment[:, group, 1].astype(np.int64), HARM)
    return harmed


def _cell(rate: tuple[int, int]) -> str:
    low, high = share_interval(*rate)
    return f"{100 * rate[0] / rate[1]:.1f} ({100 * low:.0f}-{100 * high:.0f})"


def _figures(label: str, shares: dict[str, list[tuple[int, int]]]) -> list[Figure]:
    return [
        Figure(f"{label}: {what}, margin {margin:g}", hits / n, "share")
        for what, rates in shares.items()
        for margin, (hits, n) in zip(MARGINS, rates, strict=True)
    ]


if __name__ == "__main__":
    main()
