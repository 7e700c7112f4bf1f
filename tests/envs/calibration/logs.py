"""Contact logs for the tests of calibration: drawn from known parameters, or the bank's own."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BANK_TYPES = ("PS", "NW", "NE", "TT", "IN", "PE")
NEW_YEAR = np.datetime64("1999-01-01", "us")


def contact_log(arrival_s, **columns) -> pa.Table:
    """Return a log of served contacts answered at once; `columns` replace what differs."""
    arrival_s = np.asarray(arrival_s, float)
    n = len(arrival_s)
    default = {
        "customer_id": pa.nulls(n, pa.string()),
        "channel": np.full(n, "voice"),
        "type": np.full(n, "t0"),
        "priority": np.zeros(n, np.int8),
        "wait_s": np.zeros(n),
        "outcome": np.full(n, "served"),
        "agent": np.full(n, "a0"),
        "service_s": np.full(n, 100.0),
        "service_clipped": np.zeros(n, bool),
        "agent_unknown": np.zeros(n, bool),
    }
    table = {k: v if isinstance(v, pa.Array) else pa.array(v) for k, v in (default | columns).items()}
    wait_s = np.asarray(columns.get("wait_s", np.zeros(n)), float)
    return pa.table(
        {
            "contact_id": pa.array([str(i) for i in range(n)]),
            **table,
            "arrival": _times(arrival_s),
            "queue_enter": _times(arrival_s),
            "service_start": _times(arrival_s + wait_s),
        }
    )


def bank_log(first: str, end: str) -> pa.Table:
    """Return the bank's contacts with `first` <= arrival < `end`, or skip the test without the data."""
    folder = os.environ.get("MAITRED_DATA")
    if not folder:
        pytest.skip("MAITRED_DATA is not set: no call log to check against")
    raw = pq.read_table(Path(folder) / "anonymous_bank" / "calls_1999_01_08.parquet")
    arrival = raw["arrival"].to_numpy().astype("datetime64[us]")
    columns = {name: raw[name].to_numpy(zero_copy_only=False) for name in raw.column_names}
    use = (arrival >= np.datetime64(first)) & (arrival < np.datetime64(end))
    use &= (columns["outcome"] != "PHANTOM") & (columns["type"] != "AA")
    c = {name: values[use] for name, values in columns.items()}
    served, known = c["outcome"] == "AGENT", np.array([bool(agent) for agent in c["agent"]])
    outcome = np.where(served, "served", np.where(c["q_time"] > 0, "abandoned", "left_menu"))
    log = contact_log(
        (arrival[use] - NEW_YEAR) / np.timedelta64(1, "s"),
        customer_id=pa.array(c["customer"].astype(str), mask=c["customer"] == 0),
        type=c["type"].astype(str),
        priority=c["priority"],
        wait_s=c["q_time"].astype(float),
        outcome=outcome,
        agent=pa.array(c["agent"].astype(str), mask=~(served & known)),
        service_s=pa.array(np.minimum(c["ser_time"], 3600).astype(float), mask=~served),
        service_clipped=served & (c["ser_time"] > 3600),
        agent_unknown=served & ~known,
    )
    queue_enter = pa.array(log["queue_enter"].to_numpy(), mask=outcome == "left_menu")
    return log.set_column(log.column_names.index("queue_enter"), "queue_enter", queue_enter)


def _times(seconds) -> pa.Array:
    return pa.array(NEW_YEAR + np.round(seconds * 1e6).astype("timedelta64[us]"), pa.timestamp("us"))
