"""Decisions as a policy meets them, with what it chose and what followed: for scales, imitation and parity checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import Decisions, Policy
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace

EPISODES = 16  # simulated at a time


@dataclass(frozen=True)
class Rehearsal:
    """What a policy met, chose and was paid.

    Attributes:
        decisions: (N,) in the order in which they were raised, center after center within a step.
        chosen: (N,) int64, the candidates the policy chose.
        returns: (N,) float64, discounted sums of the rewards booked from each decision to its episode's end; money.
        episodes: number of episodes they are of.
    """

    decisions: Decisions
    chosen: NDArray[np.int64]
    returns: NDArray[np.float64]
    episodes: int


@dataclass(frozen=True)
class _Step:
    """One step of all centers: those that decided (P,), what they met and chose, and what they were paid until next."""

    pending: NDArray[np.bool_]
    decisions: Decisions
    chosen: NDArray[np.int64]
    reward: NDArray[np.float64]
    elapsed_s: NDArray[np.float64]


def rehearse(
    scenario: Scenario,
    policy: Policy,
    seed: np.random.SeedSequence,
    count: int,
    *,
    objective: Objective | Sequence[Objective] | None = None,
    horizon_s: float = np.inf,
) -> Rehearsal:
    """Run whole episodes of `policy` until at least `count` decisions were made.

    Args:
        scenario: the center.
        policy: who decides.
        seed: of the episodes.
        count: least number of decisions.
        objective: what the returns are in terms of; the default is `Objective()`. With `EPISODES` of them, each is that
            of one episode of every batch, and decisions carry its weights.
        horizon_s: a reward t seconds away counts exp(-t / horizon_s) in the returns; positive.

    Raises:
        ScenarioError: the scenario raises no decisions.
    """
    objectives = objective if isinstance(objective, Sequence) else [objective or Objective()] * EPISODES
    weights = np.array([each.weights() for each in objectives])
    steps: list[_Step] = []
    returns: list[NDArray[np.float64]] = []
    made = episodes = 0
    while made < count:
        traces = [draw_trace(scenario, child) for child in seed.spawn(EPISODES)]
        simulator = Simulator(scenario, traces)
        if isinstance(objective, Sequence):
            simulator.prefer(np.array([each.preference for each in objective]))
        played = _play(simulator, policy, weights)
        if not played:
            raise ScenarioError(f"{scenario.name}: {EPISODES} episodes passed without a decision")
        steps += played
        returns += _returns(played, horizon_s)
        made += sum(len(step.chosen) for step in played)
        episodes += EPISODES
    chosen = np.concatenate([step.chosen for step in steps])
    return Rehearsal(_joined([step.decisions for step in steps]), chosen, np.concatenate(returns), episodes)


def _play(simulator: Simulator, policy: Policy, weights: NDArray[np.float64]) -> list[_Step]:
    steps = []
    simulator.step()
    while (pending := simulator.pending).any():
        booked, now = _worth(simulator, weights), simulator.centers.center["now"].copy()
        decisions = simulator.decisions(pending)
        chosen = policy.act(decisions).candidate
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = chosen
        simulator.step(answers)
        reward, elapsed_s = _worth(simulator, weights) - booked, simulator.centers.center["now"] - now
        steps.append(_Step(pending, decisions, chosen, reward[pending], elapsed_s[pending]))
    return steps


def _worth(simulator: Simulator, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B,) money booked so far, by each center's own (T,) weights."""
    worth: NDArray[np.float64] = np.einsum("bt,bt->b", simulator.booked, weights)
    return worth


def _returns(steps: list[_Step], horizon_s: float) -> list[NDArray[np.float64]]:
    """(P,) of each step, worked out from the last step to the first."""
    running, found = np.zeros(len(steps[0].pending)), []
    for step in reversed(steps):
        running[step.pending] = step.reward + np.exp(-step.elapsed_s / horizon_s) * running[step.pending]
        found.append(running[step.pending])
    return found[::-1]


def joined(parts: Sequence[Rehearsal]) -> Rehearsal:
    """Several rehearsals as one, in order."""
    return Rehearsal(
        _joined([part.decisions for part in parts]),
        np.concatenate([part.chosen for part in parts]),
        np.concatenate([part.returns for part in parts]),
        sum(part.episodes for part in parts),
    )


def _joined(parts: list[Decisions]) -> Decisions:
    return Decisions(
        np.concatenate([d.key for d in parts]),
        np.concatenate([d.context for d in parts]),
        np.concatenate([d.candidates for d in parts]),
        np.concatenate([d.mask for d in parts]),
    )
