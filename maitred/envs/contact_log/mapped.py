"""Importer of CSV or parquet logs described by a column mapping (`mapping.py`).

How a row becomes a contact: it is served where `service_start` or `agent` is set, else abandoned where
`queue_enter` is set, else left_menu. `wait_s` runs from `queue_enter` to `queue_exit`, or where that is
missing to the start of service or the end of the contact; a contact handed to an agent without queueing
has waited 0 s.

Of the rows with one contact_id the one with the newest `updated` counts (the last one, where none is
mapped or equal). They are found in a first pass over the identifiers alone, 40 bytes a row.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

from maitred.envs.contact_log.delimited import Layout, OpenFile, Rows, read_rows
from maitred.envs.contact_log.duplicates import hashes, newest
from maitred.envs.contact_log.fields import (
    Bools,
    Fault,
    Ints,
    as_bools,
    first_faults,
    integers,
    seconds,
    timestamps,
)
from maitred.envs.contact_log.mapping import DURATIONS, Mapping
from maitred.envs.contact_log.report import Chunk, Reject
from maitred.envs.contact_log.schema import ABANDONED, LEFT_MENU, SCHEMA, SERVED, ContactLogError

CSV = Layout(",", quoted=True, header=True)
_TIMES = ("arrival", "queue_enter", "queue_exit", "service_start", "ended")
_TEXTS = ("contact_id", "initial_id", "customer_id", "channel", "type", "priority", "agent")
_UNMAPPED = {"channel": "voice", "type": "any", "priority": "0"}
_PRIVATE = ("customer_id", "agent")


def read_chunks(paths: Sequence[Path], mapping: Mapping, open_file: OpenFile) -> Iterator[Chunk]:
    """Yield the contacts of `paths` in batches."""
    current, done = _current_rows(paths, mapping, open_file), 0
    for path in paths:
        for rows in _read(path, mapping.sources, open_file):
            n = rows.columns.num_rows
            yield _convert(path.name, rows, mapping, current[done : done + n])
            yield _reject_malformed(path.name, rows.malformed)
            done += n


def _read(path: Path, sources: Sequence[str], open_file: OpenFile) -> Iterator[Rows]:
    if path.suffix != ".parquet":
        yield from read_rows(path, open_file, CSV, sources)
        return
    try:
        with open_file(path) as file:
            yield from _read_parquet(path, pq.ParquetFile(file), sources)
    except (pa.ArrowInvalid, OSError) as error:
        raise ContactLogError(f"{path}: {error}") from error


def _read_parquet(path: Path, file: pq.ParquetFile, sources: Sequence[str]) -> Iterator[Rows]:
    if missing := set(sources) - set(file.schema_arrow.names):
        raise ContactLogError(f"{path}: no column {', '.join(sorted(missing))}")
    done = 0
    for batch in file.iter_batches(columns=sources):
        yield Rows(batch, np.arange(done, done + batch.num_rows) + 1)
        done += batch.num_rows


def _current_rows(paths: Sequence[Path], mapping: Mapping, open_file: OpenFile) -> Bools:
    """First pass: which rows hold the newest version of their contact; one without identifier is its own."""
    columns = [mapping.columns[target][0] for target in ("contact_id", "updated") if target in mapping.columns]
    codes, versions, nameless = [], [], []
    for path in paths:
        for rows in _read(path, columns, open_file):
            ids = rows.columns[columns[0]]
            codes.append(hashes(ids.to_pylist()))
            nameless.append(as_bools(pc.is_null(ids)))
            versions.append(_versions(rows.columns[columns[1]]) if columns[1:] else 0 * codes[-1])
    return newest(*map(np.concatenate, (codes, versions))) | np.concatenate(nameless)


def _versions(updated: pa.Array) -> Ints:
    times, _ = timestamps(updated, "UTC")
    return np.asarray(pc.fill_null(times.cast(pa.int64()), -1).to_numpy(zero_copy_only=False))


def _reject_malformed(file: str, malformed: Sequence[csv.InvalidRow]) -> Chunk:
    """Reject the lines cut wrongly; their text may hold personal data of unmapped columns and is not kept."""
    rejects = [
        Reject(file, m.number, "row", f"expected {m.expected_columns} fields, found {m.actual_columns}", "")
        for m in malformed
    ]
    return Chunk(SCHEMA.empty_table(), rows_read=len(rejects), rejects=tuple(rejects))


def _convert(file: str, rows: Rows, mapping: Mapping, current: Bools) -> Chunk:
    dropped = _dropped(rows.columns, mapping, current)
    kept = ~np.any(list(dropped.values()), axis=0)
    source, lines = rows.columns.filter(pa.array(kept)), rows.lines[kept]
    contacts, faults = _contacts(source, mapping)
    found = first_faults(contacts, faults)
    good = np.ones(len(lines), bool)
    good[list(found)] = False
    written = contacts.filter(pa.array(good))
    return Chunk(
        contacts=written,
        rows_read=len(kept),
        dropped={reason: int(which.sum()) for reason, which in dropped.items()},
        noted=_notes(written),
        rejects=tuple(
            Reject(file, int(lines[i]), fault.field, f"expected {fault.expected}", _raw(source, i, mapping))
            for i, fault in sorted(found.items())
        ),
    )


def _dropped(source: pa.RecordBatch, mapping: Mapping, current: Bools) -> dict[str, Bools]:
    """Rows that are no contacts, each under one reason."""
    blank = np.all([as_bools(pc.is_null(column)) for column in source.columns], axis=0)
    dropped = {"blank line": blank, "older copy of a contact_id": ~current & ~blank}
    for column, values in mapping.keep.items():
        other = ~as_bools(pc.is_in(source[column].cast(pa.string()), value_set=pa.array(values)))
        dropped[f"{column} is none of those to keep"] = other & ~np.any(list(dropped.values()), axis=0)
    return dropped


def _raw(source: pa.RecordBatch, row: int, mapping: Mapping) -> str:
    private = {column for target in _PRIVATE for column in mapping.columns.get(target, ())}
    fields = source.slice(row, 1).to_pylist()[0]
    return json.dumps({k: v for k, v in fields.items() if k not in private}, default=str)


def _contacts(source: pa.RecordBatch, mapping: Mapping) -> tuple[pa.Table, list[Fault]]:
    n, faults = source.num_rows, []
    text = {target: _text(source, mapping, target) for target in _TEXTS}
    time, duration = {}, {}
    for target in _TIMES:
        column = _source(source, mapping, target)
        time[target], bad = timestamps(column, mapping.timezone)
        faults.append(Fault(target, "an ISO 8601 time", bad))
    for target in DURATIONS:
        duration[target], bad = _duration(source, mapping, target)
        faults.append(Fault(target, "seconds", bad))
    priority, bad = integers(pc.fill_null(text["priority"], ""))
    faults += [
        Fault("priority", "a whole number, 0 to 127", bad | (priority < 0) | (priority > 127)),
        Fault("contact_id", "a value", as_bools(pc.is_null(text["contact_id"]))),
        Fault("channel", "a value", as_bools(pc.is_null(text["channel"]))),
        Fault("arrival", "a value", as_bools(pc.is_null(time["arrival"]))),
        *(Fault(target, "a pseudonym, no e-mail address", _has_at(text[target])) for target in _PRIVATE),
    ]
    served = pc.or_(pc.is_valid(time["service_start"]), pc.is_valid(text["agent"]))
    enter, wait_s = _queue(time, served)
    columns = {
        **{target: text[target] for target in ("initial_id", "customer_id", "type", "agent")},
        "contact_id": pc.fill_null(text["contact_id"], ""),
        "channel": pc.fill_null(text["channel"], ""),
        "priority": pa.array(priority.clip(0, 127).astype(np.int8)),
        "arrival": pc.fill_null(time["arrival"], 0),
        "queue_enter": enter,
        "wait_s": wait_s,
        "outcome": pc.if_else(served, SERVED, pc.if_else(pc.is_valid(enter), ABANDONED, LEFT_MENU)),
        "service_start": time["service_start"],
        "service_s": pc.if_else(served, duration["service_s"], None),
        "wrap_s": pc.if_else(served, duration["wrap_s"], None),
        "service_clipped": pa.array(np.zeros(n, bool)),
        "agent_unknown": pc.and_(served, pc.is_null(text["agent"])),
    }
    return pa.table(columns).select(SCHEMA.names).cast(SCHEMA), faults


def _queue(time: dict[str, pa.Array], served: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return when each contact entered the queue, null if it did not, and the seconds it spent there."""
    direct = pc.and_(served, pc.is_null(time["queue_enter"]))
    enter = pc.if_else(direct, pc.coalesce(time["service_start"], time["arrival"]), time["queue_enter"])
    left = pc.coalesce(time["queue_exit"], time["service_start"], time["ended"])
    wait_s = pc.divide(pc.microseconds_between(enter, left).cast(pa.float64()), 1e6)
    return enter, pc.if_else(direct, 0.0, wait_s)


