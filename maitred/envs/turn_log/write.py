"""Writing a turn log, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from maitred.envs.turn_log.schema import SCHEMA, VERSION, VERSION_KEY
from maitred.whole_file import whole_file


def write_turn_log(events: pa.Table, path: str | Path) -> None:
    """Write events (SCHEMA's columns) as parquet, or as JSON lines if `path` ends in .jsonl."""
    path, events = Path(path), events.cast(SCHEMA)
    with whole_file(path) as temporary:
        if path.suffix == ".jsonl":
            _write_lines(events, temporary)
        else:
            pq.write_table(events, temporary, compression="zstd")


def _write_lines(events: pa.Table, path: Path) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps({VERSION_KEY: VERSION}) + "\n")
        for row in events.to_pylist():
            row["ts"] = row["ts"].isoformat()
            row["attrs"] = _said(row["attrs"] or {}) or None
            file.write(json.dumps(_said(row)) + "\n")


def _said(values: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}
