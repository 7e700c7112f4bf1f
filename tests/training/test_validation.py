"""Validation episodes: as many as are told, or as few as raise enough decisions, beginning with the same ones."""

import numpy as np
import pytest

from maitred.envs.objective import Objective
from maitred.envs.scenario_file import load_scenario
from maitred.training import validation
from maitred.training.validation import FEWEST, MOST, prepare_validation
from tests.training.center import small_center


def prepared(episodes=None):
    return prepare_validation(small_center(), Objective(), np.random.SeedSequence(5), episodes)


@pytest.fixture(scope="module")
def of_an_episode():
    return prepared(MOST).raised / MOST


def test_as_many_as_told():
    assert len(prepared(3).traces) == 3


@pytest.mark.parametrize("episodes", [FEWEST - 1, 30, MOST + 1])
def test_unless_told_as_few_as_raise_enough_within_bounds(monkeypatch, of_an_episode, episodes):
    monkeypatch.setattr(validation, "ENOUGH", round(episodes * of_an_episode))
    found = prepared()
    assert len(found.traces) == pytest.approx(np.clip(episodes, FEWEST, MOST), abs=3 if episodes == 30 else 0)
    assert found.raised == pytest.approx(len(found.traces) * of_an_episode, rel=0.1)
    assert len(found.incumbent) == len(found.traces)


def test_those_not_told_are_the_first_of_those_told():
    found, all_of_them = prepared(), prepared(MOST)
    ours = found.incumbent
    np.testing.assert_array_equal(ours, all_of_them.incumbent[: len(ours)])


def test_where_nothing_is_decided_there_are_as_many_as_may_be():
    found = prepare_validation(load_scenario("level0"), Objective(), np.random.SeedSequence(5), None)
    assert (len(found.traces), found.raised) == (MOST, 0)
