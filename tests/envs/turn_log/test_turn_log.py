"""The turn log: what is written is read, what cannot be used is rejected by name, and hidden state stays hidden."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from maitred.envs.kernel.layout import Mark
from maitred.envs.turn_log import SCHEMA, TurnLogError, from_ledger, is_turn_log, read_turn_log, write_turn_log
from tests.envs.calibration.turns.planted import center, four_weeks

VERSION = {"maitred.turn_log.version": "1"}
ARRIVE = {"ts": "2024-01-01T09:00:00", "event": "arrive", "contact_id": "c1", "channel": "chat", "intent": "orders"}
START = {"ts": "2024-01-01T09:00:05", "event": "start_turn", "contact_id": "c1", "resource_id": "ann"}


def lines(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def events() -> pa.Table:
    return from_ledger(four_weeks(), center())


def named(events: pa.Table, name: str) -> pa.Table:
    return events.filter(pc.equal(pc.cast(events["event"], pa.string()), name))


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_what_is_written_is_read(tmp_path, events, suffix) -> None:
    some = events.slice(0, 3000)
    write_turn_log(some, tmp_path / f"turns.{suffix}")
    log = read_turn_log(tmp_path / f"turns.{suffix}")
    assert is_turn_log(tmp_path / f"turns.{suffix}")
    assert log.events.to_pylist() == some.to_pylist()
    assert log.report.rows_read == log.report.rows_written == 3000
    assert log.rejects == ()


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("not json", "line"),
        ("[1]", "line"),
        (START | {"ts": "yesterday"}, "ts"),
        (START | {"ts": "2024-01-01T09:00:05+01:00"}, "ts"),
        (START | {"event": "begin"}, "event"),
        ({k: v for k, v in START.items() if k != "contact_id"}, "contact_id"),
        ({k: v for k, v in START.items() if k != "resource_id"}, "resource_id"),
        (ARRIVE | {"intent": None}, "intent"),
        (START | {"duration_s": -1}, "duration_s"),
        (START | {"duration_s": "long"}, "duration_s"),
        (START | {"turn": 1.5}, "turn"),
        (START | {"attrs": {"context": 1.5}}, "attrs.context"),
        (START | {"attrs": {"mood": 1}}, "attrs.mood"),
        (START | {"attrs": []}, "attrs"),
        (START | {"colour": "red"}, "colour"),
    ],
)
def test_a_bad_row_is_rejected_by_file_row_and_field(tmp_path, row, field) -> None:
    log = read_turn_log(lines(tmp_path / "turns.jsonl", VERSION, ARRIVE, row, START))
    (reject,) = log.rejects
    assert (reject.file, reject.row, reject.field) == ("turns.jsonl", 3, field)
    assert (log.report.rows_read, log.report.rows_written, sum(log.report.rejected.values())) == (3, 2, 1)
    assert log.report.balanced


def test_events_of_contacts_that_never_arrived_are_dropped_and_counted(tmp_path) -> None:
    log = read_turn_log(lines(tmp_path / "turns.jsonl", VERSION, ARRIVE, START | {"contact_id": "c2"}))
    assert dict(log.report.dropped) == {"contact without an arrival": 1}
    assert log.report.balanced


def test_a_log_without_a_usable_row_is_refused_with_the_first_reason(tmp_path) -> None:
    path = lines(tmp_path / "turns.jsonl", VERSION, ARRIVE | {"event": "begin"})
    with pytest.raises(TurnLogError, match=r"turns.jsonl: no usable event; row 2, field event: expected one of"):
        read_turn_log(path)


@pytest.mark.parametrize("first", ['{"maitred.turn_log.version": "9"}', json.dumps(ARRIVE), "", "[]", "\x00"])
def test_another_version_is_refused(tmp_path, first) -> None:
    with pytest.raises(TurnLogError, match="version"):
        read_turn_log(lines(tmp_path / "turns.jsonl", first, ARRIVE))


def test_a_table_of_another_kind_is_refused(tmp_path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    assert not is_turn_log(tmp_path / "other.parquet")
    with pytest.raises(TurnLogError, match="version none, expected 1"):
        read_turn_log(tmp_path / "other.parquet")
    pq.write_table(SCHEMA.empty_table().drop_columns(["turn"]), tmp_path / "short.parquet")
    with pytest.raises(TurnLogError, match="field turn: the column is missing"):
        read_turn_log(tmp_path / "short.parquet")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(TurnLogError, match="not a turn log"):
        read_turn_log(tmp_path / "text.parquet")


def test_every_mark_of_a_contact_becomes_an_event(events) -> None:
    log = four_weeks().log
    count = np.bincount(log["mark"], minlength=len(Mark))
    assert len(named(events, "arrive")) == count[Mark.ARRIVE] == len(four_weeks().contacts)
    vain = len(named(events, "callback_no_answer"))
    assert vain == four_weeks().talks["tries"].sum() > 0
    assert len(named(events, "start_turn")) + vain == count[Mark.START_TURN]
    assert len(named(events, "end_turn")) + vain == count[Mark.END_TURN]
    assert len(named(events, "callback_offered")) == (four_weeks().talks["callback"] == 1).sum()


def test_the_work_of_turns_adds_up_to_that_of_the_ledger(events) -> None:
    total = pc.sum(named(events, "end_turn")["duration_s"]).as_py()
    contacts, talks = four_weeks().contacts, four_weeks().talks
    whole = (contacts["outcome"] != 0) & (talks["callback"] == 0)
    ids = pa.array([f"c{row}" for row in np.flatnonzero(whole)])
    mine = named(events, "end_turn").filter(pc.is_in(named(events, "end_turn")["contact_id"], value_set=ids))
    assert pc.sum(mine["duration_s"]).as_py() == pytest.approx(contacts["work_s"][whole].sum())
    assert total > 0


def test_what_a_center_cannot_know_is_not_in_its_log(events) -> None:
    resolved = named(events, "resolve")
    by_bot = pc.is_null(resolved["resource_id"])
    told = pc.is_valid(pc.struct_field(resolved["attrs"], "resolved"))
    assert pc.any(by_bot).as_py()
    assert pc.all(pc.xor(by_bot, told)).as_py()
    assert pc.struct_field(events["attrs"], "complexity").null_count == len(events)


def test_without_a_log_or_conversations_there_is_nothing_to_write() -> None:
    with pytest.raises(TurnLogError, match="keep_log"):
        from_ledger(replace(four_weeks(), log=four_weeks().log[:0]), center())
