"""Bandits: online learning on simulated episodes, each decision paid by what its contact books from then on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from maitred.agents.bandits.candidate_reward import CandidateReward
from maitred.agents.bandits.inverse_gap import InverseGap
from maitred.agents.bandits.linear import LinearBandit, Rule
from maitred.agents.bandits.neural_linear import Fit, NeuralLinear
from maitred.agents.bandits.pair_features import PAIR_NAMES, scaling_of
from maitred.agents.bandits.policy import Bandit, Kept, NeuralBandit, PairBandit
from maitred.agents.bandits.ridge import Ridge
from maitred.agents.bandits.thompson import Thompson
from maitred.agents.bandits.upper_bound import UpperBound
from maitred.agents.network import CandidateNetwork
from maitred.agents.rules import RULES
from maitred.configs.schema import BanditConfig, LinTSConfig, LinUCBConfig, NeuralConfig, SquareCBConfig
from maitred.envs.decision import Decisions, Policy
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Simulator
from maitred.envs.trace import Trace
from maitred.training.decision_log.case_terms import cases
from maitred.training.decision_log.played import NOBODY, booked_before, subjects
from maitred.training.learning import ALGORITHM, REHEARSAL, Learned, Log, branch, progress_bar, training_traces
from maitred.training.rehearsal import rehearse
from maitred.training.validation import Validation

WARM_UP_DECISIONS = 10_000

Floats: TypeAlias = NDArray[np.float64]
Keep: TypeAlias = Callable[[Decisions, NDArray[np.int64]], Kept]


def train_bandit(
    config: BanditConfig, scenario: Scenario, objective: Objective, validation: Validation, seed: int, log: Log
) -> Learned:
    """Play batches of episodes, the first of them at random, updating after each.

    A decision's reward does not reach beyond its own contact's case: what it does to the contacts that wait
    behind is not seen, which is what separates a bandit here from PPO.
    """
    began, steps = time.monotonic(), 0
    sample = rehearse(scenario, RULES["random"], branch(seed, REHEARSAL), WARM_UP_DECISIONS).decisions
    bandit = prior(config, sample, int(branch(seed, ALGORITHM).generate_state(1)[0]))
    with progress_bar() as bar:
        task = bar.add_task(config.name, total=config.episodes, status="")
        for first in range(0, config.episodes, config.batch):
            batch = range(first, min(first + config.batch, config.episodes))
            traces = training_traces(scenario, seed, batch)
            kept, reward = play(scenario, traces, bandit if first else RULES["random"], bandit.keep, objective)
            bandit = bandit.update(kept, reward)
            steps += len(reward)
            log({"rollout/reward_per_decision": float(reward.mean())}, steps)
            bar.update(task, completed=first + len(traces), status=f"{reward.mean():.3f} per decision")
    rule = bandit.rule
    final = bandit.with_rule(replace(rule, epsilon=0.0)) if isinstance(rule, UpperBound) else bandit
    return Learned(final, validation.difference(final), steps, time.monotonic() - began, {})


def prior(config: BanditConfig, sample: Decisions, seed: int) -> Bandit:
    """The bandit before any reward; the scales of its features are those of a sample of decisions."""
    if not isinstance(config, NeuralConfig):
        ridge = Ridge.prior(len(PAIR_NAMES), penalty=config.penalty)
        return PairBandit(LinearBandit(ridge, _rule(config, seed)), scaling_of(sample), config.name)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = CandidateNetwork(config.width)
    network.fit_normaliser(sample)
    learner = NeuralLinear.prior(
        CandidateReward(network),
        [sample.context, sample.candidates, sample.mask],
        _rule(config, seed),
        regressions=1,
        penalty=config.penalty,
    )
    fit = Fit(config.steps, learning_rate=config.learning_rate, seed=seed)
    return NeuralBandit(learner, fit, config.penalty, config.memory, name=config.name)


def _rule(config: BanditConfig, seed: int) -> Rule:
    """How the configured bandit explores."""
    match config:
        case LinUCBConfig():
            return UpperBound(config.alpha, config.epsilon)
        case LinTSConfig():
            return Thompson(config.spread, config.samples, seed)
        case SquareCBConfig():
            return InverseGap(config.gamma)
        case _:
            raise TypeError(f"policy: expected a bandit that explores by a rule, found {type(config).__name__}")


def play(
    scenario: Scenario, traces: list[Trace], policy: Policy, keep: Keep, objective: Objective
) -> tuple[Kept, Floats]:
    """What to learn from, and rewards (N,), of every decision about a contact that a policy makes on these episodes."""
    simulator = Simulator(scenario, traces, keep_log=bool(np.any(scenario.deferral.callback)))  # it has the call-backs
    simulator.step()
    kept: list[Kept] = []
    centers: list[NDArray[np.int64]] = []
    contacts: list[NDArray[np.int64]] = []
    before: list[Floats] = []
    while (pending := simulator.pending).any():
        decisions = simulator.decisions(pending)
        chosen = policy.act(decisions).candidate
        about = subjects(simulator, pending, decisions.kind, chosen)
        taught = about != NOBODY
        kept.append(tuple(array[taught] for array in keep(decisions, chosen)))
        centers.append(np.nonzero(pending)[0][taught])
        contacts.append(about[taught])
        before.append(booked_before(simulator, pending, about)[taught])
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = chosen
        simulator.step(answers)
    terms = [cases(simulator.ledger(b), scenario).terms for b in range(len(simulator))]
    center, contact = np.concatenate(centers), np.concatenate(contacts)
    offset = np.cumsum([0, *(len(of_center) for of_center in terms)])[:-1]
    joined = tuple(np.concatenate(arrays) for arrays in zip(*kept, strict=True))
    from_then_on = np.concatenate(terms)[offset[center] + contact] - np.concatenate(before)
    return joined, from_then_on @ objective.weights()
