"""Importer of the Technion call log in its typed form: one parquet table, times as numbers, nothing filtered.

The same calls and the same rules as `technion`, whose text layout it is the parsed form of; starts are seconds
of the day (0: none), durations seconds, `agent` empty where there is none, `customer` 0 where unidentified.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maitred.envs.contact_log.delimited import OpenFile
from maitred.envs.contact_log.fields import DAY_S, Bools, Ints, as_bools, first_faults
from maitred.envs.contact_log.report import Chunk, Reject
from maitred.envs.contact_log.schema import ABANDONED, LEFT_MENU, SCHEMA, SERVED, ContactLogError
from maitred.envs.contact_log.technion import SERVICE_CLIP_S

NAMES = (
    "arrival",
    "type",
    "priority",
    "outcome",
    "agent",
    "customer",
    "vru_time",
    "q_start",
    "q_time",
    "ser_start",
    "ser_time",
)
US = 1_000_000


def read_chunks(paths: Sequence[Path], open_file: OpenFile) -> Iterator[Chunk]:
    """Yield the calls of `paths` in batches."""
    for path in paths:
        with open_file(path) as file:
            try:
                table = pq.ParquetFile(file)
            except (OSError, pa.ArrowInvalid) as error:
                raise ContactLogError(f"{path}: {error}") from error
            if missing := [name for name in NAMES if name not in table.schema_arrow.names]:
                raise ContactLogError(f"{path}: columns missing: {', '.join(missing)}; expected {', '.join(NAMES)}")
            first = 1
            for batch in table.iter_batches(columns=list(NAMES)):
                yield _convert(path.name, batch, first)
                first += batch.num_rows


def _convert(file: str, batch: pa.RecordBatch, first_row: int) -> Chunk:
    phantom = as_bools(pc.equal(batch["outcome"], "PHANTOM"))
    other = as_bools(pc.equal(batch["type"], "AA")) & ~phantom
    kept = ~(phantom | other)
    rows = first_row + np.nonzero(kept)[0]
    calls = batch.filter(pa.array(kept))
    contacts, noted, repaired = _contacts(file, calls, rows)
    faults = first_faults(contacts, [])
    usable = np.ones(len(rows), bool)
    usable[list(faults)] = False
    return Chunk(
        contacts=contacts.filter(pa.array(usable)),
        rows_read=batch.num_rows,
        dropped={"outcome PHANTOM": int(phantom.sum()), "type AA": int(other.sum())},
        repaired={reason: int((found & usable).sum()) for reason, found in repaired.items()},
        noted={reason: int((found & usable).sum()) for reason, found in noted.items()},
        rejects=tuple(
            Reject(file, int(rows[i]), fault.field, f"expected {fault.expected}", str(calls.slice(i, 1).to_pylist()[0]))
            for i, fault in sorted(faults.items())
        ),
    )


def _contacts(file: str, calls: pa.RecordBatch, rows: Ints) -> tuple[pa.Table, dict[str, Bools], dict[str, Bools]]:
    number = {
        name: pc.fill_null(calls[name].cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
        for name in ("customer", "vru_time", "q_start", "q_time", "ser_start", "ser_time", "priority")
    }
    entry = calls["arrival"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(zero_copy_only=False)
    midnight = entry // (DAY_S * US) * (DAY_S * US)
    entry_s = (entry - midnight) // US

    def moment(seconds: Ints) -> Ints:
        return np.asarray(midnight + US * (seconds + DAY_S * (seconds < entry_s - DAY_S // 2)))

    answered = as_bools(pc.equal(calls["outcome"], "AGENT"))
    queued = (number["q_time"] != 0) | (number["q_start"] != 0)
    serviced = answered & ((number["ser_start"] != 0) | (number["ser_time"] != 0))
    named = as_bools(pc.not_equal(pc.fill_null(calls["agent"], ""), ""))
    menu_exit = entry + US * np.maximum(number["vru_time"], 0)
    queue_enter = np.where(queued, moment(number["q_start"]), menu_exit)
    in_queue = queued | answered
    contacts = pa.table(
        {
            "contact_id": pa.array([f"{file}-{row}" for row in rows], pa.string()),
            "initial_id": pa.nulls(len(rows), pa.string()),
            "customer_id": pa.array(number["customer"].astype(str), mask=number["customer"] == 0),
            "channel": pa.array(np.full(len(rows), "voice")),
            "type": calls["type"],
            "priority": pa.array(number["priority"].astype(np.int8)),
            "arrival": pa.array(np.minimum(entry, queue_enter), pa.timestamp("us")),
            "queue_enter": pa.array(queue_enter, pa.timestamp("us"), mask=~in_queue),
            "wait_s": pa.array(number["q_time"].astype(float), mask=~in_queue),
            "outcome": pa.array(np.select([answered, queued], [SERVED, ABANDONED], LEFT_MENU)),
            "agent": pc.if_else(pa.array(answered & named), calls["agent"], None),
            "service_start": pa.array(moment(number["ser_start"]), pa.timestamp("us"), mask=~serviced),
            "service_s": pa.array(np.minimum(number["ser_time"], SERVICE_CLIP_S).astype(float), mask=~serviced),
            "wrap_s": pa.nulls(len(rows), pa.float64()),
            "service_clipped": pa.array(serviced & (number["ser_time"] > SERVICE_CLIP_S)),
            "agent_unknown": pa.array(answered & ~named),
        }
    ).cast(SCHEMA)
    repaired = {
        "vru_time negative: taken as missing": number["vru_time"] < 0,
        "service over an hour: clipped": serviced & (number["ser_time"] > SERVICE_CLIP_S),
        "HANG with a service nobody took: left out": ~answered & (number["ser_time"] != 0),
    }
    noted = {
        "answered at once (q_time 0)": answered & (number["q_time"] == 0),
        "answered by NO_SERVER: agent unknown": answered & ~named,
        "HANG before the queue: left_menu": ~answered & ~queued,
        "customer not identified": number["customer"] == 0,
    }
    return contacts, noted, repaired
