"""The schema of turn-level events: one row per event, the same for every center, as parquet or JSON lines.

Times are wall-clock times of the center, durations seconds. The version stands in the parquet metadata, or in the
first line of a JSONL file; a reader refuses any other. What an event may say besides stands in `attrs`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

VERSION = "1"
VERSION_KEY = "maitred.turn_log.version"


class TurnLogError(ValueError):
    """A file is not the turn log it must be."""


EVENTS = {
    "arrive": "a contact comes; intent: as the menu or the customer put it; attrs: priority, complexity",
    "accept": "an agent has been given the contact",
    "start_turn": "the agent begins to work on it; attrs.context on the first turn after a hand-over",
    "end_turn": "the agent has answered; duration_s: work, interruptions left out; null: not known",
    "reply": "the customer has answered",
    "bot_start": "a bot takes it; resource_id: the bot",
    "bot_turn": "bot and customer have had a turn; duration_s: of both",
    "transfer": "moved to another queue; intent: what it is now known to be about",
    "escalate": "handed to specialists; the transfer follows",
    "abandon": "the customer has left the queue or the bot, and it shows",
    "silent_abandon_suspected": "closed because nobody answers any more",
    "callback_offered": "a call back was offered",
    "callback_accepted": "and taken",
    "callback_no_answer": "an agent called and nobody was there",
    "resolve": "closed; resource_id null: by the bot; attrs.resolved: whether the matter was settled, if known",
    "wrap": "after-contact work begins; duration_s: its length",
    "survey": "the customer has answered a survey; attrs.score 0..1",
    "shift_start": "an agent's shift begins; attrs: group, tenure_wk",
    "shift_end": "an agent's shift ends",
}
SHIFT_EVENTS = ("shift_start", "shift_end")
BY_SOMEONE = ("accept", "start_turn", "end_turn", "bot_start", "bot_turn", "wrap", *SHIFT_EVENTS)

ATTRS = {
    "priority": (pa.int8(), "0 regular, 1 high"),
    "complexity": (pa.string(), "label of the contact's complexity, if somebody gave it one"),
    "context": (pa.float64(), "share of what was said that the one who takes over can see, 0..1"),
    "resolved": (pa.bool_(), "whether the matter was settled; null: not known"),
    "score": (pa.float64(), "satisfaction as surveyed, 0..1"),
    "group": (pa.string(), "group of the agent"),
    "tenure_wk": (pa.float64(), "experience of the agent, weeks"),
}
_LABEL = pa.dictionary(pa.int32(), pa.string())
COLUMNS = {
    "ts": (pa.timestamp("us"), "when"),
    "event": (_LABEL, "one of EVENTS"),
    "contact_id": (pa.string(), "of the contact; null for shifts only"),
    "case_id": (pa.string(), "of the customer's matter, shared by the contacts about it; null: not followed"),
    "channel": (_LABEL, "voice, chat, email, ..."),
    "intent": (_LABEL, "type of contact"),
    "resource_id": (pa.string(), "agent or bot"),
    "queue_id": (_LABEL, "queue it is in"),
    "turn": (pa.int32(), "turns before this event"),
    "duration_s": (pa.float64(), "see the event"),
    "attrs": (pa.struct([pa.field(name, kind) for name, (kind, _) in ATTRS.items()]), "see below"),
}
SCHEMA = pa.schema(
    [pa.field(name, kind, metadata={"meaning": meaning}) for name, (kind, meaning) in COLUMNS.items()],
    metadata={VERSION_KEY.encode(): VERSION.encode()},
)


class Rule(NamedTuple):
    """A condition on every row. `field`: the column to blame; `holds`: one boolean per row."""

    field: str
    expected: str
    holds: pa.BooleanArray


def rules(events: pa.Table) -> tuple[Rule, ...]:
    """Evaluate the conditions on rows (SCHEMA's columns, any number of rows)."""
    c = {name: events[name].combine_chunks() for name in events.column_names}
    attr = {name: pc.struct_field(c["attrs"], name) for name in ("context", "score", "tenure_wk")}
    return (
        Rule("ts", "a time", pc.is_valid(c["ts"])),
        Rule("event", "one of " + ", ".join(EVENTS), _among(c["event"], tuple(EVENTS))),
        Rule(
            "contact_id",
            "a value unless the event is a shift's",
            _or_valid(_among(c["event"], SHIFT_EVENTS), c["contact_id"]),
        ),
        Rule("channel", "a value on arrival", _or_valid(pc.invert(_among(c["event"], ("arrive",))), c["channel"])),
        Rule("intent", "a value on arrival", _or_valid(pc.invert(_among(c["event"], ("arrive",))), c["intent"])),
        Rule("resource_id", "who did it", _or_valid(pc.invert(_among(c["event"], BY_SOMEONE)), c["resource_id"])),
        Rule("duration_s", "at least 0", _within(c["duration_s"], 0, float("inf"))),
        Rule("attrs.context", "within 0..1", _within(attr["context"], 0, 1)),
        Rule("attrs.score", "within 0..1", _within(attr["score"], 0, 1)),
        Rule("attrs.tenure_wk", "at least 0", _within(attr["tenure_wk"], 0, float("inf"))),
    )


def _among(column: pa.Array, names: tuple[str, ...]) -> pa.BooleanArray:
    return pc.is_in(pc.cast(column, pa.string()), value_set=pa.array(names, pa.string()))


def _or_valid(free: pa.BooleanArray, column: pa.Array) -> pa.BooleanArray:
    return pc.or_(free, pc.is_valid(column))


def _within(column: pa.Array, low: float, high: float) -> pa.BooleanArray:
    return pc.fill_null(pc.and_(pc.greater_equal(column, low), pc.less_equal(column, high)), True)


def is_turn_log(path: str | Path) -> bool:
    """Whether a file says that it is a turn log, of whatever version."""
    path = Path(path)
    if path.suffix == ".jsonl":
        return True
    try:
        return VERSION_KEY.encode() in (pq.read_schema(path).metadata or {})
    except (pa.ArrowInvalid, OSError):
        return False
