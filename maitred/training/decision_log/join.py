"""Joining what came of decisions, told late, to their log: at least once, in any order, always the same bytes."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.table import Table

from maitred.envs.objective import Objective
from maitred.training.decision_log.inbox import Account, Inbox, inbox
from maitred.training.decision_log.read import open_log, read_groups
from maitred.training.decision_log.schema import (
    CENSORED,
    EVENTS,
    OBJECTIVE_KEY,
    OPEN,
    OUTCOME_COLUMNS,
    SCHEMA,
    TERM_NAMES,
    DecisionLogError,
    said,
)
from maitred.training.decision_log.told import read_told
from maitred.training.decision_log.write import log_writer
from maitred.whole_file import whole_file

WINDOW_DAYS = 7.0  # in which another contact of the same case counts as its return
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Joined:
    """What became of messages and rows.

    Attributes:
        messages: read.
        duplicates: of them, delivered before.
        useless: messages in the quarantine, by reason.
        rows: of the log.
        told: rows whose outcome changed.
        outcomes: rows by outcome, None those without one.
    """

    messages: int
    duplicates: int
    useless: dict[str, int]
    rows: int
    told: int
    outcomes: dict[str | None, int]


def join(log: str | Path, outcomes: Sequence[str | Path], out: str | Path, window_days: float = WINDOW_DAYS) -> Joined:
    """Write the log with the newest account of each decision; what is of no use goes to `out`.quarantine.jsonl.

    The rows keep their order and their groups, so that joining again, also what has been joined, changes no byte. A
    decision about a contact whose outcome is still open when the window is over is censored; a later message may
    still complete it.

    Args:
        log: decision log.
        outcomes: files of messages, see `told`.
        out: log to write; may be `log` itself.
        window_days: days after a decision during which more is waited for, by the latest time that the log or a
            message speaks of.

    Raises:
        DecisionLogError: a file cannot be read, or the window is negative.
    """
    if not window_days >= 0:
        raise DecisionLogError(f"window_days: expected 0 or more, found {window_days}")
    out, counts, told, rows = Path(out), Counter[str | None](), 0, 0
    with open_log(log) as file:
        schema = file.schema_arrow
    weights = _weights(schema)
    with inbox(out) as messages:
        for path in outcomes:
            messages.put(read_told(path))
        messages.set_conflicts_apart()
        over_us = max(_latest_us(log), messages.latest_us() or 0) - int(window_days * _DAY_US)
        with log_writer(out, schema) as append:
            for group in read_groups(log):
                group, changed = _with_accounts(group, messages, weights)
                group = _censored(group, over_us)
                append(group)
                rows, told = rows + group.num_rows, told + changed
                counts.update(group["outcome"].to_pylist())
        _write_quarantine(messages, out)
        return Joined(messages.read, messages.duplicates, dict(messages.fates()), rows, told, dict(counts))


def _weights(schema: pa.Schema) -> dict[str, float] | None:
    """Money per unit of each term, by name, if the log says what its rewards are in terms of."""
    objective: Any = said(schema, OBJECTIVE_KEY)
    if not objective:
        return None
    return dict(zip(TERM_NAMES, Objective(**objective).weights().tolist(), strict=True))


def _latest_us(log: str | Path) -> int:
    latest = [pc.max(group["time"]).cast(pa.int64()).as_py() for group in read_groups(log, ["time"])]
    return max((time for time in latest if time is not None), default=0)


def _with_accounts(group: pa.Table, messages: Inbox, weights: dict[str, float] | None) -> tuple[pa.Table, int]:
    """Rows with the newest account of each, and how many of them changed."""
    accounts = messages.accounts(group["decision_id"].to_pylist(), group["contact_id"].to_pylist())
    if not accounts:
        return group, 0
    held = _rows(group)
    changed = 0
    for place, account in accounts.items():
        row, before = _row(account, weights), held[place]
        if _age(row) > _age(before):
            held[place] = row
            changed += 1
        elif _age(row) == _age(before) and row != {**before, "outcome": _as_told(before, row)}:
            messages.contradicted(account.event_id)
    return _replaced(group, held), changed


def _rows(group: pa.Table) -> list[dict[str, Any]]:
    """Outcomes of rows, times as microseconds since 1970."""
    outcomes = group.select(OUTCOME_COLUMNS)
    place = OUTCOME_COLUMNS.index("outcome_time")
    rows: list[dict[str, Any]] = outcomes.set_column(
        place, "outcome_time", outcomes["outcome_time"].cast(pa.int64())
    ).to_pylist()
    return rows


def _age(row: dict[str, Any]) -> tuple[int, str]:
    """What the newest of two accounts has more of; equal times are told apart by name, so that order never matters."""
    return row["outcome_time"] or 0, row["outcome_event"] or ""


def _as_told(before: dict[str, Any], row: dict[str, Any]) -> str:
    """The outcome as it was told: of what was still open, the window may have made censored meanwhile."""
    was_open = row["outcome"] == OPEN and before["outcome"] == CENSORED
    return OPEN if was_open else before["outcome"]


def _row(account: Account, weights: dict[str, float] | None) -> dict[str, Any]:
    """An account as a row; a reward that was not told is made of the terms that were."""
    content = json.loads(account.content)
    terms, events, reward = content["terms"], content["events"], content["reward"]
    if reward is None and terms and weights is not None:
        reward = math.fsum(weights[name] * (terms[name] or 0.0) for name in sorted(terms))
    return {
        "outcome": content["outcome"],
        "outcome_time": account.time_us,
        "outcome_event": account.event_id,
        "reward": reward,
        "terms": {name: terms.get(name) for name in TERM_NAMES} if terms else None,
        "events": {name: events.get(name) for name in EVENTS.names} if events else None,
    }


def _replaced(group: pa.Table, outcomes: list[dict[str, Any]]) -> pa.Table:
    told = pa.Table.from_pylist(outcomes, pa.schema([SCHEMA.field(name) for name in OUTCOME_COLUMNS]))
    for name in OUTCOME_COLUMNS:
        group = group.set_column(group.column_names.index(name), SCHEMA.field(name), told[name])
    return group


def _censored(group: pa.Table, over_us: int) -> pa.Table:
    """Rows about a contact of which nothing is known are open, and censored if they are old enough."""
    waiting = pc.and_(pc.is_valid(group["contact_id"]), pc.fill_null(pc.equal(group["outcome"], OPEN), True))
    old = pc.less_equal(pc.cast(group["time"], pa.int64()), over_us)
    outcome = pc.if_else(waiting, pc.if_else(old, CENSORED, OPEN), group["outcome"])
    return group.set_column(group.column_names.index("outcome"), SCHEMA.field("outcome"), outcome)


def _write_quarantine(messages: Inbox, out: Path) -> None:
    with whole_file(quarantine_of(out)) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in messages.left_over())


def quarantine_of(out: Path) -> Path:
    """Where messages go that are of no use."""
    return out.with_name(out.name + ".quarantine.jsonl")


def joined_table(joined: Joined) -> Table:
    """What became of messages and rows, to print."""
    table = Table("", "", "count", title="Outcomes")
    table.columns[2].justify = "right"
    table.add_row("messages", "read", f"{joined.messages:,}")
    table.add_row("", "delivered before", f"{joined.duplicates:,}")
    for reason, count in sorted(joined.useless.items()):
        table.add_row("", f"of no use: {reason}", f"{count:,}")
    table.add_row("rows", "of the log", f"{joined.rows:,}")
    table.add_row("", "told something new", f"{joined.told:,}")
    for outcome, count in sorted(joined.outcomes.items(), key=str):
        table.add_row("", outcome or "about no contact", f"{count:,}")
    return table
