"""Small networks in the kernel against their exact solution: `python -m experiments.exactness.networks`.

The average cost of fixed policies of the V, N and W queueing networks and of the chat network, as the solver of
`experiments.optimality` has it and as the simulator comes to it. Intervals are at 99 %, from independent episodes;
the check fails, with exit code 1, if more fall outside than the 99.9 % quantile of a binomial(m, 1 %). It takes about
five minutes of one core, a third of them for what is exact; `--days 1` takes two.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binom

from experiments.figures import number, print_table
from experiments.intervals import Interval
from experiments.optimality.assembly import assemble
from experiments.optimality.network import ChatNetwork, QueueNetwork
from experiments.optimality.network_file import load_network
from experiments.optimality.rules import chat_rules, queue_rules
from experiments.optimality.simulated import count_policy, simulated_cost
from experiments.optimality.solver import evaluate, optimum

NETWORKS = ("V", "N", "W", "chat")
DAYS, EPISODES, LEVEL = 10, 32, 0.99


@dataclass(frozen=True)
class Comparison:
    """The average cost of one policy: exact, and in the simulator."""

    network: str
    policy: str
    exact: float
    interval: Interval

    @property
    def row(self) -> tuple[str, ...]:
        """Cells of the table."""
        verdict = "inside" if self.exact in self.interval else "OUTSIDE"
        estimate = number(self.interval.estimate)
        return self.network, self.policy, number(self.exact), estimate, str(self.interval), verdict


def compare(name: str, days: int, episodes: int, seed: int, only: Sequence[str] = ()) -> list[Comparison]:
    """Policies of one shipped network, all of them or those named."""
    network = load_network(name)
    model = assemble(network)
    rules = chat_rules(model) if isinstance(network, ChatNetwork) else queue_rules(model)
    if not only and isinstance(network, QueueNetwork):  # the best chat policy looks at more than counts
        rules["optimum"] = optimum(model.process).policy
    found = []
    for policy in only or rules:
        exact = evaluate(model.process, rules[policy]).cost_per_min
        interval = simulated_cost(network, count_policy(model, rules[policy]), days, episodes, seed, LEVEL)
        found.append(Comparison(name, policy, exact, interval))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code."""
    parser = argparse.ArgumentParser(description="Small networks in the kernel against their exact solution.")
    parser.add_argument("--days", type=int, default=DAYS, help="days of the simulator per episode")
    parser.add_argument("--network", choices=NETWORKS, action="append", help="only this one; may be given again")
    options = parser.parse_args(arguments)
    if not 1 <= options.days <= 366:
        parser.error(f"--days: expected 1 to 366, found {options.days}")
    found: list[Comparison] = []
    for seed, name in enumerate(options.network or NETWORKS):
        found += compare(name, options.days, EPISODES, seed)
    header = ("network", "policy", "exact cost per min", "simulated", "99 % interval", "")
    print_table("Average cost of fixed policies", header, [one.row for one in found])
    outside, allowed = sum(one.exact not in one.interval for one in found), binom.ppf(0.999, len(found), 1 - LEVEL)
    print(f"{outside} of {len(found)} outside, up to {allowed:.0f} allowed")
    return int(outside > allowed)


if __name__ == "__main__":
    sys.exit(main())
