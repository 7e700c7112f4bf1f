"""One policy can be trained in several worlds: all their centers step as one environment."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.objective import Objective
from maitred.training.mixed_centers import MixedCenters
from maitred.training.training_centers import TrainingCenters
from tests.training.center import small_center


def part(scenario, num_envs, scale=1.0, siblings=1):
    settings = {"seed": 1, "objective": Objective(), "scale": scale, "episode": 50, "siblings": siblings}
    return TrainingCenters(scenario=scenario, num_envs=num_envs, **settings)


def test_every_part_plays_as_it_would_alone():
    busy = small_center(1.2)
    mixed, alone = MixedCenters([part(small_center(0.6), 3), part(busy, 5, scale=2.0)]), part(busy, 5, scale=2.0)
    observed, expected = mixed.reset(), alone.reset()
    first = np.zeros(8, np.int64)
    for _ in range(20):
        np.testing.assert_array_equal(observed["candidates"][3:], expected["candidates"])
        observed, rewards, dones, infos = mixed.step(first)
        expected, alone_rewards, alone_dones, _ = alone.step(first[3:])
        np.testing.assert_array_equal(rewards[3:], alone_rewards)
        np.testing.assert_array_equal(dones[3:], alone_dones)
        np.testing.assert_array_equal(mixed.elapsed_s[3:], alone.elapsed_s)
        assert mixed.action_masks().shape == (8, mixed.action_space.n) and len(infos) == 8


def test_short_lists_of_other_lengths_are_refused():
    center = small_center()
    longer = replace(center, routing=replace(center.routing, places=center.routing.places + 1))
    with pytest.raises(ValueError, match="short lists of one length"):
        MixedCenters([part(center, 2), part(longer, 2)])


def test_siblings_are_brought_together_in_every_part():
    mixed = MixedCenters([part(small_center(0.6), 4, siblings=2), part(small_center(1.2), 2, siblings=2)])
    mixed.reset()
    np.testing.assert_array_equal(mixed.eldest, [0, 0, 2, 2, 4, 4])
    rng = np.random.default_rng(0)
    for _ in range(10):
        mixed.step((rng.random(mixed.action_masks().shape) * mixed.action_masks()).argmax(axis=1))
    gathered = mixed.gather()
    assert all((array == array[mixed.eldest]).all() for array in gathered.values())
    assert mixed.siblings == 2 and mixed.decided_s.shape == (6,)
