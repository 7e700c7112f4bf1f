"""Rewards are discounted by the time between decisions, whatever the number of decisions in between."""

import numpy as np
import pytest
import torch
from gymnasium import spaces
from sb3_contrib.common.maskable.buffers import MaskableDictRolloutBuffer

from maitred.training.semi_markov import SemiMarkovBuffer

STEPS, CENTERS, PLACES = 6, 3, 2
SPACE = spaces.Dict({"x": spaces.Box(-1, 1, (1,), np.float32)})


class Clocks:
    """Centers of which only the time is looked at."""

    siblings = 1

    def __init__(self, elapsed_s):
        self.elapsed_s = elapsed_s


def filled(buffer, rng, clocks=None, elapsed_s=None):
    """A rollout of random rewards and values, with ends here and there."""
    buffer.reset()
    for step in range(STEPS):
        if clocks is not None:
            clocks.elapsed_s = elapsed_s[step]
        observation = {"x": np.zeros((CENTERS, 1), np.float32)}
        action, reward = np.zeros((CENTERS, 1)), rng.normal(size=CENTERS)
        starts, value = rng.random(CENTERS) < 0.2, torch.from_numpy(rng.normal(size=CENTERS).astype(np.float32))
        mask = np.ones((CENTERS, PLACES))
        buffer.add(observation, action, reward, starts, value, torch.zeros(CENTERS), action_masks=mask)
    buffer.compute_returns_and_advantage(torch.ones(CENTERS), np.array([True, False, False]))
    return buffer


def test_equal_steps_are_discounted_as_stable_baselines3_does():
    clocks = Clocks(np.full(CENTERS, 60.0))
    arguments = (STEPS, SPACE, spaces.Discrete(PLACES), "cpu")
    ours = SemiMarkovBuffer(*arguments, n_envs=CENTERS, centers=clocks, horizon_s=600.0, credit_s=300.0)
    theirs = MaskableDictRolloutBuffer(*arguments, gae_lambda=np.exp(-0.2), gamma=np.exp(-0.1), n_envs=CENTERS)
    filled(ours, np.random.default_rng(0), clocks, np.full((STEPS, CENTERS), 60.0))
    filled(theirs, np.random.default_rng(0))
    np.testing.assert_allclose(ours.advantages, theirs.advantages, rtol=1e-5)
    np.testing.assert_allclose(ours.returns, theirs.returns, rtol=1e-5)


def test_a_reward_counts_by_how_long_it_took_not_by_how_many_decisions():
    clocks = Clocks(np.zeros(1))
    buffer = SemiMarkovBuffer(
        2, SPACE, spaces.Discrete(PLACES), "cpu", centers=clocks, horizon_s=100.0, credit_s=np.inf
    )
    buffer.reset()
    for elapsed_s, reward in ((200.0, 0.0), (0.0, 1.0)):
        clocks.elapsed_s = np.array([elapsed_s])
        observation = {"x": np.zeros((1, 1), np.float32)}
        zero = torch.zeros(1)
        buffer.add(observation, np.zeros((1, 1)), np.array([reward]), np.zeros(1), zero, zero)
    buffer.compute_returns_and_advantage(torch.tensor([3.0]), np.array([False]))
    assert buffer.returns[1, 0] == pytest.approx(1 + 3)  # what is worth 3 begins at once
    assert buffer.returns[0, 0] == pytest.approx(4 * np.exp(-2.0))


def test_what_siblings_share_is_no_advantage_and_their_returns_stay():
    """Two centers that begin alike and meet the same reward, one of which does better by 1 in its last step."""
    clocks = Clocks(np.full(2, 60.0))
    clocks.siblings, space = 2, spaces.Discrete(PLACES)
    buffer = SemiMarkovBuffer(2, SPACE, space, "cpu", n_envs=2, centers=clocks, horizon_s=np.inf, credit_s=np.inf)
    buffer.reset()
    zeros = torch.zeros(2)
    for at, rewards in ((0.0, [50.0, 50.0]), (60.0, [-20.0, -19.0])):
        clocks.decided_s = np.full(2, at)
        buffer.add({"x": np.zeros((2, 1), np.float32)}, np.zeros((2, 1)), np.array(rewards), np.zeros(2), zeros, zeros)
    buffer.compute_returns_and_advantage(zeros, np.array([False, False]))
    np.testing.assert_array_equal(buffer.returns, [[30, 31], [-20, -19]])
    assert (np.abs(buffer.advantages) < 1.1).all() and (buffer.advantages[:, 1] > buffer.advantages[:, 0]).all()
