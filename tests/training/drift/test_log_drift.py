"""Drift between two logs of one center: none where nothing changed, and the right signal where something did."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from maitred.agents.rules import RULES
from maitred.cli import main
from maitred.training.decision_log.read import read_groups
from maitred.training.decision_log.record import Source, logged_traces, record
from maitred.training.drift.log_drift import DriftError, log_drift, read_cases
from tests.training.center import small_center
from tests.training.decision_log.logs import with_values, written

CENTER = small_center()


def logged(path, seed, days):
    record(CENTER, logged_traces(CENTER, seed, days), Source(RULES["random"], seed), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def reference(folder):
    return logged(folder / "reference.parquet", 1, 60)


@pytest.fixture(scope="module")
def log(folder):
    return logged(folder / "log.parquet", 2, 28)


def test_the_same_center_on_other_days_has_not_drifted(reference, log):
    found = log_drift(log, reference)
    assert not found.found and found.reference_days == 60 and len(found.days) == 28


def test_lower_rewards_are_the_rewards_drift_and_have_a_date(reference, log, tmp_path, capsys):
    rows = pa.concat_tables(read_groups(log))
    lower = with_values(rows, "reward", [None if r is None else r - 1.0 for r in rows["reward"].to_pylist()])
    path, out = written(lower, tmp_path / "lower.parquet"), tmp_path / "drift.json"
    assert main(["logs", "drift", f"log={path}", f"reference={reference}", f"out={out}"]) == 3
    found = json.loads(out.read_text())
    assert found["alarm"]["features"] is None and found["alarm"]["calibration"] is None
    assert found["days"][found["alarm"]["reward"] - 1] in capsys.readouterr().out


def test_the_hour_of_the_week_begins_on_monday(log):
    cases = read_cases(log).cases
    first = pa.concat_tables(read_groups(log))["time"][0].as_py()
    assert cases.hour[0] == 24 * first.weekday() + first.hour
    assert (np.diff(cases.day) >= 0).all() and len(np.unique(cases.day)) == 28


def test_stated_chances_are_those_of_the_chosen_candidate(log):
    cases = read_cases(log).cases
    told = np.isfinite(cases.chance)
    assert told.any() and abs(cases.outcome[told].mean() - cases.chance[told].mean()) < 0.05


def test_a_log_older_than_its_reference_is_refused_with_the_dates_of_both(reference, log, tmp_path, capsys):
    rows = pa.concat_tables(read_groups(log))
    year = pa.scalar(366 * 86_400_000_000, pa.duration("us"))
    older = rows.set_column(rows.schema.get_field_index("time"), "time", pc.subtract(rows["time"], year))
    path = written(older, tmp_path / "older.parquet")
    assert main(["logs", "drift", f"log={path}", f"reference={reference}"]) == 2
    said = capsys.readouterr().err
    dates = [str(np.datetime64(int(read_cases(one).cases.day[0]), "D")) for one in (path, reference)]
    assert dates[0] < dates[1] and "does not begin before its reference" in said
    assert all(date in said for date in dates)


def test_days_out_of_order_are_refused(log, tmp_path):
    rows = pa.concat_tables(read_groups(log))
    backwards = rows.take(np.arange(len(rows))[::-1])
    with pytest.raises(DriftError, match="in order of their days"):
        read_cases(written(backwards, tmp_path / "backwards.parquet"))
