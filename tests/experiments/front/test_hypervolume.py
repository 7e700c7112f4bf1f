"""The volume that a set of points reaches, against closed forms and against chance."""

import numpy as np
import pytest

from experiments.front.hypervolume import hypervolume

ONE = np.ones(3)


def test_a_point_reaches_the_box_between_it_and_the_reference():
    assert hypervolume(np.array([[0.5, 0.2, 0.9]]), ONE) == pytest.approx(0.5 * 0.8 * 0.1)


def test_two_points_share_what_both_reach():
    a, b = [0.0, 0.5, 0.25], [0.5, 0.0, 0.5]
    both = 0.5 * 0.5 * 0.5
    assert hypervolume(np.array([a, b]), ONE) == pytest.approx(0.5 * 0.75 + 0.5 * 0.5 - both)


def test_corners_of_a_simplex():
    steps = np.array([[i, j, 4 - i - j] for i in range(5) for j in range(5 - i)]) / 5
    # cells of side 1/5 whose lower corner sums to 4/5 or more: 125 less those that sum to 3/5 or less, C(6, 3) = 20
    assert hypervolume(steps, ONE) == pytest.approx((125 - 20) / 125)


def test_what_is_dominated_repeated_or_beyond_the_reference_adds_nothing():
    front = np.array([[0.1, 0.6, 0.5], [0.6, 0.1, 0.5]])
    more = np.concatenate([front, front[:1], front + 0.2, [[2.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]]])
    assert hypervolume(more, ONE) == pytest.approx(hypervolume(front, ONE))
    assert hypervolume(np.array([[2.0, 0.0, 0.0]]), ONE) == 0


def test_it_is_the_chance_that_a_uniform_point_is_reached():
    rng = np.random.default_rng(1)
    points, thrown = rng.uniform(size=(9, 3)), rng.uniform(size=(100_000, 3))
    reached = (points[:, None] <= thrown).all(axis=-1).any(axis=0)
    assert hypervolume(points, ONE) == pytest.approx(reached.mean(), abs=4 * reached.std() / np.sqrt(len(thrown)))
