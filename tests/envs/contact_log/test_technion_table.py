"""The typed form of the Technion log: the same rules as its text layout."""

import datetime as dt
import os
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from maitred.envs.contact_log import ContactLogError, import_logs, read_log

NOON = dt.datetime(1999, 1, 3, 12)


def table(*calls: dict) -> pa.Table:
    """Calls that entered at noon, answered at once by A01 for 100 s unless told otherwise."""
    usual = {
        "arrival": NOON, "type": "PS", "priority": 0, "outcome": "AGENT", "agent": "A01", "customer": 0,
        "vru_time": 5, "q_start": 0, "q_time": 0, "ser_start": 43_206, "ser_time": 100,
    }  # fmt: skip
    schema = pa.schema(
        [("arrival", pa.timestamp("us")), ("type", pa.string()), ("priority", pa.int8()), ("outcome", pa.string())]
        + [("agent", pa.string())]
        + [(name, pa.int32()) for name in ("customer", "vru_time", "q_start", "q_time", "ser_start", "ser_time")]
    )
    return pa.Table.from_pylist([usual | call for call in calls], schema)


def imported(folder: Path, *calls: dict):
    """Report and rows of an import of these calls."""
    pq.write_table(table(*calls), folder / "calls.parquet")
    report = import_logs([folder / "calls.parquet"], "technion", folder / "log.parquet", progress=False)
    return report, read_log(folder / "log.parquet").to_pylist()


def test_calls_become_contacts_and_every_row_is_accounted_for(tmp_path):
    report, rows = imported(
        tmp_path,
        {},
        {"q_start": 43_205, "q_time": 30, "ser_start": 43_235, "customer": 7, "priority": 2},
        {"outcome": "HANG", "agent": "", "q_start": 43_205, "q_time": 60, "ser_start": 0, "ser_time": 0},
        {"outcome": "HANG", "agent": "", "ser_start": 0, "ser_time": 0},
        {"outcome": "PHANTOM"},
        {"type": "AA"},
        {"agent": None, "ser_time": 7_200},
        {"ser_start": 40_000},
    )
    assert report.balanced and report.rows_read == 8
    assert report.dropped == {"outcome PHANTOM": 1, "type AA": 1}
    assert sum(report.rejected.values()) == 1 and "service_start" in next(iter(report.rejected))
    assert [row["outcome"] for row in rows] == ["served", "served", "abandoned", "left_menu", "served"]
    assert [row["wait_s"] for row in rows] == [0.0, 30.0, 60.0, None, 0.0]
    assert rows[0]["queue_enter"] == NOON + dt.timedelta(seconds=5)
    assert rows[1]["customer_id"] == "7" and rows[0]["customer_id"] is None
    assert rows[4]["agent_unknown"] and rows[4]["service_clipped"] and rows[4]["service_s"] == 3600.0


def test_times_after_midnight_belong_to_the_next_day(tmp_path):
    late = {"arrival": dt.datetime(1999, 1, 3, 23, 59, 50), "q_start": 5, "q_time": 20, "ser_start": 25}
    _, (row,) = imported(tmp_path, late)
    assert row["queue_enter"] == dt.datetime(1999, 1, 4, 0, 0, 5)
    assert row["service_start"] == dt.datetime(1999, 1, 4, 0, 0, 25)


def test_a_table_of_another_kind_is_refused(tmp_path):
    pq.write_table(table({}).drop_columns(["q_time"]), tmp_path / "calls.parquet")
    with pytest.raises(ContactLogError, match="columns missing: q_time"):
        import_logs([tmp_path / "calls.parquet"], "technion", tmp_path / "log.parquet", progress=False)
    assert not (tmp_path / "log.parquet").exists()


def test_text_and_table_of_the_bank_agree(tmp_path):
    if "MAITRED_DATA" not in os.environ:
        pytest.skip("MAITRED_DATA is not set: no call log to check against")
    folder = Path(os.environ["MAITRED_DATA"]) / "anonymous_bank"
    whole = pq.read_table(folder / "calls_1999_01_08.parquet")
    february = pc.and_(
        pc.greater_equal(whole["arrival"], dt.datetime(1999, 2, 1)), pc.less(whole["arrival"], dt.datetime(1999, 3, 1))
    )
    pq.write_table(whole.filter(february), tmp_path / "february.parquet")
    logs = []
    for i, source in enumerate((folder / "february_1999_raw.tsv.gz", tmp_path / "february.parquet")):
        import_logs([source], "technion", tmp_path / f"{i}.parquet", progress=False)
        logs.append(read_log(tmp_path / f"{i}.parquet"))
    text, typed = logs
    assert text.num_rows == typed.num_rows
    for name in ("wait_s", "service_s", "priority"):
        assert pc.sum(text[name]).as_py() == pc.sum(typed[name]).as_py()
    for name in ("outcome", "type"):
        counts = [Counter(log[name].to_pylist()) for log in logs]
        assert counts[0] == counts[1]
