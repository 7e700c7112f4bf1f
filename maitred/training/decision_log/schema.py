"""The schema of a decision log: one parquet row per decision, the same for every center and every policy.

Times are wall-clock times of the center without a zone, durations are seconds, money is that of the objective in the
file's metadata. The metadata also hold the version and the names of the features in the order of their vectors; a
reader refuses a file that differs. Rows of an episode stand in the order of its decisions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Kind
from maitred.envs.kernel.layout import Outcome, Term

VERSION = "2"
PREFIX = "maitred.decision_log."
VERSION_KEY, OBJECTIVE_KEY, PROVENANCE_KEY = (
    f"{PREFIX}{name}".encode() for name in ("version", "objective", "provenance")
)

OPEN, CENSORED, COMPLETE = OUTCOMES = ("open", "censored", "complete")
EVALUATION, ACTIVE, FALLBACK, OVERRIDE = MODES = ("evaluation", "active", "fallback", "override")
KINDS = tuple(kind.name.lower() for kind in Kind)
ENDS = tuple(outcome.name.lower() for outcome in Outcome if outcome != Outcome.INSIDE)


class DecisionLogError(ValueError):
    """A file is not the decision log it must be, or what was to be written or joined is not."""


class Column(NamedTuple):
    """One column: its name, parquet type, whether it may be null, its unit and what it says."""

    name: str
    type: pa.DataType
    nullable: bool
    unit: str
    meaning: str


_CONTEXT = pa.list_(pa.float32(), len(CONTEXT_NAMES))
_CANDIDATE = pa.list_(pa.float32(), len(CANDIDATE_NAMES))
_TIME = pa.timestamp("us")

TERM_NAMES = tuple(term.name.lower() for term in Term)
TERMS = pa.struct([pa.field(name, pa.float64()) for name in TERM_NAMES])
EVENTS = pa.struct(
    [
        pa.field("answered_s", pa.float64()),
        pa.field("closed_s", pa.float64()),
        pa.field("ended", pa.string()),
        pa.field("resolved", pa.bool_()),
        pa.field("surveyed", pa.float64()),
        pa.field("returns", pa.int32()),
    ]
)
EVENT_MEANINGS = {
    "answered_s": ("s", "from the decision to the first human word; negative: it came before; null: none"),
    "closed_s": ("s", "from the decision to the end of the contact; null: not ended"),
    "ended": ("", "how the contact ended: " + ", ".join(ENDS) + "; null: not ended"),
    "resolved": ("", "whether the matter was settled; null: not known"),
    "surveyed": ("0..1", "satisfaction as the customer stated it; null: no survey was answered"),
    "returns": ("contacts", "later contacts of the same case"),
}

COLUMNS = (
    Column("decision_id", pa.string(), False, "", "identifier, unique in the log"),
    Column("key", pa.uint64(), False, "", "seed of the policy's own draws: the same policy answers the same again"),
    Column("time", _TIME, False, "", "when it was decided"),
    Column("episode_id", pa.string(), True, "", "the day, or days, it belongs to; null: not cut into episodes"),
    Column("step", pa.int32(), True, "", "decisions of the episode before this one"),
    Column("episode_end", pa.bool_(), True, "", "whether it is the last decision of its episode"),
    Column("contact_id", pa.string(), True, "", "contact that the answer is about; null: about none"),
    Column("case_id", pa.string(), True, "", "the customer's matter, shared by the contacts about it"),
    Column("kind", pa.string(), False, "", " | ".join(KINDS)),
    Column("context", _CONTEXT, False, "decision.py", "the situation: features named in the metadata, in this order"),
    Column(
        "candidates", pa.list_(_CANDIDATE), False, "decision.py",
        "features of each candidate, in short-list order; only real places, so that rows differ in length",
    ),
    Column("mask", pa.list_(pa.bool_()), False, "", "which candidates were legal"),
    Column("chosen", pa.int32(), False, "", "place of the candidate that was taken, from 0; always legal"),
    Column("propensity", pa.float64(), True, "1", "probability with which it was taken, in (0, 1]; null: not known"),
    Column("propensity_estimated", pa.bool_(), False, "", "true: fitted to a log, not known from the policy"),
    Column("policy_id", pa.string(), False, "", "name of who decided"),
    Column("model_version", pa.string(), True, "", "what exactly decided: hash of a bundle, `rule:` and its name"),
    Column("governance_hash", pa.string(), True, "", "hash of the governance file in force"),
    Column(
        "mode", pa.string(), False, "",
        "active: the policy's answer was taken | evaluation: the platform's, the policy's being tried beside it | "
        "fallback: a rule stood in | override: a human decided",
    ),
    Column("reason", pa.string(), True, "", "why, in modes fallback and override; null: it was not said"),
    Column("step_reward", pa.float64(), True, "money", "booked in the whole center until the episode's next decision"),
    Column("step_s", pa.float64(), True, "s", "until the episode's next decision, or its end"),
    Column(
        "outcome", pa.string(), True, "",
        "open: more may come | censored: not followed to the end | complete; null: about no contact",
    ),
    Column("outcome_time", _TIME, True, "", "until when the outcome is known"),
    Column("outcome_event", pa.string(), True, "", "identifier of the message that told it; null: none did"),
    Column("reward", pa.float64(), True, "money", "booked by the contact, its returns included, from the decision on"),
    Column("terms", TERMS, True, "per term", "what the reward is made of, unweighted"),
    Column("events", EVENTS, True, "per event", "what became of the contact"),
)  # fmt: skip
OUTCOME_COLUMNS = ("outcome", "outcome_time", "outcome_event", "reward", "terms", "events")

SCHEMA = pa.schema(
    [pa.field(c.name, c.type, c.nullable, metadata={"unit": c.unit, "meaning": c.meaning}) for c in COLUMNS],
    metadata={
        VERSION_KEY: VERSION.encode(),
        f"{PREFIX}context".encode(): json.dumps(CONTEXT_NAMES).encode(),
        f"{PREFIX}candidates".encode(): json.dumps(CANDIDATE_NAMES).encode(),
    },
)


def schema_of(objective: Mapping[str, float | None], provenance: Mapping[str, object]) -> pa.Schema:
    """The schema with a log's own metadata: weights of its rewards, and where its decisions come from."""
    own = {OBJECTIVE_KEY: as_json(objective), PROVENANCE_KEY: as_json(provenance)}
    return SCHEMA.with_metadata({**SCHEMA.metadata, **own})


def said(schema: pa.Schema, key: bytes) -> dict[str, object]:
    """One of a log's own descriptions, `OBJECTIVE_KEY` or `PROVENANCE_KEY`; empty if it has none."""
    found: dict[str, object] = json.loads((schema.metadata or {}).get(key, b"{}"))
    return found


def as_json(content: object) -> bytes:
    """A description as the metadata hold it."""
    return json.dumps(content, sort_keys=True).encode()
