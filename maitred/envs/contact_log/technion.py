"""Importer of the 17-field call log kept by the Technion, its known faults counted one by one.

The layout is that of "Anonymous Bank", the call-by-call log of a bank's call center in Israel, 1999. We
thank Ilan Guedj and Avishai Mandelbaum (Technion), who collected, documented and published it; whoever
uses that log is asked to acknowledge them and to notify Avishai Mandelbaum.

Tab-separated, plain or gzipped, with or without a header; dates are yymmdd, times H:MM:SS, 0:00:00 also
where there is none. A time of day more than half a day before the entry belongs to the next day.

How a call becomes a contact:

* AGENT is served. `wait_s` is q_time; where that is 0 the call was answered at once and `queue_enter` is
  the moment it left the menu, otherwise q_start. `service_start` is kept as recorded: it mostly lies a
  second or two before the end of the wait, which another clock took.
* HANG is abandoned if it queued (q_time or q_start is set), left_menu if not. A service recorded for it
  by NO_SERVER is a connection nobody took: it is left out.
* PHANTOM and type AA are no contacts and are dropped.
"""

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from maitred.envs.contact_log.delimited import Layout, OpenFile, read_rows
from maitred.envs.contact_log.duplicates import SeenIds
from maitred.envs.contact_log.fields import (
    DAY_S,
    Bools,
    Fault,
    Ints,
    as_bools,
    clock_seconds,
    dates,
    first_faults,
    integers,
)
from maitred.envs.contact_log.report import Chunk, Reject
from maitred.envs.contact_log.schema import ABANDONED, LEFT_MENU, SCHEMA, SERVED, ContactLogError

_HEADER = (
    "vru+line call_id customer_id priority type date vru_entry vru_exit vru_time q_start q_exit q_time"
    " outcome ser_start ser_exit ser_time server"
)
FIELDS = tuple(_HEADER.split())
SERVICE_CLIP_S = 3_600
CLOCKS_DISAGREE_S = 5

_MERGED = re.compile(r"(\d+) *([A-Z]{2})")


def read_chunks(paths: Sequence[Path], open_file: OpenFile) -> Iterator[Chunk]:
    """Yield the calls of `paths` in batches; a call that repeats an earlier identifier is dropped."""
    seen = SeenIds()
    for path in paths:
        layout = Layout("\t", quoted=False, header=_has_header(path), names=FIELDS)
        for rows in read_rows(path, open_file, layout, FIELDS):
            yield _convert(path.name, rows.columns, rows.lines, seen)
            if rows.malformed:
                yield _convert_malformed(path.name, rows.malformed, seen)


def _has_header(path: Path) -> bool:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            first = file.readline().decode("utf-8", "replace").rstrip("\r\n").split("\t")
    except (OSError, EOFError) as error:
        raise ContactLogError(f"{path}: {error}") from error
    if tuple(first) == FIELDS:
        return True
    if len(first) not in (16, 17) or not first[1].strip().isdigit():
        raise ContactLogError(
            f"{path}: row 1: expected the 17 tab-separated fields {' '.join(FIELDS)}"
            f" or their values, call_id a number; found {len(first)} field(s)"
        )
    return False


def _convert_malformed(file: str, malformed: Sequence[csv.InvalidRow], seen: SeenIds) -> Chunk:
    """Repair the lines that lack a tab between priority and type; reject the others."""
    rows, lines, rejects = [], [], []
    for line in malformed:
        fields = line.text.split("\t")
        if len(fields) == len(FIELDS) - 1 and _MERGED.fullmatch(fields[3]):
            rows.append([*fields[:4], "", *fields[4:]])
            lines.append(line.number)
        else:
            reason = f"expected {len(FIELDS)} tab-separated fields, found {line.actual_columns}"
            rejects.append(Reject(file, line.number, "row", reason, line.text))
    columns = [[row[k] for row in rows] for k in range(len(FIELDS))]
    batch = pa.RecordBatch.from_arrays([pa.array(c, pa.string()) for c in columns], FIELDS)
    chunk = _convert(file, batch, np.array(lines, np.int64), seen)
    return replace(chunk, rows_read=chunk.rows_read + len(rejects), rejects=(*chunk.rejects, *rejects))


