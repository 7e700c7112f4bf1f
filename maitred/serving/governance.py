"""The governance file: what no policy may do, whatever it has learned, and who approved that (GV-1).

One document holds every rule: as YAML for people, as canonical JSON in a bundle. The SHA-256 of the canonical JSON,
version, approver and the hash of the version before included, is its identity, and travels with every decision. A file
carries that hash itself, so that a rule which was changed without an approval shows.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from maitred.envs.decision import CANDIDATE_FEATURES, Feature
from maitred.serving.field_error import FieldError

SCHEMA = 1
NONE = "none"  # the hash where no governance is in force
APPROVAL = ("version", "approver", "previous", "sha256")
MAX_NAME = 256

_DAY_S = 86_400.0
_SUFFIXES = ("_at_most", "_at_least")
_OBSERVED: dict[str, Feature] = {f.name: f for f in CANDIDATE_FEATURES if f.part == "contact"}
T = TypeVar("T")


class GovernanceError(FieldError):
    """A governance file that must not be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When a conversation must, or may, be escalated.

    Attributes:
        feature: a candidate feature of the contact.
        at_least: it fires from this value on, in the feature's unit.
        at_most: it fires up to this value.
        intents: of which contacts; of all where empty.
    """

    feature: str
    at_least: float | None = None
    at_most: float | None = None
    intents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outreach:
    """Frequency caps of proactive messages; `open_*` are seconds of the day, the center's local time."""

    messages_per_day: float = 1e9
    messages_per_customer_week: float = 1e9
    open_from_s: float = 0.0
    open_to_s: float = _DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """What is promised of an intent: this share of its contacts answered within that many seconds."""

    share: float
    within_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who answers for a version.

    Attributes:
        version: 1 for the first.
        approver: a person's name.
        previous: hash of the version before; `NONE` for the first.
    """

    version: int
    approver: str
    previous: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """Every rule, and its approval.

    Attributes:
        intents: all that the center knows; a contact of any other is refused.
        must_human: intents that no bot may hold.
        two_person: intents that nobody closes before a second person approved.
        approval_above: money at stake from above which the intent needs a second person, too.
        must_escalate: a conversation is escalated, where it can be, once any of these fires.
        may_escalate: it may be escalated only when one of these, or of `must_escalate`, fires; None for any time.
        max_cap_slots: most weighted slots any agent may fill, and any decision may set.
        agent_caps: a lower limit of slots for agents by their id.
        outreach: frequency caps of proactive messages.
        service_levels: promised by intent. Evidence for the gate, not masks.
        fairness: bounds of KPIs by their name with `_at_most` or `_at_least`. Evidence for the gate, not masks.
        approval: None of a draft.
    """

    intents: tuple[str, ...]
    must_human: tuple[str, ...] = ()
    two_person: tuple[str, ...] = ()
    approval_above: Mapping[str, float]
    must_escalate: tuple[Trigger, ...] = ()
    may_escalate: tuple[Trigger, ...] | None = None
    max_cap_slots: float = 25.0
    agent_caps: Mapping[str, float]
    outreach: Outreach = Outreach()
    service_levels: Mapping[str, ServiceLevel]
    fairness: Mapping[str, float]
    approval: Approval | None = None

    @property
    def sha256(self) -> str:
        """Hash of the canonical JSON: the identity of this version."""
        return hashlib.sha256(canonical(self)).hexdigest()

    def cap_of(self, agent: str) -> float:
        """Most weighted slots that this agent may fill."""
        return min(self.max_cap_slots, self.agent_caps.get(agent, self.max_cap_slots))


def document(governance: Governance) -> dict[str, Any]:
    """Everything in it as JSON types, defaults spelled out, the approval's fields at the top."""
    content = asdict(governance)
    approval = content.pop("approval")
    plain: dict[str, Any] = json.loads(json.dumps({"schema": SCHEMA, **content, **(approval or {})}))
    for trigger in [*plain["must_escalate"], *(plain["may_escalate"] or [])]:
        for absent in [key for key in ("at_least", "at_most") if trigger[key] is None]:
            del trigger[absent]
    return plain


