"""Solve a small network exactly and hold the rules against it.

    python -m experiments.optimality.solve --network N --load 0.9

NETWORK is the name of a shipped network or the path of a YAML file. A gap is (cost - optimum) / |optimum|.
A rule under which a queue grows without bound shows the cost of the truncated queue.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.figures import print_table
from experiments.optimality.assembly import Assembled, assemble
from experiments.optimality.network import ChatNetwork, Network, QueueNetwork, at_load, load, with_queue_limits
from experiments.optimality.network_file import NetworkError, load_network
from experiments.optimality.preemptive import Preemptive, assemble_preemptive
from experiments.optimality.preemptive_rules import preemptive_rules
from experiments.optimality.process import Ints
from experiments.optimality.rules import chat_rules, queue_rules, work_conserving
from experiments.optimality.solver import Optimum, evaluate, optimum


@dataclass(frozen=True)
class Row:
    """Cost of one policy and how it was found."""

    policy: str
    cost_per_min: float
    gap: float
    sweeps: int
    seconds: float

    @property
    def cells(self) -> tuple[str, ...]:
        """Cells of the table."""
        sweeps = str(self.sweeps) if self.sweeps else ""
        return self.policy, f"{self.cost_per_min:.6f}", f"{100 * self.gap:.2f} %", sweeps, f"{self.seconds:.2f}"


def model_of(network: Network) -> Assembled | Preemptive:
    """The network as a decision process."""
    if isinstance(network, QueueNetwork) and network.preemptive:
        return assemble_preemptive(network)
    return assemble(network)


def rules_for(model: Assembled | Preemptive) -> dict[str, Ints]:
    """Every rule that makes sense on the network, by name."""
    if isinstance(model, Preemptive):
        return preemptive_rules(model)
    return chat_rules(model) if isinstance(model.network, ChatNetwork) else queue_rules(model)


def compare(model: Assembled | Preemptive) -> list[Row]:
    """The optimum, then in chat the best routing within each fixed cap, then every rule."""
    best = optimum(model.process)
    rows = [Row("optimum", best.cost_per_min, 0.0, best.sweeps, best.seconds)]
    if isinstance(model.network, ChatNetwork) and isinstance(model, Assembled):
        for cap in range(1, max(agent.cap for agent in model.network.agents) + 1):
            within = optimum(work_conserving(model, (cap,) * len(model.stations)))
            gap = _gap(within.cost_per_min, best)
            rows.append(Row(f"cap {cap}, best routing", within.cost_per_min, gap, within.sweeps, within.seconds))
    for name, rule in rules_for(model).items():
        began = time.perf_counter()
        cost = evaluate(model.process, rule).cost_per_min
        rows.append(Row(name, cost, _gap(cost, best), 0, time.perf_counter() - began))
    return rows


def truncation_effect(network: Network) -> float:
    """Relative change of the optimum when every queue limit is doubled."""
    costs = [optimum(model_of(with_queue_limits(network, factor)).process).cost_per_min for factor in (1, 2)]
    return abs(costs[1] / costs[0] - 1)


def _gap(cost_per_min: float, best: Optimum) -> float:
    return (cost_per_min - best.cost_per_min) / abs(best.cost_per_min)


def main(arguments: Sequence[str] | None = None) -> int:
    """Solve, compare, print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description="Solve a small network exactly and hold the rules against it.")
    parser.add_argument("--network", required=True, help="name of a shipped network, or a YAML file")
    parser.add_argument("--load", type=float, help="scale the arrival rates to this load")
    parser.add_argument("--check-truncation", action="store_true", help="solve again with every queue limit doubled")
    options = parser.parse_args(arguments)
    if options.load is not None and options.load <= 0:
        parser.error(f"--load: expected a number above 0, found {options.load:g}")
    try:
        network = load_network(options.network)
    except NetworkError as error:
        parser.error(str(error))
    network = at_load(network, options.load) if options.load else network
    model = model_of(network)
    states, decisions = model.process.states, len(model.process.choices)
    title = f"{network.name} at load {load(network):.3f}: {states:,} states, {decisions:,} decisions"
    rows = [row.cells for row in compare(model)]
    print_table(title, ("policy", "cost per min", "gap", "sweeps", "seconds"), rows)
    if options.check_truncation:
        print(f"queue limits doubled: the optimum moves by {truncation_effect(network):.1e} of itself")
    return 0


if __name__ == "__main__":
    sys.exit(main())
