import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maitred.envs.contact_log import SCHEMA, ContactLogError, iterate_log, log_writer, read_log
from maitred.envs.contact_log.schema import VERSION_KEY

NOON = dt.datetime(1999, 1, 3, 12)
SERVED = {
    "contact_id": "1",
    "initial_id": None,
    "customer_id": None,
    "channel": "voice",
    "type": "PS",
    "priority": 0,
    "arrival": NOON,
    "queue_enter": NOON + dt.timedelta(seconds=8),
    "wait_s": 30.0,
    "outcome": "served",
    "agent": "A01",
    "service_start": NOON + dt.timedelta(seconds=37),
    "service_s": 100.0,
    "wrap_s": None,
    "service_clipped": False,
    "agent_unknown": False,
}
UNSERVED = {"agent": None, "service_start": None, "service_s": None}


def table(*changes):
    return pa.Table.from_pylist([{**SERVED, **change} for change in changes], SCHEMA)


def test_a_log_reads_back_as_written(tmp_path):
    gone = {**UNSERVED, "outcome": "left_menu", "queue_enter": None, "wait_s": None, "type": None}
    contacts = table({}, gone, {**UNSERVED, "outcome": "abandoned"}, {"agent": None, "agent_unknown": True})
    with log_writer(tmp_path / "log.parquet") as append:
        append(contacts.slice(0, 1))
        append(contacts.slice(1))
    assert read_log(tmp_path / "log.parquet").to_pylist() == contacts.to_pylist()
    assert read_log(tmp_path / "log.parquet", ["wait_s"]).column_names == ["wait_s"]
    assert sum(batch.num_rows for batch in iterate_log(tmp_path / "log.parquet")) == 4


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"outcome": "gone"}, "outcome"),
        ({"type": None}, "type"),
        ({"queue_enter": None}, "queue_enter"),
        ({"queue_enter": NOON - dt.timedelta(seconds=1)}, "queue_enter"),
        ({**UNSERVED, "outcome": "left_menu"}, "queue_enter"),
        ({"wait_s": None}, "wait_s"),
        ({"wait_s": -1.0}, "wait_s"),
        ({"wait_s": float("nan")}, "wait_s"),
        ({"agent": None}, "agent"),
        ({"agent_unknown": True}, "agent"),
        ({"outcome": "abandoned", "service_s": None, "agent": None}, "service_start"),
        ({"service_start": NOON - dt.timedelta(seconds=1)}, "service_start"),
        ({"outcome": "abandoned", "service_start": None, "agent": None}, "service_s"),
        ({"service_s": -1.0}, "service_s"),
        ({"wrap_s": -1.0}, "wrap_s"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_and_nothing_is_left(tmp_path, change, field):
    with (
        pytest.raises(ContactLogError, match=rf"contact broken: field {field}: expected"),
        log_writer(tmp_path / "log.parquet") as append,
    ):
        append(table({}, {"contact_id": "broken", **change}))
    assert list(tmp_path.iterdir()) == []


def test_a_reader_refuses_what_is_no_log_of_its_version(tmp_path):
    path = tmp_path / "log.parquet"
    with pytest.raises(ContactLogError, match="not a contact log"):
        read_log(path)
    pq.write_table(table({}).replace_schema_metadata({VERSION_KEY: b"0"}), path)
    with pytest.raises(ContactLogError, match="version 0, expected 1"):
        read_log(path)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(ContactLogError, match="version none"):
        next(iterate_log(path))


def test_an_unknown_column_is_named(tmp_path):
    with log_writer(tmp_path / "log.parquet") as append:
        append(table({}))
    with pytest.raises(ContactLogError, match="no column waiting"):
        read_log(tmp_path / "log.parquet", ["waiting"])


def test_every_column_says_what_it_means():
    assert all(field.metadata[b"meaning"] for field in SCHEMA)
