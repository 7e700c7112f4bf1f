"""Decisions as a policy meets them, with what it chose and what followed: for scales, imitation and parity checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
        raised: number of decisions in these episodes, of which those here are an even sample.
    """

    decisions: Decisions
    chosen: NDArray[np.int64]
    returns: NDArray[np.float64]
    episodes: int
    raised: int


@dataclass(frozen=True)
class _Step:
    """One step of all centers: those that decided (P,), what they met and chose, and what they were paid until next.

    A step that is not part of the sample lacks what was met; what follows it is paid for all the same.
    """

    pending: NDArray[np.bool_]
    decisions: Decisions | None
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
        count: least number of decisions; where the episodes raise more than twice as many, a sample of every second,
            fourth, ... step is kept: a day of a large center is more than there is memory for.
        objective: what the returns are in terms of; the default is `Objective()`. With `EPISODES` of them, each is that
            of one episode of every batch, and decisions carry its weights.
        horizon_s: a reward t seconds away counts exp(-t / horizon_s) in the returns; positive.

    Raises:
        ScenarioError: the scenario raises no decisions.
    """
    objectives = objective if isinstance(objective, Sequence) else [objective or Objective()] * EPISODES
    weights = np.array([each.weights() for each in objectives])
    sampled: list[tuple[_Step, NDArray[np.float64]]] = []
    raised = episodes = 0
    while raised < count:
        traces = [draw_trace(scenario, child) for child in seed.spawn(EPISODES)]
        simulator = Simulator(scenario, traces)
        if isinstance(objective, Sequence):
            simulator.prefer(np.array([each.preference for each in objective]))
        played = _play(simulator, policy, weights, count)
        if not played:
            raise ScenarioError(f"{scenario.name}: {EPISODES} episodes passed without a decision")
        returns = _returns(played, horizon_s)
        sampled += [pair for pair in zip(played, returns, strict=True) if pair[0].decisions is not None]
        raised += sum(len(step.chosen) for step in played)
        episodes += EPISODES
    steps, paid = zip(*sampled, strict=True)
    met = _joined([step.decisions for step in steps])
    return Rehearsal(met, np.concatenate([step.chosen for step in steps]), np.concatenate(paid), episodes, raised)


def _play(simulator: Simulator, policy: Policy, weights: NDArray[np.float64], count: int) -> list[_Step]:
    """Every step of the centers' episodes; steps keep what was met so that at most 2 x `count` decisions are kept."""
    steps: list[_Step] = []
    every, kept = 1, 0
    simulator.step()
    while (pending := simulator.pending).any():
        booked, now = _worth(simulator, weights), simulator.centers.center["now"].copy()
        decisions = simulator.decisions(pending)
        chosen = policy.act(decisions).candidate
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = chosen
        simulator.step(answers)
        reward, elapsed_s = _worth(simulator, weights) - booked, simulator.centers.center["now"] - now
        met = decisions if len(steps) % every == 0 else None
        steps.append(_Step(pending, met, chosen, reward[pending], elapsed_s[pending]))
        kept += len(chosen) if met is not None else 0
        if kept > 2 * count:
            every *= 2
            steps = [step if i % every == 0 else replace(step, decisions=None) for i, step in enumerate(steps)]
            kept = sum(len(step.chosen) for step in steps[::every])
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
        sum(part.raised for part in parts),
    )


def _joined(parts: list[Decisions]) -> Decisions:
    return Decisions(
        np.concatenate([d.key for d in parts]),
        np.concatenate([d.context for d in parts]),
        np.concatenate([d.candidates for d in parts]),
        np.concatenate([d.mask for d in parts]),
    )
