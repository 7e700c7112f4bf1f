"""Reading a turn log: rows that cannot be used are rejected one by one, counted, and shown."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maitred.envs.contact_log.report import ImportReport, Reject
from maitred.envs.turn_log.schema import ATTRS, COLUMNS, SCHEMA, VERSION, VERSION_KEY, TurnLogError, rules

RAW_CHARACTERS = 120


@dataclass(frozen=True)
class TurnLog:
    """Usable events in order of time, and what became of the others."""

    events: pa.Table  # SCHEMA's columns
    report: ImportReport
    rejects: tuple[Reject, ...]


def read_turn_log(path: str | Path) -> TurnLog:
    """Read a turn log, parquet or JSON lines.

    Rows that break the schema are rejected. Events of a contact whose arrival the log does not hold are dropped:
    nothing is known of how long it had waited.

    Raises:
        TurnLogError: no turn log, one of another version, or one without a usable row.
    """
    path = Path(path)
    table, lines, rejects = _read_lines(path) if path.suffix == ".jsonl" else _read_parquet(path)
    usable = np.ones(table.num_rows, bool)
    for field, expected, holds in rules(table):
        wrong = np.flatnonzero(usable & ~np.asarray(holds, dtype=bool))
        rejects += [_reject(path, lines[row], field, f"expected {expected}", table.slice(row, 1)) for row in wrong]
        usable[wrong] = False
    events = table.filter(pa.array(usable))
    known = _of_known_contacts(events)
    kept = events.filter(known).sort_by("ts") if events.num_rows else events
    if kept.num_rows == 0:
        raise TurnLogError(f"{path}: no usable event{_first(rejects)}")
    lost = events.num_rows - kept.num_rows
    report = ImportReport(
        rows_read=table.num_rows + len(rejects) - int((~usable).sum()),
        rows_written=kept.num_rows,
        dropped={"contact without an arrival": lost} if lost else {},
        rejected=dict(sorted(Counter(f"{r.field}: {r.reason}" for r in rejects).items())),
    )
    return TurnLog(kept, report, tuple(rejects))


def _first(rejects: list[Reject]) -> str:
    return "".join(f"; row {r.row}, field {r.field}: {r.reason}" for r in rejects[:1])


def _of_known_contacts(events: pa.Table) -> pa.BooleanArray:
    arrived = events.filter(pc.equal(pc.cast(events["event"], pa.string()), "arrive"))["contact_id"]
    known = pc.is_in(events["contact_id"], value_set=arrived.combine_chunks())
    return pc.or_(known, pc.is_null(events["contact_id"]))


def _reject(path: Path, row: int, field: str, reason: str, raw: object) -> Reject:
    text = json.dumps(raw.to_pylist()[0], default=str) if isinstance(raw, pa.Table) else str(raw)
    return Reject(path.name, int(row), field, reason, text[:RAW_CHARACTERS])


def _read_parquet(path: Path) -> tuple[pa.Table, np.ndarray[Any, Any], list[Reject]]:
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise TurnLogError(f"{path}: not a turn log: {error}") from error
    found = (table.schema.metadata or {}).get(VERSION_KEY.encode(), b"none").decode()
    _require_version(path, found)
    if missing := [name for name in SCHEMA.names if name not in table.column_names]:
        raise TurnLogError(f"{path}: field {missing[0]}: the column is missing")
    try:
        return table.select(SCHEMA.names).cast(SCHEMA), np.arange(table.num_rows), []
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TurnLogError(f"{path}: {error}") from error


def _require_version(path: Path, found: str) -> None:
    if found != VERSION:
        raise TurnLogError(f"{path}: turn-log version {found}, expected {VERSION}")


def _read_lines(path: Path) -> tuple[pa.Table, np.ndarray[Any, Any], list[Reject]]:
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    rejects: list[Reject] = []
    try:
        text = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TurnLogError(f"{path}: not a turn log: {error}") from error
    _require_version(path, _version(text[0] if text else ""))
    for number, line in enumerate(text[1:], start=2):
        try:
            rows.append(_row(line))
            lines.append(number)
        except _FieldError as error:
            rejects.append(_reject(path, number, error.field, str(error), line))
    return pa.Table.from_pylist(rows, SCHEMA), np.array(lines, int), rejects


def _version(line: str) -> str:
    try:
        first = json.loads(line)
    except json.JSONDecodeError:
        return "none"
    return str(first.get(VERSION_KEY, "none")) if isinstance(first, dict) else "none"


class _FieldError(ValueError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def _row(line: str) -> dict[str, Any]:
    """One event of a line; raises _FieldError naming what cannot be read."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise _FieldError("line", "expected a JSON object") from error
    if not isinstance(row, dict):
        raise _FieldError("line", "expected a JSON object")
    attrs = row.pop("attrs", None)
    attrs = {} if attrs is None else attrs
    if not isinstance(attrs, dict):
        raise _FieldError("attrs", "expected an object")
    values = {name: _value(name, kind, row.pop(name, None)) for name, (kind, _) in COLUMNS.items() if name != "attrs"}
    values["attrs"] = {name: _value(f"attrs.{name}", kind, attrs.pop(name, None)) for name, (kind, _) in ATTRS.items()}
    for unknown in (*row, *(f"attrs.{name}" for name in attrs)):
        raise _FieldError(unknown, "no such field in a turn log")
    return values


def _value(name: str, kind: pa.DataType, value: Any) -> Any:
    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        return _time(name, value)
    if pa.types.is_floating(kind):
        good, expected = isinstance(value, int | float) and not isinstance(value, bool), "a number"
    elif pa.types.is_integer(kind):
        good, expected = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**7, "a small integer"
        good = good or (kind == pa.int32() and type(value) is int and abs(value) < 2**31)
    elif pa.types.is_boolean(kind):
        good, expected = isinstance(value, bool), "true or false"
    else:
        good, expected = isinstance(value, str), "text"
    if not good:
        raise _FieldError(name, f"expected {expected}, found {value!r:.40}")
    return value


def _time(name: str, value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _FieldError(name, f"expected a time such as 2026-01-05T08:00:00, found {value!r:.40}") from error
    if time.tzinfo is not None:
        raise _FieldError(name, "expected the center's wall-clock time, without a zone")
    return time
