import numpy as np
import pytest

from maitred.training.decision_log.read import as_logged
from maitred.training.offline.experience import NOBODY, NOTHING, OfflineError, read_experience
from tests.training.decision_log.logs import made_rows, with_values, written
from tests.training.offline.worlds import log_of_worth


@pytest.fixture
def rows():
    return log_of_worth(60, episodes=4)


def test_every_decision_is_in_one_list_with_what_was_chosen(rows, tmp_path):
    logged, experience = as_logged(rows), read_experience(written(rows, tmp_path / "log.parquet"))
    assert sorted(np.concatenate([lists.row for lists in experience.lists])) == list(range(60))
    for lists in experience.lists:
        each = np.arange(len(lists.row))
        assert lists.mask[each, lists.chosen].all()
        expected = logged.decisions.candidates[lists.row, logged.chosen[lists.row]]
        assert (lists.candidates[each, lists.chosen] == expected).all()
        assert (lists.mask.sum(axis=1) == logged.decisions.mask[lists.row].sum(axis=1)).all()
        assert (np.sort(~lists.mask, axis=1) == ~lists.mask).all()


def test_a_list_is_no_more_than_half_empty(rows, tmp_path):
    experience = read_experience(written(rows, tmp_path / "log.parquet"))
    assert all((2 * lists.mask.sum(axis=1) >= lists.mask.shape[1]).all() for lists in experience.lists)


def test_episodes_are_chains_of_decisions(rows, tmp_path):
    experience = read_experience(written(rows, tmp_path / "log.parquet"))
    assert (np.flatnonzero(experience.following == NOTHING) == [14, 29, 44, 59]).all()
    inside = experience.following != NOTHING
    assert (experience.following[inside] == np.flatnonzero(inside) + 1).all()
    assert (experience.at_s[:15] == np.arange(15) * 60).all()


def test_a_reward_is_known_when_it_is_complete_and_nothing_where_there_is_no_contact(rows, tmp_path):
    outcome = ["complete"] * 58 + ["open", None]
    contact = [f"c{row}" for row in range(59)] + [None]
    rows = with_values(with_values(rows, "outcome", outcome), "contact_id", contact)
    experience = read_experience(written(rows, tmp_path / "log.parquet"))
    assert experience.known.tolist() == [True] * 58 + [False, True]
    assert experience.reward[59] == 0 and experience.contact[59] == NOBODY


def test_an_episode_in_pieces_is_refused(rows, tmp_path):
    rows = with_values(rows, "episode_id", ["e0", "e1", "e0"] * 20)
    with pytest.raises(OfflineError, match="expected the rows of an episode together"):
        read_experience(written(rows, tmp_path / "log.parquet"))


def test_time_that_runs_backwards_is_refused(rows, tmp_path):
    time = rows["time"].to_pylist()
    time[3], time[4] = time[4], time[3]
    with pytest.raises(OfflineError, match="row 4: expected a time"):
        read_experience(written(with_values(rows, "time", time), tmp_path / "log.parquet"))


def test_an_empty_log_is_refused(tmp_path):
    with pytest.raises(OfflineError, match="expected decisions, found none"):
        read_experience(written(made_rows(60).slice(0, 0), tmp_path / "log.parquet"))
