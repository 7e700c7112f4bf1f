"""What siblings share is luck: taking it off leaves what each one's own choices did."""

import numpy as np
import pytest

from maitred.training.shared_luck import less_shared_luck, told_by_siblings

EVENLY = np.tile(np.arange(3.0)[:, None], (1, 4))  # three decisions of four centers, a second apart


def test_what_befalls_all_siblings_alike_is_taken_off():
    luck = np.array([[1.0, 1, -3, -3], [2, 2, 5, 5], [0, 0, 1, 1]], np.float32)
    np.testing.assert_allclose(less_shared_luck(luck, EVENLY, 2), 0, atol=1e-6)


def test_siblings_tell_of_the_time_between_their_decisions():
    advantages = np.array([[0.0, 4.0], [0.0, 8.0]], np.float32)
    decided_s = np.array([[10.0, 0.0], [30.0, 20.0]])
    np.testing.assert_allclose(told_by_siblings(advantages, decided_s, 2)[:, 0], [6, 8])  # half-way; after the last


def test_several_siblings_tell_in_the_mean_and_strangers_nothing():
    advantages = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_allclose(told_by_siblings(advantages, EVENLY, 4)[0], [2, 5 / 3, 4 / 3, 1])
    changed = advantages.copy()
    changed[:, 2:] = 99
    told = told_by_siblings(changed, EVENLY, 2)
    np.testing.assert_array_equal(told[:, :2], told_by_siblings(advantages, EVENLY, 2)[:, :2])


def test_without_anything_in_common_next_to_nothing_is_taken_off():
    advantages = np.random.default_rng(0).normal(size=(200, 400)).astype(np.float32)
    left = less_shared_luck(advantages, np.tile(np.arange(200.0)[:, None], (1, 400)), 4)
    assert np.corrcoef(left.ravel(), advantages.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("siblings", [2, 4])
def test_what_a_choice_is_worth_stays_and_is_told_more_exactly(siblings):
    """A choice drawn at random adds .1 where luck adds 1: its worth is the same before and after, the noise is not."""
    rng, groups = np.random.default_rng(1), 20_000 // siblings
    luck = np.repeat(rng.normal(size=(1, groups)), siblings, axis=1)
    chosen = rng.integers(0, 2, luck.shape)
    advantages = (luck + 0.1 * chosen + 0.3 * rng.normal(size=luck.shape)).astype(np.float32)
    left = less_shared_luck(advantages, np.zeros(luck.shape), siblings)
    worth = left[chosen == 1].mean() - left[chosen == 0].mean()
    error = 2 * left.std() / np.sqrt(left.size)
    assert abs(worth - 0.1) < 4 * error and error < 0.5 * 2 * advantages.std() / np.sqrt(left.size)
