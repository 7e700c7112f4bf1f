"""Classic queues in the kernel against their exact values: `python -m experiments.exactness.queues`.

Busy signals and retrials (Erlang B), waiting (Erlang C), giving up (Erlang A), two classes of priority (Cobham), one
agent who serves all conversations in ever finer turns (processor sharing), and Little's law per class and station.
Intervals are at 99 %, from independent episodes that start empty and of which the first tenth is left out. Of m
comparisons some must fall outside by chance: the check fails, with exit code 1, if more do than the 99.9 % quantile
of a binomial(m, 1 %).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from experiments.exactness.erlang import COOL_DOWN_SHARE, RETRIAL_MEAN_H, WARM_UP_SHARE, Comparison, Queue, compare
from experiments.exactness.formulas import delay_queue
from experiments.exactness.queue_formulas import (
    littles_law,
    priority_waits,
    priority_waits_in_pool,
    processor_sharing_sojourn,
)
from experiments.figures import Figure, print_table, write_json
from experiments.intervals import ratio_interval
from maitred.agents.routing import PriorityRule
from maitred.envs.blocks import Channels, Concurrency, Dialogue, Handoff
from maitred.envs.decision import Policy
from maitred.envs.kernel.layout import Activity, Mark, Outcome
from maitred.envs.scenario import DAY_S, ContactTypes, Returns, Scenario, Service
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import Ledger, Simulator, simulate
from maitred.envs.traffic import draw_trace

EPISODES, LEVEL = 24, 0.99
Floats = NDArray[np.float64]
Sums = dict[str, tuple[float, float]]  # numerator and denominator of each quantity over one episode


@dataclass(frozen=True)
class World:
    """A center of which exact stationary values are known.

    Attributes:
        name: in tables.
        scenario: the center, one day long.
        exact: the values by quantity, times in seconds.
        read: what an episode's ledger says of the same quantities.
        policy: who decides; the platform's own rule if not given.
        keep_log: whether `read` needs the log of events, which only the platform's own rule writes.
    """

    name: str
    scenario: Scenario
    exact: dict[str, float]
    read: Callable[[Ledger], Sums]
    policy: Policy | None = None
    keep_log: bool = False


@dataclass(frozen=True)
class Level0(Queue):
    """Erlang B with the log-normal work of the shipped `level0`, on which blocking does not depend."""

    def scenario(self, days: int) -> Scenario:
        """As many agents as lines, and callers who try again long after."""
        shipped = load_scenario("level0")
        return replace(
            super().scenario(days),
            service=Service("lognormal", shipped.service.log_sd, np.zeros(1), np.ones(24)),
            returns=Returns(retrial_p=self.retrial_p, retrial_mean_s=RETRIAL_MEAN_H * 3600),
        )


def level0_queue() -> Level0:
    """The lines, work and retrials of the shipped `level0` at the rate of its busiest hour."""
    shipped = load_scenario("level0")
    per_h, mean_s, lines = shipped.arrivals.rate_per_h.max(), shipped.agents.mean_s.mean(), shipped.staffing.lines
    return Level0(
        "level0: Erlang B, retrials", float(per_h), 3600 / float(mean_s), lines, lines=lines,
        retrial_p=shipped.returns.retrial_p,
    )  # fmt: skip


def erlang_queues() -> list[Queue]:
    """Busy signals, waiting, and giving up."""
    return [
        level0_queue(),
        Queue("Erlang B, retrials .8", 150, 6, agents=30, lines=30, retrial_p=0.8),
        Queue("Erlang C, n=11", 50, 6, agents=11),
        Queue("Erlang A, n=9", 50, 6, agents=9, abandons_per_h=4),
    ]


def worlds() -> list[World]:
    """Priorities, sharing and stations."""
    return [
        by_head_start(),
        by_rule(),
        *(shared(name, *parts) for name, parts in WORK.items()),
        two_stations(),
    ]


def by_head_start() -> World:
    """M/G/1 with two classes: constant short work first, log-normal long work after, by a head start of a day."""
    rates_per_h, means_s, log_sd = np.array([90.0, 45.0]), np.array([12.0, 32.0]), np.array([0.0, 0.8])
    center = Queue("", 1, 1, agents=1).scenario(1)
    center = replace(
        center,
        types=ContactTypes(("first", "second"), np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0.0, float(DAY_S)])),
        arrivals=replace(center.arrivals, rate_per_h=np.broadcast_to(rates_per_h[None, :, None], (1, 2, 24))),
        agents=replace(
            center.agents, may_answer=np.ones((1, 2), np.bool_), mean_s=means_s[None], log_se=np.zeros((1, 2)),
            resolve_p=np.ones((1, 2)),
        ),
        service=Service("lognormal", log_sd, np.zeros(2), np.ones(24)),
        patience=replace(center.patience, hazard_per_s=np.zeros((2, 2, 1))),
    )  # fmt: skip
    waits_s = priority_waits(rates_per_h / 3600, means_s, np.expm1(log_sd**2))
    return World("M/G/1, head start", center, per_class(waits_s), classes)


def by_rule() -> World:
    """M/M/3 with two classes of equal work, where the priority rule chooses among all who wait."""
    rate_per_h, share, mean_s, agents = 150.0, 0.4, 60.0, 3
    center = Queue("", rate_per_h, 3600 / mean_s, agents).scenario(1)
    center = replace(
        center,
        types=ContactTypes(("contact",), np.array([[1 - share, share]]), np.zeros(2)),
        patience=replace(center.patience, hazard_per_s=np.zeros((1, 2, 1))),
        routing=replace(center.routing, places=128),
    )
    waits_s = priority_waits_in_pool(rate_per_h / 3600 * np.array([share, 1 - share]), mean_s, agents)
    return World("M/M/3, priority rule", center, per_class(waits_s), classes, PriorityRule())


def per_class(waits_s: Floats) -> dict[str, float]:
    """Exact values per class or station: its wait, and Little's law for those who wait and those in service."""
    of = {f"wait, {c}": float(wait_s) for c, wait_s in enumerate(waits_s, 1)}
    return of | {f"Little in {where}, {c}": 1.0 for c in range(1, len(waits_s) + 1) for where in ("line", "service")}


