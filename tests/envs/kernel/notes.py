"""Runs the kernel as plain Python with every note of a center watched; `test_levels` starts it as its own process.

A note (`next_contact`, `freed`, ...) holds one contact or agent. Should an event or an answer leave a note where one
still stands, that one would be forgotten: a contact never routed, an agent never offered work.
"""

from __future__ import annotations

import os

os.environ["NUMBA_DISABLE_JIT"] = "1"

import sys
from dataclasses import replace

import numpy as np

import maitred.envs.simulator as simulator_module
from maitred.envs.blocks import (
    Bots,
    Channels,
    Concurrency,
    Customers,
    Deferral,
    Dialogue,
    Handoff,
    Outreach,
    People,
    Reassess,
)
from maitred.envs.scenario import Returns, Routing
from maitred.envs.simulator import Simulator
from tests.envs.kernel.worlds import center, luck

MORNING_S = 3600.0
NOTES = (
    "chosen", "closing", "freed", "starting", "queueing", "resuming", "next_contact", "next_agent", "next_turn",
    "next_cap", "next_need",
)  # fmt: skip


class Watched:
    """A center's record that refuses to have a note written over."""

    def __init__(self, record):
        object.__setattr__(self, "record", record)

    def __getattr__(self, name):
        return self.record[name]

    def __setattr__(self, name, value):
        if name in NOTES and value >= 0:
            assert self.record[name] in (-1, value), f"{name} holds {self.record[name]} and is to hold {value}"
        self.record[name] = value


class WatchedCenters(np.ndarray):
    """CENTER records, one of which is `Watched` when taken by its number."""

    def __getitem__(self, at):
        item = super().__getitem__(at)
        return Watched(item) if isinstance(item, np.void) else item


def with_attributes(arrays):
    """The same arrays, whose records have their fields as attributes, as compiled code sees them."""
    return type(arrays)(*(a.view(np.recarray) if a.dtype.names else a for a in arrays))


def everything():
    """A busy morning on voice, chat and messages with every mechanism on."""
    return center(
        ("call", "chat", "message"),
        agents=5,
        per_h=40.0,
        mean_s=120.0,
        patience_s=240.0,
        wrap_up_s=20.0,
        shift_s=(0.0, MORNING_S),
        routing=Routing(places=10, hold_s=30.0),
        returns=Returns(retrial_p=0.3, repeat_unresolved_p=0.4),
        channels=Channels(
            names=("voice", "chat", "async"),
            of_type=np.array([0, 1, 2]),
            exclusive=np.array([1.0, 0.0, 0.0]),
            interruptible=np.array([0.0, 0.0, 1.0]),
            think_mean_s=np.array([0.0, 60.0, 600.0]),
            inactive_after_s=np.array([0.0, 100.0, 240.0]),
            silent_share=np.array([0.0, 0.5, 0.2]),
            silence_tolerance_s=np.array([0.0, 600.0, 0.0]),
        ),
        dialogue=Dialogue(
            names=("easy", "hard"), level=np.array([0.2, 0.8]), turns_mean=np.array([3.0, 8.0]), transition=0.1,
            work_factor=np.array([0.3, 0.6]), urgent_share=0.3, deadline_mean_s=900.0, signal_accuracy=0.8,
        ),
        concurrency=Concurrency(cap_slots=2, decided=True, heavy_above_s=300.0, switch_overhead=0.05),
        bots=Bots(names=("bot", "helper"), resolve_p=0.4, wrong_p=0.2, leave_p=0.05, sessions=np.array([1.0, 0.0])),
        handoff=Handoff(
            misroute_p=0.2, context_kept=0.5, repeat_info_s=60.0, escalate_to=np.array([2, 0, 0]),
            approval_by=np.array([2, 2, -1]), approval_p=0.5, sticky_wait_s=120.0,
        ),
        reassess=Reassess(
            escalate=True, hand_back=True, async_of=np.array([2, 2, -1]), live_of=np.array([-1, 0, 0]),
            next_issue_s=30.0, stop_bot_early=True, keep_context=False,
        ),
        deferral=Deferral(async_of=np.array([-1, 2, -1]), callback=np.array([1.0, 0.0, 0.0]), callback_window_s=300.0),
        outreach=Outreach(needs_per_h=2.0, open_from_s=0.0, open_to_s=MORNING_S),
        customers=Customers(prefers_other_p=0.3),
        people=People(learn_ratio=1.5, fatigue_work=0.05, last_call_s=1800.0),
    )  # fmt: skip


def watched(scenario, seed):
    """A simulator of one morning in plain Python with its notes watched."""
    world_of, allocate = simulator_module.world_of, simulator_module.allocate
    simulator_module.world_of = lambda s: with_attributes(world_of(s))

    def with_watch(*sizes):
        centers, observation = allocate(*sizes)
        return with_attributes(centers)._replace(center=centers.center.view(WatchedCenters)), observation

    simulator_module.allocate = with_watch
    trace = luck(scenario, seed)
    simulator = Simulator(scenario, [replace(trace, arrivals=trace.arrivals[trace.arrivals["s"] < MORNING_S])])
    simulator._grow(contacts=5000, heap=5000)
    simulator.centers = with_attributes(simulator.centers)._replace(center=simulator.centers.center)
    return simulator


def main(seed: int) -> None:
    """Answer at random, hold included, until nothing is left to decide; print the decisions and contacts there were."""
    rng, simulator = np.random.default_rng(seed), watched(everything(), seed)
    simulator.step()
    while simulator.pending.any():
        simulator.step(rng.integers(0, simulator.centers.center["places"]))
    x = simulator.centers
    print(int(x.center["decisions"][0]), int(x.center["rows"][0]), int(x.center["waiting"][0]))


if __name__ == "__main__":
    np.seterr(over="ignore")
    main(int(sys.argv[1]))
