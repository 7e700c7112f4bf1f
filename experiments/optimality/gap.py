"""How far rules and learned policies are from the optimum: `python -m experiments.optimality.gap --out runs/gap`.

The claim to be tested: on every network that can be solved exactly, at three loads, the mean gap of PPO over 10 seeds
is within 1 %, and below that of the best rule wherever that rule's own gap exceeds 1 %. A gap is
(cost - optimum) / |optimum|. A network is the name of a shipped one or the path of a YAML file of the same form.

The learner plays the chain itself and sees counts and rates only (`chain_decisions`). A policy on a chain is a table,
so every cost here is exact: no gap has simulation noise, and the interval of PPO is over its seeds. Checkpoints are
chosen on validation walks (`chain_learning`), never on an exact figure. The best rule is chosen on the exact figures,
which is in its favour. Training seeds are 1, 2, ...: the settings were chosen on seed 0, by exact gaps.
The same arguments give the same figures; finished parts are kept in the out folder and a run that is cut off goes on
from them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments.figures import print_table, write_json
from experiments.judging import at_least, positive
from experiments.optimality.assembly import Assembled, assemble
from experiments.optimality.chain_decisions import ChainDecisions
from experiments.optimality.chain_learning import CHAT_SETTINGS, SETTINGS, TICKS, WALKERS, learn
from experiments.optimality.gap_picture import draw_gaps
from experiments.optimality.gap_result import HEADER, Result, figures, print_rules
from experiments.optimality.network import ChatNetwork, Network, QueueNetwork, at_load
from experiments.optimality.network_file import NetworkError, load_network
from experiments.optimality.process import Ints
from experiments.optimality.solve import rules_for
from experiments.optimality.solver import evaluate, optimum
from experiments.parts import finished, part
from maitred.agents.rules import RULES
from maitred.configs.schema import PPOConfig

Numbers = dict[str, float]

NETWORKS, LOADS, SEEDS = ("V", "N", "W", "chat"), (0.7, 0.9, 1.05), 10
PACKAGE_RULES = ("fastest", "priority", "cmu", "cmu_theta", "pmu", "least_busy_first", "most_busy_first")


@dataclass(frozen=True)
class Case:
    """One network at one load, its parts kept in a folder."""

    network: Network
    load: float
    config: PPOConfig
    out: Path

    @cached_property
    def model(self) -> Assembled:
        """The network as a decision process."""
        return assemble(self.network)

    @cached_property
    def decisions(self) -> ChainDecisions:
        """Its decisions as policies see them."""
        return ChainDecisions(self.model)

    @cached_property
    def tables(self) -> dict[str, Ints]:
        """Every rule, those of this study first, then those of the package that answer otherwise."""
        tables = dict(rules_for(self.model))
        for name in PACKAGE_RULES:
            table = self.decisions.table(RULES[name])
            if not any((table == other).all() for other in tables.values()):
                tables[f"package {name}"] = table
        return tables

    @property
    def name(self) -> str:
        """Of the parts' files."""
        return f"{self.network.name}-{self.load:g}"

    @property
    def exact_settings(self) -> dict[str, Any]:
        """What the exact figures follow from."""
        return {"network": asdict(self.network), "rules": PACKAGE_RULES}

    def ppo_settings(self, seed: int) -> dict[str, Any]:
        """What a training run follows from."""
        validation = {"walkers": WALKERS, "ticks": TICKS}
        return self.exact_settings | {"ppo": asdict(self.config), "validation": validation, "seed": seed}

    def exact(self) -> Numbers:
        """The optimum and the cost of every rule, money per minute."""
        return part(self.out, f"{self.name}-rules", self.exact_settings, self._solve)

    def ppo(self, seed: int) -> Numbers:
        """The exact cost of what one training run hands back, and what it took."""
        return part(self.out, f"{self.name}-ppo-{seed}", self.ppo_settings(seed), lambda: self._train(seed))

    def has(self, seed: int) -> bool:
        """Whether a training run is finished."""
        return finished(self.out, f"{self.name}-ppo-{seed}", self.ppo_settings(seed)) is not None

    def _solve(self) -> Numbers:
        costs = {name: self._cost(table) for name, table in self.tables.items()}
        return {"optimum": optimum(self.model.process).cost_per_min, **costs}

    def _train(self, seed: int) -> Numbers:
        learned, teacher = learn(self.decisions, self.tables, self.config, seed, lambda figures, steps: None)
        costs = {"cost_per_min": self._cost(self.decisions.table(learned.policy)), "teacher": self.exact()[teacher]}
        return costs | {"seconds": learned.seconds, "steps": learned.steps}

    def _cost(self, table: Ints) -> float:
        return evaluate(self.model.process, table).cost_per_min


def result(case: Case, seeds: Sequence[int]) -> Result:
    """Run or read what is missing of one case."""
    costs = case.exact()
    best = costs["optimum"]
    runs = [case.ppo(seed) for seed in seeds]
    rules = {name: (cost - best) / abs(best) for name, cost in costs.items() if name != "optimum"}
    gaps = tuple((run["cost_per_min"] - best) / abs(best) for run in runs)
    seconds = float(np.mean([run["seconds"] for run in runs]))
    return Result(case.network.name, case.load, best, rules, gaps, seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        networks = [_playable(name) for name in options.networks]
    except NetworkError as error:
        parser.error(str(error))
    cases = [
        Case(at_load(network, load), load, _settings(network, options.steps), options.out)
        for network in networks
        for load in options.loads
    ]
    seeds = range(1, options.seeds + 1)
    todo = sum(not case.has(seed) for case in cases for seed in seeds)
    total, began = len(cases) * options.seeds, time.monotonic()
    print(f"budget: {todo} of {total} training runs to do, {options.steps:,} decisions each, on one thread", flush=True)
    results = []
    for case in cases:
        results.append(result(replace(case), seeds))  # a copy, so that its arrays go with it
        print(" | ".join(results[-1].cells), flush=True)
    print_rules(results)
    print_table("Distance from the optimum", HEADER, [one.cells for one in results])
    print(f"{todo} training runs of {options.steps:,} decisions took {(time.monotonic() - began) / 60:.0f} minutes")
    draw_gaps(results, options.out / "gaps.png")
    if options.json:
        write_json(options.json, figures(results))
    return 0


def _settings(network: Network, steps: int) -> PPOConfig:
    """What PPO learns with; chat, where a contact takes many times longer than a call, has settings of its own."""
    return replace(CHAT_SETTINGS if isinstance(network, ChatNetwork) else SETTINGS, steps=steps)


def _playable(name: str) -> Network:
    network = load_network(name)
    if isinstance(network, QueueNetwork) and network.preemptive:
        raise NetworkError(f"{network.name}: preemptive: expected false: assignments are no decisions about a contact")
    return network


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Rules and learned policies against the exact optimum.")
    parser.add_argument("--networks", nargs="+", default=NETWORKS, help="shipped ones by name, others by YAML file")
    parser.add_argument("--loads", nargs="+", type=positive, default=LOADS, help="the arrival rates are scaled to each")
    parser.add_argument("--seeds", type=at_least(1), default=SEEDS, help="training runs of each network and load")
    parser.add_argument("--steps", type=at_least(1), default=SETTINGS.steps, help="decisions of each training run")
    parser.add_argument("--out", type=Path, default=Path("runs/gap"), help="folder of the finished parts")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