def _convert(file: str, batch: pa.RecordBatch, lines: Ints, seen: SeenIds) -> Chunk:
    calls, repaired = _tidy(batch)
    dropped = _no_contacts(calls)
    kept = ~np.any(list(dropped.values()), axis=0)
    calls, batch, lines = calls.filter(pa.array(kept)), batch.filter(pa.array(kept)), lines[kept]
    parsed, faults = _parse(calls)
    contacts = _contacts(calls, parsed)
    found = first_faults(contacts, faults)
    written = np.ones(len(lines), bool)
    written[list(found)] = False
    fresh = np.zeros(len(lines), bool)
    fresh[written] = seen.first_time(contacts["contact_id"].filter(pa.array(written)).to_pylist())
    counts = {reason: int(rows.sum()) for reason, rows in dropped.items()}
    counts["call_id repeated"] = int((written & ~fresh).sum())
    return Chunk(
        contacts=contacts.filter(pa.array(fresh)),
        rows_read=len(kept),
        dropped=counts,
        repaired=_count({**{k: v[kept] for k, v in repaired.items()}, **_repairs(calls, parsed)}, fresh),
        noted=_count(_notes(calls, parsed), fresh),
        rejects=tuple(_reject(file, int(lines[i]), f, batch.slice(i, 1)) for i, f in sorted(found.items())),
    )


def _count(reasons: dict[str, Bools], written: Bools) -> dict[str, int]:
    return {reason: int((rows & written).sum()) for reason, rows in reasons.items()}


def _reject(file: str, line: int, fault: Fault, row: pa.RecordBatch) -> Reject:
    raw = "\t".join(row.to_pylist()[0].values())
    return Reject(file, line, fault.field, f"expected {fault.expected}", raw)


def _tidy(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, dict[str, Bools]]:
    """Trim the type, and take it out of the priority where the two stand in one field."""
    type_, priority = pc.utf8_trim_whitespace(batch["type"]), batch["priority"]
    padded = as_bools(pc.not_equal(type_, batch["type"]))
    merged = pc.and_(pc.equal(type_, ""), pc.match_substring_regex(priority, f"^{_MERGED.pattern}$"))
    type_ = pc.if_else(merged, pc.utf8_slice_codeunits(priority, -2), type_)
    priority = pc.if_else(merged, pc.replace_substring_regex(priority, " *[A-Z]{2}$", ""), priority)
    columns = {**dict(zip(FIELDS, batch.columns, strict=True)), "type": type_, "priority": priority}
    return pa.RecordBatch.from_pydict(columns), {
        "type padded with blanks: trimmed": padded,
        "priority and type merged: split": as_bools(merged),
    }


def _no_contacts(calls: pa.RecordBatch) -> dict[str, Bools]:
    """Rows that are no contacts, each under one reason."""
    blank = as_bools(pc.and_(pc.equal(calls["vru+line"], ""), pc.equal(calls["date"], "")))
    phantom = as_bools(pc.equal(calls["outcome"], "PHANTOM"))
    other = as_bools(pc.equal(calls["type"], "AA")) & ~phantom
    return {"blank line": blank, "outcome PHANTOM": phantom, "type AA": other}


class _Parsed(NamedTuple):
    """The numbers of n calls, (n,) each: us since 1970 where a time, else whole seconds."""

    entry: Ints
    menu_exit: Ints
    menu_s: Ints
    queue_start: Ints
    queue_s: Ints
    service_start: Ints
    service_s: Ints
    priority: Ints
    queued: Bools
    answered: Bools
    serviced: Bools
    named: Bools


def _parse(calls: pa.RecordBatch) -> tuple[_Parsed, list[Fault]]:
    faults = []
    numbers: dict[str, Ints] = {}
    for field in ("priority", "vru_time", "q_time", "ser_time", "call_id", "customer_id"):
        numbers[field], bad = integers(calls[field])
        faults.append(Fault(field, "a whole number", bad))
    for field in ("vru_entry", "vru_exit", "q_start", "ser_start"):
        numbers[field], bad = clock_seconds(calls[field])
        faults.append(Fault(field, "a time of day H:MM:SS", bad))
    date, bad = dates(calls["date"], "%y%m%d")
    known = as_bools(pc.is_in(calls["outcome"], value_set=pa.array(["AGENT", "HANG"])))
    faults += [
        Fault("date", "a date yymmdd", bad),
        Fault("outcome", "AGENT, HANG or PHANTOM", ~known),
        Fault("type", "a call type", as_bools(pc.equal(calls["type"], ""))),
        Fault("priority", "0 to 127", (numbers["priority"] < 0) | (numbers["priority"] > 127)),
    ]
    entry = numbers["vru_entry"]

    def moment(field: str) -> Ints:
        next_day = numbers[field] < entry - DAY_S // 2
        return np.asarray(date + 1_000_000 * (numbers[field] + DAY_S * next_day))

    return _Parsed(
        entry=date + 1_000_000 * entry,
        menu_exit=moment("vru_exit"),
        menu_s=numbers["vru_time"],
        queue_start=moment("q_start"),
        queue_s=numbers["q_time"],
        service_start=moment("ser_start"),
        service_s=numbers["ser_time"],
        priority=numbers["priority"],
        queued=(numbers["q_time"] != 0) | (numbers["q_start"] != 0),
        answered=as_bools(pc.equal(calls["outcome"], "AGENT")),
        serviced=(numbers["ser_start"] != 0) | (numbers["ser_time"] != 0),
        named=~as_bools(pc.is_in(calls["server"], value_set=pa.array(["NO_SERVER", ""]))),
    ), faults


