"""The bandit on a network's last layer learns what no linear one can."""

import numpy as np
import pytest
import torch

from maitred.agents.bandits.arm_network import ArmNetwork
from maitred.agents.bandits.neural_linear import Fit, NeuralLinear
from maitred.agents.bandits.upper_bound import UpperBound


def xor(count, seed):
    """Contexts in a square; arm 1 pays where the signs of both coordinates agree, arm 0 where they do not."""
    context = np.random.default_rng(seed).uniform(-1, 1, (count, 2)).astype(np.float32)
    return context, (context.prod(axis=1) > 0).astype(np.int64)


@pytest.fixture(scope="module")
def bandit():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return NeuralLinear.prior(
        ArmNetwork(2, 2, width=16), [xor(200, 0)[0]], UpperBound(0.5, 0.0), regressions=2, penalty=1.0
    )


def refitted(bandit, count=600):
    context, good = xor(count, 1)
    place = np.random.default_rng(2).integers(2, size=count)
    return bandit.refit(
        [context], place, (place == good).astype(float), Fit(300, learning_rate=1e-2), regression=place, penalty=1.0
    )


def share_right(bandit):
    context, good = xor(2000, 3)
    x = bandit.regressors([context])
    choices = bandit.learner.act(x, np.ones((2000, 2), bool), np.arange(2000, dtype=np.uint64))
    return (choices.candidate == good).mean()


def test_it_learns_exclusive_or(bandit):
    assert share_right(refitted(bandit)) > 0.9


def test_a_refit_leaves_the_bandit_before_it_alone(bandit):
    before = bandit.regressors([xor(5, 4)[0]])
    again = refitted(bandit)
    np.testing.assert_array_equal(bandit.regressors([xor(5, 4)[0]]), before)
    assert again.learner.ridge.n == 600 and bandit.learner.ridge.n == 0


def test_regressors_have_unit_mean_square(bandit):
    x = refitted(bandit).regressors([xor(600, 1)[0]])[:, 0]
    size = np.square(x).mean(axis=0)
    np.testing.assert_allclose(size[size > 0], 1, rtol=1e-5)


def test_the_same_seed_gives_the_same_fit(bandit):
    first, second = (refitted(bandit).learner.ridge.weights for _ in range(2))
    np.testing.assert_array_equal(first, second)
