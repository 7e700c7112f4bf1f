"""Messages kept on disk while a log is joined, so that neither has to fit in memory."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from maitred.training.decision_log.told import ABOUT, Refused, Told

_TABLES = """
CREATE TABLE told (event_id TEXT, about TEXT, id TEXT, time_us INTEGER, content TEXT, fate TEXT,
                   PRIMARY KEY (event_id, about, id, time_us, content)) WITHOUT ROWID;
CREATE INDEX told_of ON told (about, id);
CREATE TABLE refused (reason TEXT, file TEXT, row INTEGER, raw TEXT);
CREATE TEMP TABLE wanted (place INTEGER, about TEXT, id TEXT);
"""
CONFLICT, UNMATCHED = "conflict: the same event_id tells something else elsewhere", "unmatched: the log has no such id"
CONTRADICTS = "conflict: the log was told something else under the same event_id"


class Account(NamedTuple):
    """What a message tells of one row of a log; the greatest of a row's accounts is the one that counts."""

    time_us: int
    event_id: str
    content: str


class Inbox:
    """Distinct messages, and what has become of each."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._database.executescript(_TABLES)
        self.read = self.duplicates = 0

    def put(self, messages: Iterable[Told | Refused]) -> None:
        """Keep messages; one that has been delivered before is counted only."""
        for message in messages:
            self.read += 1
            if isinstance(message, Refused):
                row = (message.reason, message.file, message.row, message.raw)
                self._database.execute("INSERT INTO refused VALUES (?, ?, ?, ?)", row)
                continue
            values = (message.event_id, message.about, message.id, message.time_us, message.content)
            done = self._database.execute("INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?, ?, NULL)", values)
            self.duplicates += 1 - done.rowcount

    def set_conflicts_apart(self) -> None:
        """Messages that tell different things under one identifier are all refused: none is truer than the others."""
        several = "SELECT event_id FROM told GROUP BY event_id HAVING COUNT(*) > 1"
        self._database.execute(f"UPDATE told SET fate = ? WHERE event_id IN ({several})", (CONFLICT,))

    def latest_us(self) -> int | None:
        """The latest time that any message speaks of."""
        found: int | None = self._database.execute("SELECT MAX(time_us) FROM told").fetchone()[0]
        return found

    def accounts(self, decisions: list[str | None], contacts: list[str | None]) -> dict[int, Account]:
        """The newest account of each row that there is one of, by the row's place; both lists are (B,)."""
        self._database.execute("DELETE FROM wanted")
        for about, ids in zip(ABOUT, (decisions, contacts), strict=True):
            rows = ((place, about, identity) for place, identity in enumerate(ids) if identity is not None)
            self._database.executemany("INSERT INTO wanted VALUES (?, ?, ?)", rows)
        newest: dict[int, Account] = {}
        found = self._database.execute(
            "SELECT place, time_us, event_id, content FROM wanted CROSS JOIN told USING (about, id)"
            " WHERE fate IS NOT ?",
            (CONFLICT,),
        )
        for place, *account in found:
            newest[place] = max(Account(*account), newest.get(place, Account(*account)))
        for about, ids in zip(ABOUT, (decisions, contacts), strict=True):
            matched = "UPDATE told SET fate = 'matched' WHERE fate IS NULL AND about = ? AND id = ?"
            self._database.executemany(matched, ((about, identity) for identity in set(ids)))
        return newest

    def contradicted(self, event_id: str) -> None:
        """A message was found to contradict what the log has been told before."""
        self._database.execute("UPDATE told SET fate = ? WHERE event_id = ?", (CONTRADICTS, event_id))

    def left_over(self) -> Iterator[dict[str, Any]]:
        """Every message that was of no use, with the reason, in an order that does not depend on that of delivery."""
        for reason, file, row, raw in self._database.execute("SELECT * FROM refused ORDER BY 1, 2, 3, 4"):
            yield {"reason": reason, "file": file, "row": row, "raw": raw}
        rest = "SELECT * FROM told WHERE fate IS NOT 'matched' ORDER BY event_id, about, id, time_us, content"
        for event_id, about, identity, time_us, content, fate in self._database.execute(rest):
            told = {"event_id": event_id, about: identity, "time_us": time_us, **json.loads(content)}
            yield {"reason": fate or UNMATCHED, **told}

    def fates(self) -> Counter[str]:
        """Number of messages by reason for which they were of no use."""
        return Counter(entry["reason"].partition(":")[0] for entry in self.left_over())


@contextmanager
def inbox(beside: Path) -> Iterator[Inbox]:
    """An empty inbox on the disk of the file that is to be written."""
    with (
        TemporaryDirectory(dir=beside.parent, prefix=f".{beside.name}-") as folder,
        closing(sqlite3.connect(Path(folder) / "inbox.sqlite", isolation_level=None)) as database,
    ):
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        yield Inbox(database)
