"""Messages that tell what came of decisions: JSON lines, or parquet with the same fields.

A message is a whole account, not an increment: what is known of a decision, or of all decisions about a contact, at a
time. The newest account of a decision is the one that counts, so that it does not matter how often or in which order
messages come.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from maitred.training.decision_log.personal import refuse_personal_names, refuse_personal_text
from maitred.training.decision_log.schema import ENDS, EVENTS, OUTCOMES, TERM_NAMES, DecisionLogError

ABOUT = ("decision_id", "contact_id")


@dataclass(frozen=True)
class Told:
    """One message.

    Attributes:
        event_id: identifier of the message, the same whenever it is delivered again.
        about: `decision_id` or `contact_id`.
        id: of what it is about.
        time_us: until when it is known, microseconds since 1970 by the center's clock.
        content: the account: outcome, reward, terms, events, as canonical JSON.
    """

    event_id: str
    about: str
    id: str
    time_us: int
    content: str


@dataclass(frozen=True)
class Refused:
    """A message that cannot be used, and why."""

    file: str
    row: int
    reason: str
    raw: str


class _FieldError(ValueError):
    """A field that is not what it must be."""


def read_told(path: str | Path) -> Iterator[Told | Refused]:
    """Yield the messages of a file (.jsonl, else parquet), and those that cannot be used; holds few at a time.

    Raises:
        DecisionLogError: the file cannot be read.
        PersonalDataError: a message has a field, or an identifier, that looks like personal data.
    """
    path = Path(path)
    for row, raw, record in _records(path):
        try:
            yield _told(record, f"{path}: row {row}")
        except _FieldError as error:
            yield Refused(path.name, row, str(error), raw)


def _records(path: Path) -> Iterator[tuple[int, str, Any]]:
    """(row, text, parsed) of each record; what is no JSON is parsed as None."""
    try:
        if path.suffix == ".jsonl":
            with open(path, encoding="utf-8") as file:
                for row, line in enumerate(file, start=1):
                    yield row, line.rstrip("\n"), _parsed(line)
        else:
            with pq.ParquetFile(path) as parquet:
                records = (record for batch in parquet.iter_batches(1024) for record in batch.to_pylist())
                for row, record in enumerate(records, start=1):
                    yield row, json.dumps(record, default=str, sort_keys=True), _without_nulls(record)
    except (OSError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise DecisionLogError(f"{path}: cannot be read as outcomes: {error}") from error


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def _told(record: Any, where: str) -> Told:
    if not isinstance(record, dict):
        raise _FieldError("expected a JSON object")
    refuse_personal_names(record, where)
    given = [about for about in ABOUT if about in record]
    if len(given) != 1:
        raise _FieldError("expected decision_id or contact_id, one of the two")
    event_id, identity = _text(record, "event_id"), _text(record, given[0])
    for name in ("event_id", given[0]):
        refuse_personal_text(record[name], name, where)
    if record.get("outcome") not in OUTCOMES:
        raise _FieldError(f"outcome: expected one of {', '.join(OUTCOMES)}")
    content: dict[str, Any] = {"outcome": record["outcome"], "reward": _number(record, "reward")}
    content["terms"] = {name: _number(_object(record, "terms", TERM_NAMES), name) for name in record.get("terms", ())}
    content["events"] = _events(_object(record, "events", tuple(EVENTS.names)))
    return Told(event_id, given[0], identity, _micros(record.get("time")), json.dumps(content, sort_keys=True))


def _events(events: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in events.items():
        kind = EVENTS.field(name).type
        if pa.types.is_floating(kind):
            _number(events, name)
        elif pa.types.is_boolean(kind) and not isinstance(value, bool):
            raise _FieldError(f"events.{name}: expected true or false")
        elif pa.types.is_integer(kind) and not (type(value) is int and 0 <= value < 2**31):
            raise _FieldError(f"events.{name}: expected a number of contacts")
        elif pa.types.is_string(kind) and value not in ENDS:
            raise _FieldError(f"events.{name}: expected one of {', '.join(ENDS)}")
    return dict(events)


def _object(record: Mapping[str, Any], name: str, known: tuple[str, ...]) -> dict[str, Any]:
    value = record.get(name, {})
    if not isinstance(value, dict):
        raise _FieldError(f"{name}: expected an object")
    if unknown := [key for key in value if key not in known]:
        raise _FieldError(f"{name}.{unknown[0]}: expected one of {', '.join(known)}")
    return value


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise _FieldError(f"{name}: expected text")
    return value


def _number(record: Mapping[str, Any], name: str) -> float | None:
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _FieldError(f"{name}: expected a finite number")
    return float(value)


def _micros(value: Any) -> int:
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _FieldError("time: expected a time such as 2026-01-05T08:00:00") from None
    if time.tzinfo is not None:
        raise _FieldError("time: expected the center's wall-clock time, without a zone")
    return int(np.datetime64(time, "us").astype(np.int64))
