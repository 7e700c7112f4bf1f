"""The verdict on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLES = {"passed": "green", "failed": "red", "unclear": "yellow", "not run": "yellow", "not asked": "dim"}
_VERDICTS = {"promote": "bold green", "hold": "bold yellow", "reject": "bold red"}


def print_verdict(sealed: Mapping[str, Any], console: Console) -> None:
    """Print every check of a sealed report by its part, and the verdict with what stands in the way."""
    title = Text(f"Should {sealed['candidate']['name']} replace {sealed['champion']['name']}?")
    table = Table("part", "check", "answer", "", title=title)
    for check in sealed["checks"]:
        state = Text(check["state"], _STYLES[check["state"]])
        table.add_row(str(check["part"]), Text(check["name"]), state, Text(check["sentence"]))
    console.print(table)
    promoted = sealed["verdict"] == "promote"
    carried = f", up to AI level {sealed['level']}" if promoted else ""
    console.print(Text(sealed["verdict"].upper() + carried, _VERDICTS[sealed["verdict"]]))
    if not promoted:
        for reason in sealed["reasons"]:
            console.print(Text(f"  {reason}"))