def _source(source: pa.RecordBatch, mapping: Mapping, target: str) -> pa.Array:
    if target not in mapping.columns:
        return pa.nulls(source.num_rows, pa.string())
    return source[mapping.columns[target][0]]


def _text(source: pa.RecordBatch, mapping: Mapping, target: str) -> pa.Array:
    """Return the target's text: its column, or its constant, with `values` applied."""
    if target not in mapping.columns:
        constant = mapping.constants.get(target, _UNMAPPED.get(target))
        return pa.array([constant] * source.num_rows, pa.string())
    coded = _source(source, mapping, target).cast(pa.string()).dictionary_encode()
    values = mapping.values.get(target, {})
    names = pa.array([values.get(name, name) for name in coded.dictionary.to_pylist()], pa.string())
    return names.take(coded.indices)


def _duration(source: pa.RecordBatch, mapping: Mapping, target: str) -> tuple[pa.Array, Bools]:
    """Add up the target's columns; null where none of them has a value."""
    total, bad = pa.nulls(source.num_rows, pa.float64()), np.zeros(source.num_rows, bool)
    for name in mapping.columns.get(target, ()):
        part, wrong = seconds(source[name])
        total = pc.coalesce(pc.add(total, part), total, part)
        bad |= wrong
    return total, bad


def _has_at(text: pa.Array) -> Bools:
    return as_bools(pc.match_substring(text, "@"))


def _notes(contacts: pa.Table) -> dict[str, int]:
    def count(rows: pa.Array) -> int:
        return int(pc.sum(rows, min_count=0).as_py())

    served = pc.equal(contacts["outcome"], SERVED)
    return {
        "answered, agent unknown": count(contacts["agent_unknown"]),
        "answered, no service recorded": count(pc.and_(served, pc.is_null(contacts["service_s"]))),
        "customer not identified": count(pc.is_null(contacts["customer_id"])),
        "left_menu": count(pc.equal(contacts["outcome"], LEFT_MENU)),
    }