def classes(ledger: Ledger) -> Sums:
    """Quantities per class, the highest priority level first."""
    contacts = ledger.contacts
    end_s = np.where(np.isnan(contacts["end_s"]), ledger.horizon_s, contacts["end_s"])
    return visit_sums(contacts["arrival_s"], contacts["answer_s"], end_s, 1 - contacts["level"], ledger.horizon_s)


def visit_sums(arrival_s: Floats, start_s: Floats, end_s: Floats, station: NDArray[np.int64], horizon_s: float) -> Sums:
    """Waits and both sides of Little's law per class or station, over the middle of an episode.

    Args:
        arrival_s: (V,) when a visit comes.
        start_s: (V,) when its service starts; NaN if not within the episode.
        end_s: (V,) when it ends, the horizon if not within the episode.
        station: (V,) class or station, 0..C-1.
        horizon_s: length of the episode.
    """
    window_s = WARM_UP_SHARE * horizon_s, (1 - COOL_DOWN_SHARE) * horizon_s
    law = littles_law(arrival_s, start_s, end_s, station, window_s)
    came = station[(arrival_s >= window_s[0]) & (arrival_s < window_s[1])]
    sums: Sums = {}
    for c, count in enumerate(np.bincount(came)):
        sums[f"wait, {c + 1}"] = float(law.rate_x_wait[c]) * (window_s[1] - window_s[0]), float(count)
        sums[f"Little in line, {c + 1}"] = float(law.in_line[c]), float(law.rate_x_wait[c])
        sums[f"Little in service, {c + 1}"] = float(law.in_service[c]), float(law.rate_x_service[c])
    return sums


