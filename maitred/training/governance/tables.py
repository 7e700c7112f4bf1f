"""Governance for the terminal: what the rules are, and what changed."""

from __future__ import annotations

from rich.table import Table

from maitred.serving.governance import APPROVAL, Governance, document
from maitred.training.governance.diff import differences, words


def rules_table(governance: Governance, title: str) -> Table:
    """Every rule, then who approved it and its hash."""
    table = Table(title=title)
    table.add_column("rule")
    table.add_column("says", overflow="fold")
    for rule, value in document(governance).items():
        if rule not in APPROVAL:
            table.add_row(rule, words(value))
    approval = governance.approval
    table.add_section()
    if approval is None:
        table.add_row("approved", "by nobody yet: a draft")
    else:
        table.add_row("approved", f"version {approval.version} by {approval.approver}, after {approval.previous}")
    table.add_row("sha256", governance.sha256)
    return table


def changes_table(before: Governance, after: Governance, title: str) -> Table:
    """Every change in words."""
    table = Table(title=title)
    table.add_column("rule")
    table.add_column("change", overflow="fold")
    for difference in differences(before, after):
        table.add_row(*difference)
    if not table.row_count:
        table.add_row("", "the rules are the same")
    return table
