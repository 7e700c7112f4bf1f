"""Thirty generations of serve, log, re-train, serve: naive, with a floor and replay, and with the gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from experiments.feedback_loop.world import Batch, Floats, Setting, World, greedy, learn, predicted

CONTACTS = 2500  # of a generation, and of the seed set of random decisions
FROZEN = 4000  # random labelled decisions that nobody learns from
FLOOR = 0.05
RECENT = 5  # batches that replay goes back
WORSE = 1e-4  # a loss beyond which a promotion counts as worse

Mix = list[tuple[Floats, float]]


@dataclass(frozen=True)
class Generation:
    """What one generation left behind.

    Attributes:
        own: what the newest model predicts of the policy's choices: the metric the loop itself would show.
        frozen: estimate of the policy on the frozen set.
        truth: of the policy that serves next, in the world of this generation, the floor left out.
        champion: truth of the champion alone, where a candidate on trial has a share of the service.
        first: truth of generation 0's policy in the same world.
        shipped: what a promotion changed the champion's truth by; None where there was none.
        demoted: what a demotion changed it by.
    """

    own: float
    frozen: float
    truth: float
    champion: float
    first: float
    shipped: float | None = None
    demoted: float | None = None


@dataclass(frozen=True, eq=False)
class Start:
    """What every regime begins with: the seed set, the policy learned from it, and the frozen set."""

    world: World
    seeded: Batch
    first: Floats
    frozen: Batch


Regime = Callable[[Start, int], list[Generation]]


def begin(seed: int, setting: Setting) -> Start:
    """A world and its random decisions of generation 0, whose outcomes are all known."""
    world = World(seed, setting)
    asked = replace(setting, surveyed=1.0)
    seeded = World(seed, asked).serve(0, CONTACTS, [], floor=1.0)
    return Start(world, seeded, learn([seeded]), World(seed, asked).serve(0, FROZEN, [], floor=1.0, again=1))


def seeded(start: Start) -> Generation:
    """Generation 0: the policy that every regime begins with."""
    return told(start, 0, [(start.first, 1.0)], start.first, start.first, start.seeded)


def naive(start: Start, generations: int) -> list[Generation]:
    """Serve greedily, learn from the last batch alone; where outcomes are not reported, believe the own prediction."""
    policy, left = start.first, []
    for g in range(1, generations + 1):
        batch = start.world.serve(g, CONTACTS, [(policy, 1.0)], floor=0.0)
        believed = predicted(policy, batch.contacts)[np.arange(len(batch)), batch.chosen] > 0.5
        batch = replace(batch, outcome=np.where(batch.known, batch.outcome, believed))
        policy, before = learn([batch]), policy
        left.append(_shipped(start, g, before, policy, policy, batch))
    return left


def replayed(start: Start, generations: int) -> list[Generation]:
    """Serve above a floor, learn from the seed set and the recent batches, ship every generation."""
    policy, left, log = start.first, [], []
    for g in range(1, generations + 1):
        batch = start.world.serve(g, CONTACTS, [(policy, 1.0)], FLOOR)
        log.append(batch.reported())
        policy, before = learn([start.seeded, *log[-RECENT:]]), policy
        left.append(_shipped(start, g, before, policy, policy, batch))
    return left


def told(start: Start, g: int, mix: Mix, champion: Floats, model: Floats, batch: Batch) -> Generation:
    """What is seen and what is true of a generation that ends with a mix of policies in service."""
    truths = [(start.world.truth(policy, g), share) for policy, share in mix]
    believed = predicted(model, batch.contacts)
    own = sum(share * believed[np.arange(len(batch)), greedy(policy, batch.contacts)].mean() for policy, share in mix)
    return Generation(
        own=float(own),
        frozen=sum(share * _on_frozen(start, policy) for policy, share in mix),
        truth=sum(truth * share for truth, share in truths),
        champion=start.world.truth(champion, g),
        first=start.world.truth(start.first, g),
    )


def _shipped(start: Start, g: int, before: Floats, after: Floats, model: Floats, batch: Batch) -> Generation:
    change = start.world.truth(after, g) - start.world.truth(before, g)
    return replace(told(start, g, [(after, 1.0)], after, model, batch), shipped=change)


def _on_frozen(start: Start, policy: Floats) -> float:
    """Self-normalised estimate of a policy on the frozen set."""
    batch = start.frozen
    rows = np.arange(len(batch))
    weight = (greedy(policy, batch.contacts) == batch.chosen) / batch.behaviour[rows, batch.chosen]
    return float(np.average(batch.outcome, weights=weight))
