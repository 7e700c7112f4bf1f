"""Reading a log part by part, and as arrays."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maitred.envs.decision import CANDIDATE_NAMES, Decisions
from maitred.training.decision_log.personal import PersonalDataError
from maitred.training.decision_log.read import as_logged, open_log, read_groups
from maitred.training.decision_log.schema import SCHEMA, VERSION_KEY, DecisionLogError
from tests.decisions import sample_decisions
from tests.training.decision_log.logs import made_rows, rows_of, with_values, written


def test_decisions_come_back_as_they_were(tmp_path):
    decisions = sample_decisions(50, 6, seed=3)
    even = decisions.mask / decisions.mask.sum(axis=1, keepdims=True)
    log = written(rows_of(decisions, even), tmp_path / "log.parquet", group_rows=50)
    [logged] = [as_logged(rows, places=6) for rows in read_groups(log)]
    for name in ("key", "context", "candidates", "mask"):
        np.testing.assert_array_equal(getattr(logged.decisions, name), getattr(decisions, name))
    np.testing.assert_allclose(logged.propensity, even[np.arange(50), logged.chosen])
    assert np.isnan(logged.reward).all() and not logged.complete.any() and not logged.estimated.any()


def test_candidates_that_are_masked_are_logged_too():
    decisions = sample_decisions(20, 6, seed=3)
    masked = decisions.mask & (np.arange(6) != decisions.mask.sum(axis=1)[:, None] - 1)
    again = as_logged(rows_of(Decisions(decisions.key, decisions.context, decisions.candidates, masked), masked), 6)
    np.testing.assert_array_equal(again.decisions.mask, masked)
    np.testing.assert_array_equal(again.decisions.candidates, decisions.candidates)


def test_decisions_are_padded_to_the_longest_of_their_group_or_as_told():
    rows = made_rows(places=7)
    longest = max(len(mask) for mask in rows["mask"].to_pylist())
    assert as_logged(rows).decisions.candidates.shape == (60, longest, len(CANDIDATE_NAMES))
    assert as_logged(rows, 12).decisions.mask.shape == (60, 12)
    with pytest.raises(DecisionLogError, match=f"expected at most 2, found a decision between {longest}"):
        as_logged(rows, 2)


def test_what_is_not_known_is_nan(tmp_path):
    rows = with_values(made_rows(4), "reward", [1.0, None, 2.0, None])
    logged = as_logged(with_values(rows, "step_reward", [None] * 4))
    np.testing.assert_array_equal(np.isnan(logged.reward), [False, True, False, True])
    assert np.isnan(logged.step_reward).all() and np.isnan(logged.terms).all()


def test_an_answer_about_no_contact_has_earned_nothing_and_one_that_is_open_is_not_known():
    rows = with_values(made_rows(4), "reward", [1.0, None, 2.0, 3.0])
    logged = as_logged(with_values(rows, "outcome", ["complete", None, "open", "censored"]))
    np.testing.assert_array_equal(logged.about_none, [False, True, False, False])
    np.testing.assert_array_equal(logged.earned, [1.0, 0.0, np.nan, np.nan])


def test_some_rows_of_a_log_are_those_rows():
    logged = as_logged(made_rows(60))
    some = logged.only(np.array([7, 3]))
    assert len(some) == 2 and list(some.step) == [logged.step[7], logged.step[3]]
    np.testing.assert_array_equal(some.decisions.candidates, logged.decisions.candidates[[7, 3]])
    np.testing.assert_array_equal(logged.only(logged.episode_end).step, logged.step[logged.episode_end])


def test_no_more_than_a_row_group_is_in_memory(tmp_path):
    """Sixty groups, read one after another: what is allocated stays that of a few."""
    log, rows = tmp_path / "log.parquet", made_rows(2048, places=4)
    with pq.ParquetWriter(log, rows.schema, compression="zstd") as writer:
        for _ in range(60):
            writer.write_table(rows)
    pool, seen, most = pa.default_memory_pool(), 0, 0
    before = pool.bytes_allocated()
    for group in read_groups(log):
        most = max(most, pool.bytes_allocated() - before)
        seen += group.num_rows
    assert seen == 60 * 2048
    assert most < 3 * rows.nbytes


def test_only_the_columns_that_are_wanted_are_read(tmp_path):
    log = written(made_rows(), tmp_path / "log.parquet")
    groups = list(read_groups(log, ["reward", "propensity"]))
    assert [group.num_rows for group in groups] == [16, 16, 16, 12]
    assert set(groups[0].column_names) == {"reward", "propensity"}


@pytest.mark.parametrize(
    "key, value, words",
    [
        (VERSION_KEY, b"0", "expected version 2, found 0"),
        (b"maitred.decision_log.context", b'["a"]', "expected the features of this version"),
    ],
)
def test_another_version_or_other_features_are_refused(tmp_path, key, value, words):
    rows = made_rows()
    pq.write_table(rows.replace_schema_metadata({**SCHEMA.metadata, key: value}), tmp_path / "log.parquet")
    with pytest.raises(DecisionLogError, match=words):
        open_log(tmp_path / "log.parquet")


def test_a_missing_column_and_one_of_another_type_are_named(tmp_path):
    rows = made_rows()
    pq.write_table(rows.drop_columns("chosen"), tmp_path / "a.parquet")
    with pytest.raises(DecisionLogError, match="field chosen: expected int32, found no such column"):
        open_log(tmp_path / "a.parquet")
    text = pa.array(["1"] * 60)
    pq.write_table(rows.set_column(rows.column_names.index("chosen"), "chosen", text), tmp_path / "b.parquet")
    with pytest.raises(DecisionLogError, match="field chosen: expected int32, found string"):
        open_log(tmp_path / "b.parquet")


def test_what_is_no_log_is_refused(tmp_path):
    (tmp_path / "log.parquet").write_text("no parquet")
    for name in ("log.parquet", "nowhere.parquet"):
        with pytest.raises(DecisionLogError, match=f"{name}: not a decision log"):
            next(read_groups(tmp_path / name))


@pytest.mark.parametrize("name", ["customer_name", "phone", "Email", "billingAddress", "date_dob"])
def test_a_column_that_speaks_of_a_person_is_refused(tmp_path, name):
    pq.write_table(made_rows().append_column(name, pa.array(["x"] * 60)), tmp_path / "log.parquet")
    with pytest.raises(PersonalDataError, match=f"field {name}: expected no personal data"):
        open_log(tmp_path / "log.parquet")
