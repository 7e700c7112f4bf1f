"""A policy can be held to what it began as: each nat away from it has a price, and without a price nothing changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from gymnasium import spaces

from maitred.agents.ppo import CandidateExtractor
from maitred.agents.rules import RULES
from maitred.configs.schema import EvaluationConfig, PPOConfig, TrainConfig
from maitred.envs.decision import CANDIDATE_FEATURES, CONTEXT_FEATURES
from maitred.envs.observation import observation_space
from maitred.envs.scenario_file import save_scenario
from maitred.training.anchor import AnchoredBuffer
from maitred.training.rehearsal import rehearse
from maitred.training.semi_markov import SemiMarkovBuffer
from maitred.training.train import train
from tests.training.center import small_center

PLACES = 3
MINUTE = 60.0
TINY = PPOConfig(
    steps=16_384,
    minutes=None,
    n_envs=16,
    n_steps=128,
    batch_size=1024,
    learning_rate=2e-3,
    teacher="incumbent",
    imitated=8000,
)


class Told(torch.nn.Module):
    """A policy of the same given probabilities at every decision."""

    def __init__(self, chances):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(chances).log())

    def forward(self, observations):
        return torch.cat([self.logits, torch.zeros(1)]).expand(len(observations["mask"]), -1)


class Clocks:
    """Centers of which only the time is looked at."""

    siblings = 1
    elapsed_s = np.array([MINUTE])


def buffer_of(kind, steps, **settings):
    space = observation_space(PLACES)
    told = {"centers": Clocks(), "horizon_s": 2 * MINUTE, "credit_s": np.inf} | settings
    return kind(steps, space, spaces.Discrete(PLACES), "cpu", n_envs=1, **told)


def filled(buffer, chosen, rewards):
    """One episode that goes on, of decisions that are worth nothing in themselves."""
    buffer.reset()
    observation = {
        "context": np.zeros((1, len(CONTEXT_FEATURES)), np.float32),
        "candidates": np.zeros((1, PLACES, len(CANDIDATE_FEATURES)), np.float32),
        "mask": np.ones((1, PLACES), np.int8),
    }
    zero = torch.zeros(1)
    for action, reward in zip(chosen, rewards, strict=True):
        buffer.add(observation, np.array([[action]]), np.array([reward]), np.zeros(1), zero, zero)
    buffer.compute_returns_and_advantage(zero, np.array([False]))
    return buffer


def test_two_decisions_cost_what_is_worked_out_by_hand():
    ours, theirs, price = [0.5, 0.25, 0.25], [0.25, 0.25, 0.5], 0.1
    policy = Told(theirs)
    buffer = buffer_of(AnchoredBuffer, 2, price=price)
    buffer.hold(policy)
    policy.logits.data = torch.tensor(ours).log()
    filled(buffer, chosen=(0, 2), rewards=(1.0, 2.0))
    nats = 0.5 * np.log(2) + 0.25 * np.log(1) + 0.25 * np.log(0.5)
    factor = np.exp(-0.5)
    later = 2 - price * nats  # what the second decision brings, whatever was chosen there
    assert buffer.divergence == pytest.approx(nats)
    assert buffer.returns[:, 0] == pytest.approx([1 - price * nats + factor * later, later])
    assert buffer.advantages[0, 0] == pytest.approx(1 - price * np.log(2) + factor * later)
    assert buffer.advantages[1, 0] == pytest.approx(2 - price * np.log(0.5))


def test_the_gradient_is_that_of_the_divergence():
    theirs = Told([0.2, 0.3, 0.5])
    ours = Told([0.2, 0.3, 0.5])
    buffer = buffer_of(AnchoredBuffer, PLACES, price=1.0, horizon_s=1e-6)
    buffer.hold(ours)
    ours.logits.data = torch.tensor([0.6, 0.3, 0.1]).log()
    filled(buffer, chosen=range(PLACES), rewards=np.zeros(PLACES))  # each candidate once
    log_p = torch.log_softmax(ours.logits, dim=0)
    sampled = (log_p.exp().detach() * torch.from_numpy(buffer.advantages[:, 0]) * log_p).sum()
    exact = -(log_p.exp() * (log_p - torch.log_softmax(theirs.logits.detach(), dim=0))).sum()
    ascent = [torch.autograd.grad(each, ours.logits, retain_graph=True)[0].numpy() for each in (sampled, exact)]
    np.testing.assert_allclose(*ascent, atol=1e-6)


@pytest.mark.parametrize(("price", "departed"), [(0.0, 0.5), (1.0, 0.0)])
def test_nothing_is_paid_without_a_price_nor_at_the_anchor(price, departed):
    policy = Told([0.25, 0.25, 0.5])
    held = buffer_of(AnchoredBuffer, 4, price=price)
    held.hold(policy)
    policy.logits.data[0] += departed
    chosen, rewards = (0, 1, 2, 0), (1.0, 0.0, -1.0, 2.0)
    ours, free = (filled(buffer, chosen, rewards) for buffer in (held, buffer_of(SemiMarkovBuffer, 4)))
    np.testing.assert_array_equal(ours.advantages, free.advantages)
    np.testing.assert_array_equal(ours.returns, free.returns)


def test_illegal_candidates_and_long_rollouts_are_no_matter():
    extractor = CandidateExtractor(observation_space(PLACES))
    steps = 5000  # more than are worked out at a time
    buffer = buffer_of(AnchoredBuffer, steps, price=1.0)
    buffer.hold(extractor)
    with torch.no_grad():
        extractor.network.hold_prior += 1.0
    observation = {
        "context": np.zeros((1, len(CONTEXT_FEATURES)), np.float32),
        "candidates": np.zeros((1, PLACES, len(CANDIDATE_FEATURES)), np.float32),
        "mask": np.array([[1, 0, 0]], np.int8),
    }
    zero = torch.zeros(1)
    for _ in range(steps):
        buffer.add(observation, np.zeros((1, 1)), np.zeros(1), np.zeros(1), zero, zero)
    buffer.compute_returns_and_advantage(zero, np.array([False]))
    assert buffer.divergence == 0 and not buffer.advantages.any()  # who has no choice cannot depart


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The same tiny run, as good as free and at a price beyond what a choice can earn."""
    path = tmp_path_factory.mktemp("anchor") / "small.yaml"
    save_scenario(small_center(), path)
    evaluation = EvaluationConfig(validation_episodes=4)

    def learned(price):
        told = TrainConfig(seed=3, scenario_file=str(path), policy=replace(TINY, anchor=price), evaluation=evaluation)
        return train(told).learned

    return {price: learned(price) for price in (1e-6, 1.0)}


def test_a_high_price_keeps_the_policy_near_where_it_began(runs):
    departed = {price: run.figures["anchor_nats_of_last_rollout"] for price, run in runs.items()}
    assert 0 < departed[1.0] < 0.1 < 0.5 < departed[1e-6]


def test_who_is_held_chooses_as_the_teacher_does(runs):
    decisions = rehearse(small_center(), RULES["random"], np.random.SeedSequence(5), 500).decisions
    teacher = RULES["incumbent"].act(decisions).candidate
    agreed = {price: (run.policy.act(decisions).candidate == teacher).mean() for price, run in runs.items()}
    assert agreed[1.0] > 0.95 > 0.9 > agreed[1e-6]
