"""Decisions as a scenario raises them, before anything is learned: for scales, and for parity checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import Decisions, Policy
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario, ScenarioError
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace

EPISODES = 16  # simulated at a time


@dataclass(frozen=True)
class Rehearsal:
    """What a policy met and was paid.

    Attributes:
        decisions: (N,) in the order in which they were raised, center after center within a step.
        returns: (N,) float64, discounted sums of the rewards booked up to each decision; money.
        episodes: number of episodes they are of.
    """

    decisions: Decisions
    returns: NDArray[np.float64]
    episodes: int


def rehearse(
    scenario: Scenario,
    policy: Policy,
    seed: np.random.SeedSequence,
    count: int,
    *,
    objective: Objective | None = None,
    gamma: float = 1.0,
) -> Rehearsal:
    """Run whole episodes of `policy` until at least `count` decisions were made."""
    weights = (objective or Objective()).weights()
    parts: list[tuple[Decisions, NDArray[np.float64]]] = []
    made = episodes = 0
    while made < count:
        traces = [draw_trace(scenario, child) for child in seed.spawn(EPISODES)]
        before = made
        episodes += EPISODES
        for part in _episodes(Simulator(scenario, traces), policy, weights, gamma):
            parts.append(part)
            made += len(part[0])
        if made == before:
            raise ScenarioError(f"{scenario.name}: {EPISODES} episodes passed without a decision")
    returns = np.concatenate([returns for _, returns in parts])
    return Rehearsal(_joined([d for d, _ in parts]), returns, episodes)


def _episodes(
    simulator: Simulator, policy: Policy, weights: NDArray[np.float64], gamma: float
) -> Iterator[tuple[Decisions, NDArray[np.float64]]]:
    simulator.step()
    booked, running = simulator.booked @ weights, np.zeros(len(simulator))
    while (pending := simulator.pending).any():
        decisions = simulator.decisions(pending)
        yield decisions, running[pending]
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = policy.act(decisions).candidate
        simulator.step(answers)
        now = simulator.booked @ weights
        running, booked = gamma * running + now - booked, now


def _joined(parts: list[Decisions]) -> Decisions:
    return Decisions(
        np.concatenate([d.key for d in parts]),
        np.concatenate([d.context for d in parts]),
        np.concatenate([d.candidates for d in parts]),
        np.concatenate([d.mask for d in parts]),
    )
