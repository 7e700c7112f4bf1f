"""Import of raw logs into one contact log: what `maitred import` runs."""

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any, Literal, cast

from rich.progress import Progress

from maitred.envs.contact_log import mapped, technion, technion_table
from maitred.envs.contact_log.delimited import OpenFile
from maitred.envs.contact_log.mapping import load_mapping
from maitred.envs.contact_log.report import Chunk, ImportReport, Reject, add_chunk
from maitred.envs.contact_log.schema import ContactLogError, log_writer
from maitred.whole_file import whole_file

Format = Literal["technion", "mapped"]


def import_logs(
    paths: Sequence[Path | str],
    format: Format,
    out: Path | str,
    mapping: Path | str | None = None,
    progress: bool = True,
) -> ImportReport:
    """Convert raw logs into the contact log `out`.

    Writes `<out>.rejects.csv` and `<out>.report.json` beside it. Streams: memory does not grow with the
    rows but for what finds duplicates, 8 bytes a row (technion) or 40 (mapped). On an error none of the
    three files appears.

    Args:
        paths: the raw files.
        format: "technion" (the 17-field layout, as text or as typed parquet) or "mapped" (CSV or parquet,
            described by `mapping`).
        out: the parquet file to write.
        mapping: the column mapping, a YAML file; goes with "mapped" and with nothing else.
        progress: whether to show a progress bar on the terminal.

    Returns:
        What became of every row.

    Raises:
        ContactLogError: a file cannot be read as `format`, or not one row of them could be used.
    """
    out, sources = Path(out), [Path(path) for path in paths]
    if missing := [str(path) for path in sources if not path.is_file()]:
        raise ContactLogError(f"no such file: {', '.join(missing)}")
    report = ImportReport()
    first_reject: Reject | None = None
    with (
        whole_file(_beside(out, "report.json")) as report_json,
        whole_file(_beside(out, "rejects.csv")) as rejects_csv,
        open(rejects_csv, "w", newline="") as rejects_file,
        log_writer(out) as append,
        _opener(progress) as open_file,
    ):
        rejects = csv.writer(rejects_file)
        rejects.writerow(Reject._fields)
        for chunk in _chunks(sources, format, mapping, open_file):
            report = add_chunk(report, chunk)
            rejects.writerows(chunk.rejects)
            first_reject = first_reject or next(iter(chunk.rejects), None)
            append(chunk.contacts)
        if not report.rows_written:
            raise ContactLogError(_nothing_usable(report, first_reject))
        report_json.write_text(json.dumps(asdict(report), indent=2) + "\n")
    return report


def _beside(out: Path, suffix: str) -> Path:
    return out.with_name(f"{out.name}.{suffix}")


def _chunks(
    sources: Sequence[Path],
    format: Format,
    mapping: Path | str | None,
    open_file: OpenFile,
) -> Iterator[Chunk]:
    if (format == "mapped") != (mapping is not None):
        raise ContactLogError("a column mapping goes with the format 'mapped', and only with it")
    if format == "technion":
        tables = [path for path in sources if path.suffix == ".parquet"]
        texts = [path for path in sources if path.suffix != ".parquet"]
        return chain(technion.read_chunks(texts, open_file), technion_table.read_chunks(tables, open_file))
    if mapping is not None:
        return mapped.read_chunks(sources, load_mapping(mapping), open_file)
    raise ContactLogError(f"format {format!r}: expected 'technion' or 'mapped'")


def _nothing_usable(report: ImportReport, reject: Reject | None) -> str:
    message = f"none of the {report.rows_read} rows is usable"
    if reject:
        message += f"; first: {reject.file}, row {reject.row}, field {reject.field}: {reject.reason}"
    return message


@contextmanager
def _opener(progress: bool) -> Iterator[OpenFile]:
    """Yield a function that opens a file for reading, its progress shown if wanted."""
    if not progress:
        yield lambda path: path.open("rb")
        return
    with Progress() as bars:
        yield lambda path: cast(Any, bars.open(path, "rb", description=path.name))
