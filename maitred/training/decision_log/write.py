"""Writing a decision log: whole or not at all, in row groups whose size does not depend on who appends what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from maitred.training.decision_log.schema import SCHEMA
from maitred.whole_file import whole_file

GROUP_ROWS = 8192  # about 20 MB of decisions between ten candidates

_TEXT = [field.name for field in SCHEMA if pa.types.is_string(field.type)]


@contextmanager
def log_writer(
    path: str | Path, schema: pa.Schema, group_rows: int = GROUP_ROWS
) -> Iterator[Callable[[pa.Table], None]]:
    """Yield a function that appends tables (the schema's columns) to a new log; holds about one row group in memory.

    The log stands under `path` when the block ends without error.
    """
    waiting: list[pa.Table] = []

    def append(rows: pa.Table) -> None:
        waiting.append(rows.select(schema.names).cast(schema))
        while sum(table.num_rows for table in waiting) >= group_rows:
            joined = pa.concat_tables(waiting)
            write(joined.slice(0, group_rows))
            waiting[:] = [joined.slice(group_rows)]

    def write(group: pa.Table) -> None:
        writer.write_table(group.combine_chunks(), row_group_size=group_rows)

    with (
        whole_file(Path(path)) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=_TEXT) as writer,
    ):
        yield append
        if rest := [table for table in waiting if table.num_rows]:
            write(pa.concat_tables(rest))
