"""What an import did with every row it read: the counts, and the rows it rejected."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa
from rich.table import Table


class Reject(NamedTuple):
    """A row that could not be used. `row`: line of the file, the header being 1 where there is one."""

    file: str
    row: int
    field: str
    reason: str
    raw: str


@dataclass(frozen=True)
class Chunk:
    """A batch of the source after conversion: contacts (SCHEMA's columns) and the fate of the other rows."""

    contacts: pa.Table
    rows_read: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    repaired: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True)
class ImportReport:
    """Counts of rows. read = written + dropped + rejected; repaired and noted rows are among the written.

    `dropped`, `repaired`, `noted` and `rejected` map a reason to its number of rows. A written row may be
    both repaired and noted, for several reasons.
    """

    rows_read: int = 0
    rows_written: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    repaired: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Whether every row read is accounted for exactly once."""
        out = self.rows_written + sum(self.dropped.values()) + sum(self.rejected.values())
        return self.rows_read == out


def add_chunk(report: ImportReport, chunk: Chunk) -> ImportReport:
    """Return `report` with the rows of `chunk` counted in."""
    return ImportReport(
        rows_read=report.rows_read + chunk.rows_read,
        rows_written=report.rows_written + chunk.contacts.num_rows,
        dropped=_sum(report.dropped, chunk.dropped),
        rejected=_sum(report.rejected, Counter(f"{r.field}: {r.reason}" for r in chunk.rejects)),
        repaired=_sum(report.repaired, chunk.repaired),
        noted=_sum(report.noted, chunk.noted),
    )


def _sum(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return {reason: a.get(reason, 0) + b.get(reason, 0) for reason in sorted({*a, *b})}


def report_table(report: ImportReport) -> Table:
    """Return the report as a table to print with rich."""
    table = Table("rows", "why", "count", title="Import")
    table.columns[2].justify = "right"
    table.add_row("read", "", f"{report.rows_read:,}")
    for group in ("dropped", "rejected"):
        for reason, count in getattr(report, group).items():
            table.add_row(group, reason, f"{count:,}")
    table.add_row("written", "", f"{report.rows_written:,}", end_section=True)
    for group in ("repaired", "noted"):
        for reason, count in getattr(report, group).items():
            table.add_row(group, reason, f"{count:,}")
    return table
