"""Steps between decisions: what is credited to them, how they are discounted, and what they sum up to."""

import numpy as np
import pytest

from maitred.training.offline.credit import credited
from maitred.training.offline.experience import NOTHING, OfflineError, read_experience
from maitred.training.offline.steps import semi_markov
from tests.training.decision_log.logs import with_values, written
from tests.training.offline.worlds import log_of_worth, with_closing


def experience_of(rows, tmp_path):
    return read_experience(written(rows, tmp_path / "log.parquet"))


def test_what_comes_minutes_later_is_credited_to_its_decision(tmp_path):
    """A contact of the first minute closes in the third and is paid then; nobody's loss stays where it is."""
    rows = log_of_worth(4, episodes=1)
    rows = with_values(with_values(rows, "reward", [5.0, 0.0, 0.0, 0.0]), "step_reward", [0.0, -4.0, 5.0, 0.0])
    rows = with_closing(rows, [150.0, np.nan, np.nan, np.nan])
    assert credited(experience_of(rows, tmp_path)).tolist() == [5.0, -4.0, 0.0, 0.0]


def test_of_two_decisions_about_one_contact_the_first_is_credited_with_what_came_between(tmp_path):
    rows = with_values(log_of_worth(3, episodes=1), "contact_id", ["a", "a", "b"])
    rows = with_values(with_values(rows, "reward", [3.0, 5.0, 0.0]), "step_reward", [0.0, 0.0, 3.0])
    rows = with_closing(rows, [150.0, 90.0, np.nan])
    assert credited(experience_of(rows, tmp_path)).tolist() == [-2.0, 5.0, 0.0]


@pytest.mark.parametrize("seed", range(5))
def test_no_episode_earns_more_or_less(tmp_path, seed):
    rows = log_of_worth(80, episodes=4, seed=seed)
    closed_s = np.random.default_rng(seed).exponential(200, 80)
    experience = experience_of(with_closing(rows, closed_s), tmp_path)
    moved, booked = (np.bincount(experience.episode, x) for x in (credited(experience), experience.step_reward))
    assert moved == pytest.approx(booked)


def test_returns_are_discounted_sums(tmp_path):
    experience = experience_of(log_of_worth(100, episodes=3), tmp_path)
    steps = semi_markov(experience, horizon_s=200.0)
    expected, running = np.zeros(100), 0.0
    for row in range(99, -1, -1):
        last = experience.following[row] == NOTHING
        running = float(steps.reward[row]) + (0.0 if last else np.exp(-60 / 200) * running)
        expected[row] = running
    assert steps.returns().numpy() == pytest.approx(expected, abs=1e-5)


def test_the_average_is_taken_off(tmp_path):
    """A center that books the same at any time leaves nothing to be learned."""
    rows = with_values(log_of_worth(60, episodes=3), "step_reward", [0.6] * 60)
    steps = semi_markov(experience_of(with_closing(rows, [np.nan] * 60), tmp_path), horizon_s=1e6)
    assert abs(steps.reward.numpy()).max() < 1e-4
    assert steps.rate == pytest.approx(0.01)


def test_steps_that_are_not_known_are_refused(tmp_path):
    rows = with_values(log_of_worth(60), "step_s", [None] + [60.0] * 59)
    with pytest.raises(OfflineError, match="found 1 without"):
        semi_markov(experience_of(rows, tmp_path))
