"""What a study reports: named figures with their references, printed as a table and written as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from maitred.whole_file import whole_file


@dataclass(frozen=True)
class Figure:
    """One measured number, what it is held against, and how they compare.

    Attributes:
        name: what was measured.
        value: the measurement, in `unit`.
        unit: unit of `value` and `reference`.
        reference: the exact or published value, or the other tool's measurement; None where there is none.
        ratio: value / reference, None where there is no reference or it is zero.
    """

    name: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None

    @classmethod
    def against(cls, name: str, value: float, unit: str, reference: float) -> Figure:
        """A figure with a reference; their ratio follows."""
        return cls(name, value, unit, reference, value / reference if reference else None)


def print_figures(title: str, figures: Sequence[Figure]) -> None:
    """A table of figures on standard output."""
    print_table(
        title,
        ("figure", "value", "unit", "reference", "ratio"),
        [(f.name, number(f.value), f.unit, number(f.reference), number(f.ratio)) for f in figures],
    )


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table of texts on standard output; columns whose cells are numbers stand on the right."""
    table = Table(title=title, title_justify="left")
    for i, name in enumerate(header):
        numeric = bool(rows) and all(row[i][:1] in "+-0123456789([" for row in rows)
        # Long texts are folded, so that no number is cut.
        table.add_column(name, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(markup=False, width=None if sys.stdout.isatty() else 140).print(table)


def number(value: float | None) -> str:
    """Five significant digits, thousands separated; a dash for none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.5g}"


def write_json(path: Path, figures: Sequence[Figure]) -> None:
    """Write the figures as a JSON list, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps([asdict(f) for f in figures], indent=1) + "\n", encoding="utf-8")
