"""Tables of policies on the terminal: as many as the console is too narrow for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

_POLICY_WIDTH, _CELL_WIDTH = 16, 17  # characters of a printed table's columns, lines included


def print_columns(
    policies: Sequence[str], title: str, columns: Mapping[str, Callable[[str], Text]], caption: str, console: Console
) -> None:
    """Print a row per policy.

    Args:
        policies: their names.
        title: stands over the first table.
        columns: by head, the cell of a policy.
        caption: stands under the last table.
        console: where to print.
    """
    per_table = max(1, (console.width - _POLICY_WIDTH) // _CELL_WIDTH)
    heads = list(columns)
    groups = [heads[i : i + per_table] for i in range(0, len(heads), per_table)]
    tables = [Table() for _ in groups]
    for table, group in zip(tables, groups, strict=True):
        table.add_column("policy", no_wrap=True)
        for head in group:
            table.add_column(Text(head), justify="right", no_wrap=True)
        for policy in policies:
            table.add_row(Text(policy), *(columns[head](policy) for head in group))
    tables[0].title, tables[-1].caption = Text(title), Text(caption)
    for table in tables:
        console.print(table)