TURNS = 150  # of a conversation on average: the finer, the nearer to processor sharing
SHARED_MEAN_S, SHARED_PER_H = 60.0, 42.0  # a load of .7
THINK_S = 1e-3
WORK = {  # phases, and shares and means of turns over TURNS
    "sharing, Erlang-20 work": (20, (1.0,), (1.0,)),
    "sharing, exponential work": (1, (1.0,), (1.0,)),
    "sharing, hyperexponential work": (1, (0.9, 0.1), (0.5, 5.5)),
}


def shared(name: str, phases: int, share: tuple[float, ...], length: tuple[float, ...]) -> World:
    """M/G/1 with processor sharing: one agent holds every conversation, in turns that alternate with no thought.

    Turns are exponential and their number geometric, so that the work of a conversation is exponential; a sum of
    `phases` such, and a mixture of several means, where there is more than one.
    """
    kinds = len(share)
    center = replace(
        Queue("", SHARED_PER_H, 3600 * TURNS / SHARED_MEAN_S, agents=1).scenario(1),
        channels=Channels(("chat",), think_mean_s=THINK_S, slots=0.05),
        concurrency=Concurrency(cap_slots=25, open_limit=500),
        dialogue=Dialogue(
            tuple(f"kind {i}" for i in range(kinds)), share=np.array([share]), turns_mean=TURNS * np.array(length),
            phases=phases,
        ),
    )  # fmt: skip
    exact_s = processor_sharing_sojourn(SHARED_PER_H / 3600, SHARED_MEAN_S)
    load = SHARED_PER_H / 3600 * SHARED_MEAN_S
    return World(name, center, {"sojourn": exact_s, "occupancy": load}, sojourn)


def sojourn(ledger: Ledger) -> Sums:
    """Time from arrival to end, of those who come in the middle of an episode; and the agent's occupancy."""
    contacts, horizon_s = ledger.contacts, ledger.horizon_s
    arrival_s = contacts["arrival_s"]
    ours = (arrival_s >= WARM_UP_SHARE * horizon_s) & (arrival_s < (1 - COOL_DOWN_SHARE) * horizon_s)
    ours &= contacts["outcome"] == Outcome.SERVED
    took_s = (contacts["end_s"] - arrival_s)[ours]
    return {
        "sojourn": (float(took_s.sum()), float(len(took_s))),
        "occupancy": (float(ledger.accounts[:, Activity.WORK].sum()), horizon_s),
    }


def two_stations() -> World:
    """A front office, and a back office that approves three contacts in ten: a network of two M/M/n (Jackson 1957)."""
    rate_per_h, passed_on, means_s, agents = 100.0, 0.3, np.array([80.0, 200.0]), (3, 3)
    n = sum(agents)
    center = Queue("", 1, 1, agents=n).scenario(1)
    center = replace(
        center,
        types=ContactTypes(("front", "back"), np.ones((2, 1)), np.zeros(1)),
        arrivals=replace(center.arrivals, rate_per_h=np.outer([rate_per_h, 0.0], np.ones(24))[None]),
        agents=replace(
            center.agents, may_answer=np.arange(n)[:, None] // agents[0] == np.arange(2),
            mean_s=np.tile(means_s, (n, 1)), log_se=np.zeros((n, 2)), resolve_p=np.ones((n, 2)),
        ),
        service=Service("exponential", np.zeros(2), np.zeros(2), np.ones(24)),
        patience=replace(center.patience, hazard_per_s=np.zeros((2, 1, 1))),
        handoff=Handoff(approval_by=np.array([1, -1]), approval_p=np.array([passed_on, 0.0])),
    )  # fmt: skip
    rates_per_h = rate_per_h * np.array([1.0, passed_on])
    exact = [
        delay_queue(rate, 3600 / mean_s, pool, 0.0)
        for rate, mean_s, pool in zip(rates_per_h, means_s, agents, strict=True)
    ]
    waits_s = 3600 * np.array([queue.mean_wait_h for queue in exact])
    return World("front and back office", center, per_class(waits_s), stations, keep_log=True)


