"""Streaming of delimited text files: batches of text columns that know their line numbers."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
from numpy.typing import NDArray

from maitred.envs.contact_log.schema import ContactLogError

OpenFile = Callable[[Path], BinaryIO]


class Layout(NamedTuple):
    """How a file is written. `names`: its columns in order; None: the header names them."""

    delimiter: str
    quoted: bool
    header: bool
    names: Sequence[str] | None = None


class Rows(NamedTuple):
    """A batch of n rows.

    `lines`: (n,), the line of each in its file; `malformed`: lines met meanwhile that have not
    as many fields as there are columns.
    """

    columns: pa.RecordBatch
    lines: NDArray[np.int64]
    malformed: Sequence[csv.InvalidRow] = ()


def read_rows(path: Path, open_file: OpenFile, layout: Layout, columns: Sequence[str]) -> Iterator[Rows]:
    """Yield the named `columns` of a file, plain or gzipped, as text; an empty field is "" unless quoted.

    Raises:
        ContactLogError: the file cannot be read, or lacks a column.
    """
    malformed: list[csv.InvalidRow] = []

    def skip(row: csv.InvalidRow) -> str:
        malformed.append(row)
        return "skip"

    try:
        with open_file(path) as file:
            stream = pa.CompressedInputStream(file, "gzip") if path.suffix == ".gz" else file
            done, reported = 0, 0
            for batch in csv.open_csv(stream, *_options(layout, columns, skip)):
                lines = _lines(done + 1 + layout.header, batch.num_rows, malformed)
                yield Rows(batch, lines, malformed[reported:])
                done, reported = done + batch.num_rows, len(malformed)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError, EOFError) as error:
        raise ContactLogError(f"{path}: {error}") from error


def _lines(first: int, n: int, malformed: Sequence[csv.InvalidRow]) -> NDArray[np.int64]:
    """Return the lines of n rows, the first of which would be on line `first` but for the malformed ones."""
    gaps = np.array([row.number for row in malformed], np.int64) - np.arange(len(malformed))
    place = np.arange(first, first + n)
    return place + np.searchsorted(gaps, place, side="right")


def _options(
    layout: Layout, columns: Sequence[str], skip: Callable[[csv.InvalidRow], str]
) -> tuple[csv.ReadOptions, csv.ParseOptions, csv.ConvertOptions]:
    named = layout.names is not None
    read = csv.ReadOptions(
        # One thread, because only then does arrow know the line number of a malformed row.
        use_threads=False,
        block_size=1 << 24,
        column_names=layout.names,
        skip_rows=int(layout.header and named),
    )
    parse = csv.ParseOptions(
        delimiter=layout.delimiter,
        quote_char='"' if layout.quoted else False,
        invalid_row_handler=skip,
        ignore_empty_lines=False,
    )
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()),
        include_columns=columns,
        strings_can_be_null=layout.quoted,
        null_values=["", "null", "NULL"],
    )
    return read, parse, convert
