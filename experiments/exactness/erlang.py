"""Erlang B, C and A in the kernel against their closed forms: `python -m experiments.exactness.erlang`.

The incumbent (first come first served, longest idle agent) runs on Poisson arrivals and exponential times, where
every quantity is known exactly. Intervals are at 99 %, from independent episodes that start empty and of which the
first tenth is left out. Of m comparisons some must fall outside by chance: the check fails, with exit code 1, if
more do than the 99.9 % quantile of a binomial(m, 1 %).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from experiments.exactness.formulas import Exact, abandonment_queue, delay_queue, loss_queue
from experiments.figures import Figure, number, print_table, write_json
from experiments.intervals import Interval, ratio_interval
from maitred.envs.kernel.layout import Outcome
from maitred.envs.scenario import (
    DAY_S,
    Agents,
    Arrivals,
    ContactTypes,
    Patience,
    Returns,
    Routing,
    Scenario,
    Service,
    Staffing,
)
from maitred.envs.simulator import Ledger, Simulator
from maitred.envs.traffic import draw_trace

EPISODES, LEVEL = 24, 0.99
TARGET_S = 20.0
RETRIAL_MEAN_H = 5.0  # long beside the service time, so that retrials do not meet the crowd they fled
WARM_UP_SHARE, COOL_DOWN_SHARE = 0.1, 0.02  # of an episode, left out at its ends
UNITS = {"mean_wait_h": "h", "mean_queue": "contacts", "little": "1"}


@dataclass(frozen=True)
class Queue:
    """One pool of agents and one type of contact. Rates per hour; `lines` 0 for no limit."""

    name: str
    arrivals_per_h: float
    services_per_h: float
    agents: int
    abandons_per_h: float = 0.0
    lines: int = 0
    retrial_p: float = 0.0

    @property
    def exact(self) -> Exact:
        """The closed form."""
        if self.lines:
            return loss_queue(self.arrivals_per_h, self.services_per_h, self.agents, self.retrial_p)
        if self.abandons_per_h == 0:
            return delay_queue(self.arrivals_per_h, self.services_per_h, self.agents, TARGET_S / 3600)
        return abandonment_queue(
            self.arrivals_per_h, self.services_per_h, self.abandons_per_h, self.agents, TARGET_S / 3600
        )

    @property
    def quantities(self) -> tuple[str, ...]:
        """What is worth comparing: not what is zero by construction."""
        if self.lines:
            return ("blocked_p", "service_level", "occupancy")
        waiting = ("wait_p", "mean_wait_h", "service_level", "occupancy", "mean_queue", "little")
        return waiting if self.abandons_per_h == 0 else ("abandon_p", *waiting)

    def scenario(self, days: int) -> Scenario:
        """The queue as a center, always open."""
        n, one, day = self.agents, np.ones(1), np.ones(24)
        return Scenario(
            name=self.name,
            description="one pool of equal agents, Poisson arrivals, exponential times",
            days=days,
            types=ContactTypes(("contact",), np.ones((1, 1)), np.zeros(1)),
            arrivals=Arrivals(3600, self.arrivals_per_h * day[None, None], np.zeros(7, np.int64), ("any",)),
            agents=Agents(
                names=tuple(f"agent {i}" for i in range(n)),
                group=np.zeros(n, np.int64),
                group_names=("pool",),
                weight=np.ones(n),
                may_answer=np.ones((n, 1), np.bool_),
                mean_s=np.full((n, 1), 3600 / self.services_per_h),
                log_se=np.zeros((n, 1)),
                resolve_p=np.ones((n, 1)),
                short_share=np.zeros(n),
                cost_per_min=one,
            ),
            service=Service("exponential", np.zeros(1), np.zeros(1), day),
            patience=Patience(np.zeros(1), np.full((1, 1, 1), self.abandons_per_h / 3600), day),
            returns=Returns(retrial_p=self.retrial_p, retrial_mean_s=RETRIAL_MEAN_H * 3600),
            staffing=Staffing(
                np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1), one * DAY_S, np.array([n]), lines=self.lines
            ),
            routing=Routing(may_hold=False, answer_target_s=TARGET_S),
        )


def queues() -> list[Queue]:
    """The anchors: a small pool with and without patience, a large one, and lines without waiting."""
    small = partial(Queue, arrivals_per_h=50, services_per_h=6)
    large = partial(Queue, arrivals_per_h=6000, services_per_h=60, abandons_per_h=30)
    lines = partial(Queue, arrivals_per_h=150, services_per_h=6, agents=30, lines=30)
    return [
        *(small(name=f"Erlang A, n={n}", agents=n, abandons_per_h=4) for n in range(8, 13)),
        *(large(name=f"Erlang A large, n={n}", agents=n) for n in (95, 100, 105)),
        *(small(name=f"Erlang C, n={n}", agents=n) for n in range(9, 13)),
        lines(name="Erlang B, n=30"),
        lines(name="Erlang B, retrials .8", retrial_p=0.8),
    ]


def sums(ledger: Ledger, agents: int) -> dict[str, tuple[float, float]]:
    """Numerator and denominator of each quantity over the middle of an episode."""
    contacts = ledger.contacts
    begin, end = WARM_UP_SHARE * ledger.horizon_s, (1 - COOL_DOWN_SHARE) * ledger.horizon_s
    arrival, answer = contacts["arrival_s"], contacts["answer_s"]
    leave = np.where(np.isnan(answer), np.nan_to_num(contacts["end_s"], nan=ledger.horizon_s), answer)
    ours = (arrival >= begin) & (arrival < end)
    wait, blocked = (leave - arrival)[ours], contacts["outcome"][ours] == Outcome.BLOCKED
    count, admitted = float(len(wait)), float(len(wait) - blocked.sum())
    in_queue = overlap(arrival, leave, begin, end)
    worked = overlap(answer, answer + contacts["work_s"], begin, end)
    return {
        "wait_p": (float((wait > 0).sum()), admitted),
        "abandon_p": (float((contacts["outcome"][ours] == Outcome.ABANDONED).sum()), count),
        "blocked_p": (float(blocked.sum()), count),
        "mean_wait_h": (float(wait.sum()) / 3600, admitted),
        "service_level": (float((answer - arrival <= TARGET_S)[ours].sum()), count),
        "occupancy": (worked, agents * (end - begin)),
        "mean_queue": (in_queue, end - begin),
        "little": (in_queue, float(wait.sum())),  # L over lambda W, the length of the window cancelled
    }


def overlap(first: NDArray[np.float64], last: NDArray[np.float64], begin: float, end: float) -> float:
    """Total seconds that the intervals first..last (NaN for none) have in common with begin..end."""
    return float(np.nansum(np.maximum(np.minimum(last, end) - np.maximum(first, begin), 0)))


def measure(queue: Queue, days: int, episodes: int, seed: int, level: float = LEVEL) -> dict[str, Interval]:
    """Intervals of the queue's quantities from independent episodes."""
    scenario, measured = queue.scenario(days), []
    for child in np.random.SeedSequence(seed).spawn(episodes):
        simulator = Simulator(scenario, [draw_trace(scenario, child)])
        simulator.run_incumbent()
        measured.append(sums(simulator.ledger(0), queue.agents))
    pairs = {name: np.array([episode[name] for episode in measured]) for name in queue.quantities}
    return {name: ratio_interval(pair[:, 0], pair[:, 1], level) for name, pair in pairs.items()}