def _contacts(calls: pa.RecordBatch, p: _Parsed) -> pa.Table:
    n, in_queue = len(p.entry), p.queued | p.answered
    outcome = np.select([p.answered, p.queued], [SERVED, ABANDONED], LEFT_MENU)
    customer = pc.if_else(pc.equal(calls["customer_id"], "0"), None, calls["customer_id"])
    known = p.answered & p.named
    queue_enter = np.where(p.queued, p.queue_start, p.menu_exit)
    columns = {
        "contact_id": pc.binary_join_element_wise(calls["vru+line"], calls["call_id"], "-"),
        "initial_id": pa.nulls(n, pa.string()),
        "customer_id": customer,
        "channel": pa.array(np.full(n, "voice")),
        "type": calls["type"],
        "priority": pa.array(p.priority.clip(0, 127).astype(np.int8)),
        # An entry after what followed it is the entry's clock at fault: the queue's and the service's agree.
        "arrival": _times(np.minimum(p.entry, queue_enter), np.ones(n, bool)),
        "queue_enter": _times(queue_enter, in_queue),
        "wait_s": pa.array(p.queue_s.astype(float), mask=~in_queue),
        "outcome": pa.array(outcome),
        "agent": pc.if_else(pa.array(known), calls["server"], None),
        "service_start": _times(p.service_start, p.answered & p.serviced),
        "service_s": pa.array(np.minimum(p.service_s, SERVICE_CLIP_S).astype(float), mask=~(p.answered & p.serviced)),
        "wrap_s": pa.nulls(n, pa.float64()),
        "service_clipped": pa.array(p.answered & (p.service_s > SERVICE_CLIP_S)),
        "agent_unknown": pa.array(p.answered & ~p.named),
    }
    return pa.table(columns).cast(SCHEMA)


def _times(microseconds: Ints, known: Bools) -> pa.TimestampArray:
    return pa.array(microseconds, pa.timestamp("us"), mask=~known)


def _repairs(calls: pa.RecordBatch, p: _Parsed) -> dict[str, Bools]:
    return {
        "vru_time negative: taken as missing": p.menu_s < 0,
        "vru_entry after q_start: q_start taken": (p.menu_s >= 0) & p.queued & (p.queue_start < p.entry),
        "service over an hour: clipped": p.answered & (p.service_s > SERVICE_CLIP_S),
        "HANG with a service nobody took: left out": ~p.answered & p.serviced,
    }


def _notes(calls: pa.RecordBatch, p: _Parsed) -> dict[str, Bools]:
    midnight = (p.entry // 1_000_000 // DAY_S + 1) * DAY_S * 1_000_000
    serviced = p.answered & p.serviced
    queue_end = np.where(p.queued, p.queue_start + 1_000_000 * p.queue_s, p.menu_exit)
    return {
        "answered at once (q_time 0)": p.answered & (p.queue_s == 0),
        "answered by NO_SERVER: agent unknown": p.answered & ~p.named,
        "answered, no service recorded": p.answered & ~p.serviced,
        "answered, service of 0 s": serviced & (p.service_s == 0),
        "queue over midnight": p.queued & (p.queue_start < midnight) & (queue_end >= midnight),
        "service over midnight": serviced
        & (p.service_start < midnight)
        & (p.service_start + 1_000_000 * p.service_s >= midnight),
        f"ser_start over {CLOCKS_DISAGREE_S} s off the end of the wait": serviced
        & (abs(p.service_start - queue_end) > 1_000_000 * CLOCKS_DISAGREE_S),
        "HANG on entering the queue: abandoned after 0 s": ~p.answered & p.queued & (p.queue_s == 0),
        "HANG before the queue: left_menu": ~p.answered & ~p.queued,
        "customer not identified": as_bools(pc.equal(calls["customer_id"], "0")),
    }
