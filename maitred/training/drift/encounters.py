"""Decisions as a policy meets them on days of its own: what it can be said to have seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import Decisions, Policy, uniforms
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace

MOST = 20_000  # decisions that are kept
PURPOSE = 91  # of the draw that says which
_WEEK = 7


def encounters(
    scenario: Scenario,
    policy: Policy,
    seed: np.random.SeedSequence,
    episodes: int,
    most: int = MOST,
    preference: NDArray[np.float32] | None = None,
) -> Decisions:
    """Run a policy on episodes, which begin on all weekdays in turn, and keep some of its decisions at random.

    Args:
        scenario: the center.
        policy: who decides.
        seed: of the episodes.
        episodes: how many, all simulated together.
        most: decisions to keep, between this and twice as many where there are as many.
        preference: (episodes, P) weights of `decision.PREFERENCE` that decisions carry; the default is the usual ones.

    Raises:
        ScenarioError: the scenario raises no decisions.
    """
    kept, count, share = list[Decisions](), 0, 1.0
    for decisions in _met(scenario, policy, seed, episodes, preference):
        kept.append(decisions[_lot(decisions) < share])
        count += len(kept[-1])
        if count > 2 * most:
            share /= 2
            every = together(kept)
            kept = [every[_lot(every) < share]]
            count = len(kept[0])
    if not kept:
        raise ScenarioError(f"{scenario.name}: {episodes} episodes passed without a decision")
    return together(kept)


def together(parts: list[Decisions]) -> Decisions:
    """Several batches, of equally many places, as one."""
    names = Decisions.__dataclass_fields__
    return Decisions(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _met(
    scenario: Scenario,
    policy: Policy,
    seed: np.random.SeedSequence,
    episodes: int,
    preference: NDArray[np.float32] | None,
) -> Iterator[Decisions]:
    traces = [draw_trace(scenario, child, i % _WEEK) for i, child in enumerate(seed.spawn(episodes))]
    simulator = Simulator(scenario, traces)
    if preference is not None:
        simulator.prefer(preference)
    simulator.step()
    while (pending := simulator.pending).any():
        decisions = simulator.decisions(pending)
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = policy.act(decisions).candidate
        yield decisions
        simulator.step(answers)


def _lot(decisions: Decisions) -> NDArray[np.float64]:
    return uniforms(decisions.key, PURPOSE)
