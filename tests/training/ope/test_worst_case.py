from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from maitred.training.ope.estimators import self_normalised_doubly_robust
from maitred.training.ope.intervals import normal
from maitred.training.ope.logged import Logged
from maitred.training.ope.worst_case import (
    MID_P,
    chance_below_zero,
    doubly_robust_bounds,
    self_normalised_bounds,
)
from tests.training.ope.stored import drawn_log

REWARDS = (0.0, 1.0)
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=25)  # each finds roots of roots


def unweighted(rows):
    """Rewards of a policy that there is no other than."""
    n = len(rows)
    return Logged(rows, np.ones(n), np.zeros(n, int), np.ones((n, 1)), np.ones((n, 1)), np.zeros((n, 1)))


@given(st.integers(5, 300), st.floats(0.05, 0.95), st.sampled_from([0.01, 0.05, 0.2]))
def test_of_successes_and_failures_the_bounds_are_clopper_and_pearsons(n, share, alpha):
    hits = round(share * n)
    rows = np.repeat([1.0, 0.0], [hits, n - hits])
    low, high = self_normalised_bounds(unweighted(rows), (0, 1), alpha)
    if hits:
        assert low == pytest.approx(beta.ppf(alpha, hits, n - hits + 1), rel=0.06)
    if hits < n:
        assert 1 - high == pytest.approx(1 - beta.ppf(1 - alpha, hits + 1, n - hits), rel=0.06)


def test_the_chance_is_that_of_draws_from_the_simplex():
    random = np.random.default_rng(0)
    for skew in (1, 3):
        rows = random.exponential(size=40) ** skew - 1.5**skew
        drawn = random.exponential(size=(200_000, 40)) @ rows <= 0
        assert chance_below_zero(rows) == pytest.approx(drawn.mean(), abs=0.004)


def test_rows_of_one_sign_are_certain():
    assert chance_below_zero(np.array([0.0, 1.0])) == 0
    assert chance_below_zero(np.array([0.0, -1.0])) == 1


@few
@given(seeds)
def test_a_constant_model_changes_nothing(seed):
    log = drawn_log(seed, n=100)
    constant = replace(log, q=np.full_like(log.q, 0.3))
    assert doubly_robust_bounds(constant, REWARDS) == pytest.approx(self_normalised_bounds(log, REWARDS), abs=1e-6)


@few
@given(seeds, st.floats(-3, 3), st.floats(0.5, 5))
def test_bounds_move_and_scale_with_the_reward(seed, shift, scale):
    log = drawn_log(seed, n=100)
    moved = replace(log, reward=shift + scale * log.reward, q=shift + scale * log.q)
    expected = shift + scale * np.array(doubly_robust_bounds(log, REWARDS))
    found = doubly_robust_bounds(moved, (shift, shift + scale))
    assert found == pytest.approx(tuple(expected), abs=1e-5 * (1 + scale))


@few
@given(seeds)
def test_bounds_are_in_order_of_caution_and_hold_the_estimate(seed):
    log = drawn_log(seed, n=200)
    strict, middle = (doubly_robust_bounds(log, REWARDS, caution=caution) for caution in (1.0, MID_P))
    value = self_normalised_doubly_robust(log).mean()
    assert strict.low <= middle.low + 1e-8 <= value + 2e-8
    assert value - 2e-8 <= middle.high + 1e-8 <= strict.high + 2e-8


def test_a_few_lucky_decisions_of_large_weight_are_not_believed():
    # Nine in a thousand decisions carry most of the target's choices, and all of them happened to succeed.
    chosen = np.repeat([1, 0], [9, 991])
    behaviour, target = np.tile([0.99, 0.01], (1000, 1)), np.tile([0.1, 0.9], (1000, 1))
    reward = np.where(chosen == 1, 1.0, np.arange(1000) % 2)
    log = type(drawn_log(0))(reward, behaviour[np.arange(1000), chosen], chosen, target, behaviour, np.zeros((1000, 2)))
    assert self_normalised_bounds(log, REWARDS).low < 0.75
    assert normal(self_normalised_doubly_robust(log)).low > 0.9


def test_in_large_samples_the_bounds_are_the_normal_ones():
    log = drawn_log(5, n=20_000)
    exact, limit = doubly_robust_bounds(log, REWARDS), normal(self_normalised_doubly_robust(log))
    assert exact == pytest.approx(limit, abs=0.1 * (limit.high - limit.low))


def test_a_policy_that_was_never_followed_could_earn_anything():
    log = drawn_log(0, n=300)
    never = np.eye(4)[(log.chosen + 1) % 4]
    unseen = replace(log, target=never, behaviour=None)
    assert doubly_robust_bounds(unseen, REWARDS) == (0, 1)
    assert self_normalised_bounds(unseen, REWARDS) == (0, 1)