@dataclass(frozen=True)
class Comparison:
    """One quantity of one queue: its exact value and what the kernel came to."""

    queue: str
    quantity: str
    exact: float
    interval: Interval

    @property
    def inside(self) -> bool:
        """Whether the interval holds the exact value."""
        return self.exact in self.interval

    @property
    def row(self) -> tuple[str, ...]:
        """Cells of the table."""
        estimate, verdict = number(self.interval.estimate), "inside" if self.inside else "OUTSIDE"
        return self.queue, self.quantity, number(self.exact), estimate, str(self.interval), verdict

    @property
    def figure(self) -> Figure:
        """The comparison as a figure."""
        unit = UNITS.get(self.quantity, "share")
        return Figure.against(f"{self.queue}: {self.quantity}", self.interval.estimate, unit, self.exact)


def compare(queue: Queue, days: int, episodes: int, seed: int, level: float = LEVEL) -> list[Comparison]:
    """Everything worth comparing of one queue; Little's law says 1."""
    measured, exact = measure(queue, days, episodes, seed, level), queue.exact
    return [Comparison(queue.name, name, getattr(exact, name, 1.0), interval) for name, interval in measured.items()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code."""
    parser = argparse.ArgumentParser(description="Erlang B, C and A in the kernel against their closed forms.")
    parser.add_argument("--days", type=int, default=60, help="days per episode at 50 contacts per hour")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    if not 1 <= options.days <= 366:
        parser.error(f"--days: expected 1 to 366, found {options.days}")
    comparisons: list[Comparison] = []
    for seed, queue in enumerate(queues()):
        days = max(1, round(options.days * 50 / queue.arrivals_per_h))
        comparisons += compare(queue, days, EPISODES, seed)
    header = ("queue", "quantity", "exact", "simulated", "99 % interval", "")
    print_table("Erlang models", header, [comparison.row for comparison in comparisons])
    outside = sum(not comparison.inside for comparison in comparisons)
    expected, allowed = len(comparisons) * (1 - LEVEL), binom.ppf(0.999, len(comparisons), 1 - LEVEL)
    print(f"{outside} of {len(comparisons)} outside; {expected:.1f} expected by chance, up to {allowed:.0f} allowed")
    if options.json:
        write_json(options.json, [comparison.figure for comparison in comparisons])
    return int(outside > allowed)


if __name__ == "__main__":
    sys.exit(main())