def stations(ledger: Ledger) -> Sums:
    """Quantities per station, from the log of events: a contact visits the front office, and perhaps the back."""
    log = ledger.log[np.argsort(ledger.log["contact"], kind="stable")]

    def visits(*marks: Mark) -> tuple[NDArray[np.void], NDArray[np.int64]]:
        entries = log[np.isin(log["mark"], marks)]
        first = np.searchsorted(entries["contact"], entries["contact"])
        return entries, 2 * entries["contact"].astype(np.int64) + np.arange(len(entries)) - first

    come, visit = visits(Mark.ARRIVE, Mark.TRANSFER)
    times = {Mark.START_TURN: np.full(len(come), np.nan), Mark.END_TURN: np.full(len(come), ledger.horizon_s)}
    for mark, when_s in times.items():
        entries, of_visit = visits(mark)
        when_s[np.searchsorted(visit, of_visit)] = entries["s"]
    return visit_sums(
        come["s"], times[Mark.START_TURN], times[Mark.END_TURN], come["value"].astype(int), ledger.horizon_s
    )


def measure(world: World, days: int, episodes: int, seed: int, level: float = LEVEL) -> list[Comparison]:
    """Every quantity of a world, from independent episodes of some days."""
    world = replace(world, scenario=replace(world.scenario, days=days))
    seeds = np.random.SeedSequence(seed).spawn(episodes)
    read = [world.read(ledger) for ledger in play(world, seeds)]
    compared = []
    for quantity, exact in world.exact.items():
        pairs = np.array([sums[quantity] for sums in read])
        interval = ratio_interval(pairs[:, 0], pairs[:, 1], level)
        compared.append(Comparison(world.name, quantity, exact, interval))
    return compared


def play(world: World, seeds: Sequence[np.random.SeedSequence]) -> Iterator[Ledger]:
    """One episode per seed."""
    traces = (draw_trace(world.scenario, seed) for seed in seeds)
    if world.policy is not None:
        yield from simulate(world.scenario, list(traces), world.policy)
        return
    for trace in traces:
        simulator = Simulator(world.scenario, [trace], world.keep_log)
        simulator.run_incumbent()
        yield simulator.ledger(0)


def figure(comparison: Comparison) -> Figure:
    """The comparison as a figure, with the unit of its quantity."""
    timed = comparison.quantity.startswith(("wait,", "sojourn"))
    unitless = comparison.quantity.startswith("Little")
    return replace(comparison.figure, unit="s" if timed else "1") if timed or unitless else comparison.figure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code."""
    parser = argparse.ArgumentParser(description="Classic queues in the kernel against their exact values.")
    parser.add_argument("--days", type=int, default=10, help="days per episode")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    if not 1 <= options.days <= 366:
        parser.error(f"--days: expected 1 to 366, found {options.days}")
    compared: list[Comparison] = []
    for seed, queue in enumerate(erlang_queues()):
        compared += compare(queue, options.days, EPISODES, seed)
    for seed, world in enumerate(worlds(), 100):
        compared += measure(world, options.days, EPISODES, seed)
    header = ("queue", "quantity", "exact", "simulated", "99 % interval", "")
    print_table("Classic queues; times of classes and stations in seconds", header, [c.row for c in compared])
    outside = sum(not c.inside for c in compared)
    expected, allowed = len(compared) * (1 - LEVEL), binom.ppf(0.999, len(compared), 1 - LEVEL)
    print(f"{outside} of {len(compared)} outside; {expected:.1f} expected by chance, up to {allowed:.0f} allowed")
    if options.json:
        write_json(options.json, [figure(c) for c in compared])
    return int(outside > allowed)


if __name__ == "__main__":
    sys.exit(main())
