"""Chat concurrency in the kernel against exact results: `python -m experiments.exactness.chat`.

K conversations that never end stay open with one agent for a million turns. One class: mean value analysis (domain
2.2), three worlds, K = 1..6; two classes of unequal work: the exact Markov chain. Conversations that come and end,
under caps of 1 to 4, have an exact chain, too. Intervals are at 99 %, from independent episodes. The check fails, with
exit code 1, where a value of conversations that stay is more than 1 % off, or too many are outside their intervals.

Conversations whose customers think long weigh little, so that an agent may hold more than the cap allows of active
ones; when many customers write again at once, the load exceeds the cap. The last table gives that share of time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from experiments.exactness.chat_chain import Turns, mixed_chat
from experiments.exactness.chat_formulas import closed_chat, open_chat
from experiments.figures import number, print_table
from experiments.intervals import Interval, ratio_interval
from maitred.envs.blocks import Channels, Concurrency, Dialogue
from maitred.envs.kernel.layout import Activity, Mark
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
from maitred.envs.trace import ARRIVAL, Trace
from maitred.envs.traffic import draw_trace

WORLDS = {"simple": Turns(20, 80, 0.05), "medium": Turns(35, 80, 0.05), "complex": Turns(60, 80, 0.05)}
MIXES = (("simple", 2, "complex", 1), ("simple", 1, "complex", 2), ("medium", 2, "complex", 2))
MOST, EPISODES, TURNS, LEVEL = 6, 16, 1_000_000, 0.99
TOLERANCE = 0.01  # of every value, relative to the exact one
ENDLESS = 1e9  # turns of a conversation, on average
COMING, MEAN_TURNS, LINE = 1 / 240, 5.0, 300  # conversations per second, turns of each, and places that suffice to wait
CAPS = (2, 3, 4)  # one conversation at a time could not keep up
CAP, INACTIVE_AFTER_S, INACTIVE_SLOTS = 3.0, 60.0, 0.1  # of the storms


@dataclass(frozen=True)
class Comparison:
    """One quantity: its exact value and what the kernel came to."""

    world: str
    quantity: str
    exact: float
    interval: Interval

    @property
    def error(self) -> float:
        """Relative to the exact value."""
        return self.interval.estimate / self.exact - 1

    @property
    def row(self) -> tuple[str, ...]:
        """Cells of the table."""
        interval = self.interval
        cells = self.world, self.quantity, number(self.exact), number(interval.estimate), str(interval)
        return *cells, f"{100 * self.error:.2f} %", "inside" if self.exact in interval else "outside"


def endless_chats(classes: Sequence[Turns], days: int, cap: float, inactive_after_s: float = 0.0) -> Scenario:
    """One agent, always there; one type and channel per class; conversations that do not end.

    Args:
        classes: of conversations, all of one switch overhead.
        days: length of an episode.
        cap: slots of the agent.
        inactive_after_s: think time after which a conversation weighs `INACTIVE_SLOTS`; 0 for never.
    """
    names = tuple(f"class {c}" for c in range(len(classes)))
    t, one, day = len(classes), np.ones(1), np.ones(24)
    return Scenario(
        name="endless chats",
        description="conversations that stay open with one agent",
        days=days,
        types=ContactTypes(names, np.ones((t, 1)), np.zeros(1)),
        arrivals=Arrivals(3600, np.zeros((1, t, 24)), np.zeros(7, np.int64), ("any",)),
        agents=Agents(
            names=("agent",),
            group=np.zeros(1, np.int64),
            group_names=("floor",),
            weight=one,
            may_answer=np.ones((1, t), np.bool_),
            mean_s=np.array([[turns.work_s for turns in classes]]),
            log_se=np.zeros((1, t)),
            resolve_p=np.ones((1, t)),
            short_share=np.zeros(1),
            cost_per_min=one,
        ),
        service=Service("exponential", np.zeros(t), np.zeros(t), day),
        patience=Patience(np.zeros(1), np.zeros((t, 1, 1)), day),
        returns=Returns(),
        staffing=Staffing(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1), one * DAY_S, np.ones(1, np.int64)),
        routing=Routing(may_hold=False),
        channels=Channels(
            names=names,
            of_type=np.arange(t),
            think_mean_s=np.array([turns.think_s for turns in classes]),
            inactive_after_s=inactive_after_s,
            inactive_slots=INACTIVE_SLOTS,
        ),
        dialogue=Dialogue(turns_mean=ENDLESS),
        concurrency=Concurrency(cap_slots=cap, switch_overhead=classes[0].switch_overhead),
    )


def all_at_once(scenario: Scenario, conversations: Sequence[int], seed: np.random.SeedSequence) -> Trace:
    """A trace on which `conversations[c]` customers of each class come at the first instant."""
    arrivals = np.zeros(sum(conversations), ARRIVAL)
    arrivals["type"] = np.repeat(np.arange(len(conversations)), conversations)
    arrivals["key"] = np.random.default_rng(seed).integers(1, 2**63, len(arrivals))
    return replace(draw_trace(scenario, seed), arrivals=arrivals)


def run(
    classes: Sequence[Turns], conversations: Sequence[int], turns: int, episodes: int, seed: int
) -> tuple[list[Ledger], float]:
    """Ledgers of independent episodes of about so many turns together, and the length of one in seconds."""
    cycle_s = sum(conversations) / mixed_chat(classes, conversations).turns_per_s.sum()
    days = max(1, int(np.ceil(turns / episodes / sum(conversations) * cycle_s / DAY_S)))
    scenario = endless_chats(classes, days, cap=float(sum(conversations)))
    children = np.random.SeedSequence(seed).spawn(episodes)
    simulator = Simulator(scenario, [all_at_once(scenario, conversations, child) for child in children])
    simulator.run_incumbent()
    return [simulator.ledger(b) for b in range(episodes)], scenario.horizon_s


def measured(ledgers: Sequence[Ledger], horizon_s: float, kind: int | None = None) -> dict[str, Interval]:
    """Reply time, utilisation and turns per second, of one class or of all.

    The agent's work on a class is what its turns took, the last ones as far as planned; on all, the agent's account.
    """
    sums = []
    for ledger in ledgers:
        ours = np.ones(len(ledger.contacts), np.bool_) if kind is None else ledger.contacts["type"] == kind
        replies, reply_s = ledger.talks["replies"][ours].sum(), ledger.talks["reply_s"][ours].sum()
        worked_s = ledger.contacts["work_s"][ours].sum() if kind is not None else ledger.accounts[0, Activity.WORK]
        sums.append((replies, reply_s, worked_s, horizon_s))
    replies, reply_s, worked_s, seconds = np.array(sums, dtype=float).T
    return {
        "reply_s": ratio_interval(reply_s, replies, LEVEL),
        "utilisation": ratio_interval(worked_s, seconds, LEVEL),
        "turns_per_s": ratio_interval(replies, seconds, LEVEL),
    }


def single_class(name: str, conversations: int, turns: int, episodes: int, seed: int) -> list[Comparison]:
    """One class against mean value analysis."""
    world = WORLDS[name]
    exact = closed_chat(world, conversations)
    values = measured(*run([world], [conversations], turns, episodes, seed))
    alone_s = world.work_s + world.think_s
    known = {"reply_s": exact.reply_s, "utilisation": exact.utilisation, "turns_per_s": exact.throughput / alone_s}
    return [Comparison(f"{name} K={conversations}", q, known[q], interval) for q, interval in values.items()]


def two_classes(mix: tuple[str, int, str, int], turns: int, episodes: int, seed: int) -> list[Comparison]:
    """Two classes against the exact chain."""
    classes, conversations = [WORLDS[mix[0]], WORLDS[mix[2]]], [mix[1], mix[3]]
    exact, found = mixed_chat(classes, conversations), []
    ledgers, horizon_s = run(classes, conversations, turns, episodes, seed)
    for kind, name in enumerate((mix[0], mix[2])):
        world = f"{name} in {mix[1]} {mix[0]} + {mix[3]} {mix[2]}"
        for quantity, interval in measured(ledgers, horizon_s, kind).items():
            found.append(Comparison(world, quantity, float(getattr(exact, quantity)[kind]), interval))
    return found


def coming_and_going(cap: int, turns: int, episodes: int, seed: int) -> list[Comparison]:
    """Conversations of a few turns, in Poisson arrivals, at most `cap` at once: the exact chain with a waiting line."""
    world = WORLDS["simple"]
    exact = open_chat(world, COMING, cap, MEAN_TURNS, LINE)
    days = max(1, int(np.ceil(turns / episodes / (COMING * MEAN_TURNS) / DAY_S)))
    scenario = replace(
        endless_chats([world], days, cap=float(cap)),
        arrivals=Arrivals(3600, np.full((1, 1, 24), COMING * 3600), np.zeros(7, np.int64), ("any",)),
        dialogue=Dialogue(turns_mean=MEAN_TURNS),
    )
    simulator = Simulator(scenario, [draw_trace(scenario, s) for s in np.random.SeedSequence(seed).spawn(episodes)])
    simulator.run_incumbent()
    sums = []
    for ledger in (simulator.ledger(b) for b in range(episodes)):
        begun = ledger.contacts[~np.isnan(ledger.contacts["answer_s"])]
        open_s = np.fmin(begun["end_s"], scenario.horizon_s) - begun["answer_s"]
        waited_s = (begun["answer_s"] - begun["arrival_s"]).sum()
        talks = ledger.talks["replies"].sum(), ledger.talks["reply_s"].sum()
        sums.append((*talks, ledger.accounts[0, Activity.WORK], waited_s, len(begun), open_s.sum(), scenario.horizon_s))
    replies, reply_s, worked_s, waited, begun, open_s, seconds = np.array(sums, dtype=float).T
    found = {
        "reply_s": ratio_interval(reply_s, replies, LEVEL),
        "utilisation": ratio_interval(worked_s, seconds, LEVEL),
        "wait_s": ratio_interval(waited, begun, LEVEL),
        "mean_open": ratio_interval(open_s, seconds, LEVEL),
    }
    return [Comparison(f"coming, cap {cap}", q, float(getattr(exact, q)), interval) for q, interval in found.items()]


def storm_p(turns: Turns, conversations: int) -> float:
    """Exact share of time in which the load exceeds the cap, with all conversations open and no switch overhead.

    Of K conversations n wait for the agent with weight K!/(K-n)! (work/think)^n, as in the finite-source queue; each of
    the others has been thinking for an exponential time, whatever the rest do.
    """
    waiting = np.arange(conversations + 1)
    weight = np.cumprod(np.concatenate([[1.0], (conversations - waiting[:-1]) * turns.work_s / turns.think_s]))
    inactive_p, over = np.exp(-INACTIVE_AFTER_S / turns.think_s), np.zeros(conversations + 1)
    for n in waiting:
        asleep = np.arange(conversations - n + 1)
        load = conversations - (1 - INACTIVE_SLOTS) * asleep
        over[n] = binom.pmf(asleep, conversations - n, inactive_p)[load > CAP + 1e-6].sum()
    return float(weight @ over / weight.sum())


def storm(turns: Turns, conversations: int, days: int, episodes: int, seed: int) -> Interval:
    """The same share in the kernel, from its log, after the first hour of each episode."""
    scenario = endless_chats([turns], days, CAP, INACTIVE_AFTER_S)
    over = []
    for child in np.random.SeedSequence(seed).spawn(episodes):
        simulator = Simulator(scenario, [all_at_once(scenario, [conversations], child)], keep_log=True)
        simulator.run_incumbent()
        over.append(_over_cap_s(simulator.ledger(0), conversations, 3600.0))
    return ratio_interval(np.array(over), np.full(episodes, scenario.horizon_s - 3600.0), LEVEL)


def _over_cap_s(ledger: Ledger, conversations: int, from_s: float) -> float:
    """Seconds with a load above the cap; who is asleep follows from the ends of turns and the replies."""
    log, steps = ledger.log, list[NDArray[np.float64]]()
    for row in range(conversations):
        own = log[log["contact"] == row]
        ended, replied = own["s"][own["mark"] == Mark.END_TURN], own["s"][own["mark"] == Mark.REPLY]
        ended = ended[: len(replied)]
        asleep = replied - ended > INACTIVE_AFTER_S
        steps.append(np.stack([ended[asleep] + INACTIVE_AFTER_S, np.full(asleep.sum(), 1.0)], 1))
        steps.append(np.stack([replied[asleep], np.full(asleep.sum(), -1.0)], 1))
    path = np.concatenate([*steps, [[from_s, 0.0], [ledger.horizon_s, 0.0]]])
    path = path[np.argsort(path[:, 0], kind="stable")]
    load = conversations - (1 - INACTIVE_SLOTS) * np.cumsum(path[:, 1])
    lasted = np.diff(np.maximum(path[:, 0], from_s))
    return float(lasted[load[:-1] > CAP + 1e-6].sum())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code."""
    parser = argparse.ArgumentParser(description="Chat concurrency in the kernel against exact results.")
    parser.add_argument("--turns", type=int, default=TURNS, help="turns per comparison")
    options = parser.parse_args(arguments)
    if options.turns < 1000:
        parser.error(f"--turns: expected 1000 or more, found {options.turns}")
    found: list[Comparison] = []
    for seed, (name, k) in enumerate((name, k) for name in WORLDS for k in range(1, MOST + 1)):
        found += single_class(name, k, options.turns, EPISODES, seed)
    for seed, mix in enumerate(MIXES):
        found += two_classes(mix, options.turns, EPISODES, 100 + seed)
    staying = len(found)
    for cap in CAPS:
        found += coming_and_going(cap, options.turns, EPISODES, 200 + cap)
    header = ("world", "quantity", "exact", "simulated", "99 % interval", "error", "")
    print_table(f"One agent, about {options.turns:,} turns each", header, [one.row for one in found])
    off = sum(abs(one.error) > TOLERANCE for one in found[:staying])
    outside, allowed = sum(one.exact not in one.interval for one in found), binom.ppf(0.999, len(found), 1 - LEVEL)
    print(f"{off} of {staying} more than 1 % off; {outside} of {len(found)} outside, up to {allowed:.0f} allowed")
    _print_storms(options.turns)
    return int(off > 0 or outside > allowed)


def _print_storms(turns: int) -> None:
    quiet, rows = Turns(20, 80), []
    days = max(1, turns // 50_000)
    for conversations in range(4, 9):
        share = storm(quiet, conversations, days, 8, conversations)
        cells = str(conversations), number(storm_p(quiet, conversations)), number(share.estimate), str(share)
        rows.append(cells)
    title = f"Share of time with a load above {CAP:g} slots; customers silent for {INACTIVE_AFTER_S:g} s weigh little"
    print_table(title, ("open", "exact", "simulated", "99 % interval"), rows)


if __name__ == "__main__":
    sys.exit(main())