def canonical(governance: Governance) -> bytes:
    """Canonical JSON, UTF-8: keys sorted, no spaces, lists of names sorted, limits as floats."""
    text = json.dumps(document(governance), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def parse_governance(raw: bytes, file: str) -> Governance:
    """Read approved governance in its canonical JSON.

    Raises:
        GovernanceError: it is not JSON, a field is wrong, or nobody approved it.
    """
    try:
        governance = read_governance(json.loads(raw), file)
    except (ValueError, RecursionError) as error:
        if isinstance(error, GovernanceError):
            raise
        raise GovernanceError(file, "file", "JSON", error) from error
    if governance.approval is None:
        raise GovernanceError(file, "approver", "the name of who approved it", "none")
    return governance


def read_governance(content: object, file: str) -> Governance:
    """Check a document, parsed from YAML or JSON, a `sha256` in it apart.

    Raises:
        GovernanceError: a field is missing, unknown, of the wrong type or out of range.
    """
    fields = _Fields(content, file)
    if (schema := fields.integer("schema", 1)) != SCHEMA:
        raise GovernanceError(file, "schema", SCHEMA, schema)
    intents = fields.names("intents")
    if not intents:
        raise GovernanceError(file, "intents", "the names of all intents of the center", "none")
    governance = Governance(
        intents=intents,
        must_human=fields.names("must_human", intents),
        two_person=fields.names("two_person", intents),
        approval_above=fields.numbers("approval_above", 0, 1e9, among=intents),
        must_escalate=tuple(_triggers(fields, "must_escalate", intents) or ()),
        may_escalate=_triggers(fields, "may_escalate", intents),
        max_cap_slots=fields.number("max_cap_slots", 1, 25, default=25.0),
        agent_caps=fields.numbers("agent_caps", 0, 25),
        outreach=_outreach(fields.section("outreach")),
        service_levels=_service_levels(fields.section("service_levels"), intents),
        fairness=_fairness(fields),
        approval=_approval(fields),
    )
    fields.end()
    return governance


class _Fields:
    """A mapping of the document, of which every key must be taken, and no other may be there."""

    def __init__(self, content: object, file: str, path: str = "") -> None:
        self.file, self.path = file, path
        if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
            raise GovernanceError(file, path.rstrip(".") or "file", "a mapping of names", repr(content)[:40])
        self.rest = dict(content)

    def end(self) -> None:
        """Refuse what nobody took."""
        for key in self.rest:
            raise GovernanceError(self.file, self.path + key, "a known field", "an unknown one")

    def take(self, key: str, default: T, valid: Callable[[Any], bool], expected: str) -> T:
        """A value that is valid, or the default where there is none."""
        value: T = self.rest.pop(key, default)
        if value is not default and not valid(value):
            raise GovernanceError(self.file, self.path + key, expected, repr(value)[:40])
        return value

    def number(self, key: str, low: float, high: float, default: float = math.nan) -> float:
        """A number in [low, high]; needed where there is no default."""
        value = self.take(key, default, lambda found: _within(found, low, high), f"a number from {low:g} to {high:g}")
        if math.isnan(value):
            raise GovernanceError(self.file, self.path + key, f"a number from {low:g} to {high:g}", "none")
        return float(value)

    def integer(self, key: str, default: int) -> int:
        """A positive integer."""
        return self.take(key, default, lambda found: type(found) is int and found > 0, "a positive integer")

    def names(self, key: str, among: Iterable[str] | None = None) -> tuple[str, ...]:
        """Distinct names, sorted; of `among` only."""
        found: list[str] = self.take(key, [], _are_names, "a list of distinct names")
        self.known(key, found, among)
        return tuple(sorted(found))

    def numbers(self, key: str, low: float, high: float, among: Iterable[str] | None = None) -> dict[str, float]:
        """A number in [low, high] by name; names of `among` only."""
        section = self.section(key)
        self.known(key, section.rest, among)
        return {name: section.number(name, low, high) for name in list(section.rest)}

    def known(self, key: str, found: Iterable[str], among: Iterable[str] | None) -> None:
        """Refuse names that are not of `among`."""
        for name in found:
            if among is not None and name not in among:
                path = (self.path + key).rstrip(".")
                raise GovernanceError(self.file, path, "one of " + ", ".join(among), name)

    def section(self, key: str) -> _Fields:
        """The mapping under a key; an empty one where there is none."""
        return _Fields(self.rest.pop(key, None) or {}, self.file, f"{self.path}{key}.")


def _triggers(fields: _Fields, key: str, intents: tuple[str, ...]) -> tuple[Trigger, ...] | None:
    found: list[Any] | None = fields.take(key, None, lambda value: isinstance(value, list), "a list of triggers")
    if found is None:
        return None
    return tuple(_trigger(_Fields(each, fields.file, f"{key}[{i}]."), intents) for i, each in enumerate(found))


def _trigger(fields: _Fields, intents: tuple[str, ...]) -> Trigger:
    name: str = fields.take("feature", "", lambda found: found in _OBSERVED, "a feature of the contact")
    if not name:
        raise GovernanceError(fields.file, fields.path + "feature", "a feature of the contact", "none")
    low, high = _OBSERVED[name].low, _OBSERVED[name].high
    limits = {end: fields.number(end, low, high) for end in ("at_least", "at_most") if end in fields.rest}
    if not limits:
        raise GovernanceError(fields.file, fields.path + "at_least", "this or at_most", "neither")
    trigger = Trigger(feature=name, intents=fields.names("intents", intents), **limits)
    fields.end()
    return trigger


def _outreach(fields: _Fields) -> Outreach:
    outreach = Outreach(
        messages_per_day=fields.number("messages_per_day", 0, 1e9, 1e9),
        messages_per_customer_week=fields.number("messages_per_customer_week", 0, 1e9, 1e9),
        open_from_s=fields.number("open_from_s", 0, _DAY_S, 0.0),
        open_to_s=fields.number("open_to_s", 0, _DAY_S, _DAY_S),
    )
    fields.end()
    return outreach


def _service_levels(fields: _Fields, intents: tuple[str, ...]) -> dict[str, ServiceLevel]:
    fields.known("", fields.rest, intents)
    levels = {}
    for name in list(fields.rest):
        section = fields.section(name)
        levels[name] = ServiceLevel(share=section.number("share", 0, 1), within_s=section.number("within_s", 0, 1e7))
        section.end()
    return levels


def _fairness(fields: _Fields) -> dict[str, float]:
    bounds = fields.numbers("fairness", 0, 1e9)
    for name in bounds:
        if not name.endswith(_SUFFIXES):
            raise GovernanceError(fields.file, f"fairness.{name}", "a KPI with _at_most or _at_least", name)
    return bounds


def _approval(fields: _Fields) -> Approval | None:
    """All of the approval, or none of it."""
    if not fields.rest.keys() & set(APPROVAL):
        return None
    fields.rest.pop("sha256", None)
    approver: str = fields.take("approver", "", _is_name, "the name of who approved it")
    previous: str = fields.take("previous", "", _is_hash, f"a SHA-256 or {NONE}")
    version = fields.integer("version", 0)
    for key, value in (("version", version), ("approver", approver), ("previous", previous)):
        if not value:
            raise GovernanceError(fields.file, key, "a value, as the file has an approval", "none")
    return Approval(version=version, approver=approver, previous=previous)


def _within(value: Any, low: float, high: float) -> bool:
    return type(value) in (int, float) and low <= value <= high


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value == value.strip() and 0 < len(value) <= MAX_NAME


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_name, value)) and len(value) == len(set(value))


def _is_hash(value: Any) -> bool:
    return value == NONE or (isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef"))
