"""The column mapping: which column of a foreign log becomes which column of the contact log.

A YAML file with these keys, all but `columns` optional; `mappings/amazon_connect.yaml` is a worked example.

    columns:    target -> name of the source column. Targets: see TARGETS. A duration may name several
                columns, which are added up.
    constants:  channel, type or priority where the source has no column for it.
    values:     target (channel, type or priority) -> {source value: value in the contact log}.
    keep:       source column -> list of values; rows with another value are dropped.
    timezone:   zone of the log's wall clock (IANA name, default UTC). Times with an offset are converted
                to it, times without are taken to be in it.

A column whose name says that it identifies a person, or holds a protected attribute, cannot be mapped:
use a pseudonym instead.
"""

import re
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from maitred.envs.contact_log.schema import ContactLogError

REQUIRED = ("contact_id", "arrival", "queue_enter", "service_start", "service_s", "agent")
TARGETS = {
    "contact_id": "identifier of the contact",
    "initial_id": "first contact of the chain of transfers",
    "customer_id": "pseudonym of the customer",
    "channel": "voice, chat, ...",
    "type": "intent or queue",
    "priority": "priority class, 0 to 127, larger is more urgent",
    "arrival": "time the contact entered the system",
    "queue_enter": "time it joined the queue",
    "queue_exit": "time it left the queue, answered or not",
    "agent": "pseudonym or account of who answered",
    "service_start": "time it was connected to the agent",
    "service_s": "seconds of service, or several columns to add up",
    "wrap_s": "seconds of after-contact work, or several columns to add up",
    "ended": "time the contact ended",
    "updated": "time the row was last updated: of rows with one contact_id the newest counts",
}
CONSTANTS = ("channel", "type", "priority")
DURATIONS = ("service_s", "wrap_s")

_PROTECTED = re.compile(
    "phone|telephone|tel|mobile|cell|msisdn|ani|fax|email|mail|address|street|city|zip|postcode|postal"
    "|endpoint|firstname|lastname|fullname|surname|birth|birthday|birthdate|dob|age|ssn|passport|iban"
    "|gender|sex|race|ethnicity|religion|nationality|disability"
)
_NOT_A_PERSON = frozenset({"queue", "skill", "type", "intent", "channel", "team", "group", "campaign"})


@dataclass(frozen=True)
class Mapping:
    """A column mapping as read from its file. `columns`: target -> the source columns it is made of."""

    columns: Dict[str, tuple[str, ...]]
    constants: Dict[str, str] = field(default_factory=dict)
    values: Dict[str, Dict[str, str]] = field(default_factory=dict)
    keep: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    timezone: str = "UTC"

    @property
    def sources(self) -> tuple[str, ...]:
        """The source columns to read, each once."""
        return tuple(dict.fromkeys([*(c for cs in self.columns.values() for c in cs), *self.keep]))


def load_mapping(path: Path | str) -> Mapping:
    """Read and check a mapping file.

    Raises:
        ContactLogError: no such file, not YAML, an unknown key or target, or a protected source column.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        return _mapping(content)
    except (OSError, yaml.YAMLError, ContactLogError) as error:
        raise ContactLogError(f"{path}: {error}") from error


def _mapping(content: Any) -> Mapping:
    _check_keys("mapping", content, set(Mapping.__dataclass_fields__))
    columns = content.get("columns")
    _check_keys("columns", columns, set(TARGETS))
    _check_keys("constants", content.get("constants", {}), set(CONSTANTS))
    _check_keys("values", content.get("values", {}), set(CONSTANTS))
    if missing := [target for target in REQUIRED if target not in columns]:
        raise ContactLogError(f"columns: {', '.join(missing)} must be mapped")
    if "queue_exit" not in columns and "ended" not in columns:
        raise ContactLogError("columns: queue_exit or ended must be mapped: else nobody's wait has an end")
    mapping = Mapping(
        columns={target: _names(target, names) for target, names in columns.items()},
        constants={target: str(value) for target, value in content.get("constants", {}).items()},
        values={target: _texts(target, of) for target, of in content.get("values", {}).items()},
        keep={column: tuple(map(str, values)) for column, values in content.get("keep", {}).items()},
        timezone=content.get("timezone", "UTC"),
    )
    _check_zone(mapping.timezone)
    for column in mapping.sources:
        refuse_protected(column)
    return mapping


def _check_keys(where: str, section: Any, allowed: set[str]) -> None:
    if not isinstance(section, dict):
        raise ContactLogError(f"{where}: expected a table of keys and values")
    if unknown := {str(key) for key in section} - allowed:
        raise ContactLogError(
            f"{where}: unknown {', '.join(sorted(unknown))}; expected some of {', '.join(sorted(allowed))}"
        )


def _names(target: str, names: Any) -> tuple[str, ...]:
    several = isinstance(names, list) and target in DURATIONS and len(names) > 0
    if not several and not isinstance(names, str):
        raise ContactLogError(f"columns: {target}: expected the name of one column, found {names!r}")
    return tuple(map(str, names)) if several else (names,)


def _texts(target: str, values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        raise ContactLogError(f"values: {target}: expected a table of source value: value")
    return {str(source): str(value) for source, value in values.items()}


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise ContactLogError(f"timezone: {name!r} is no IANA time zone") from error


def refuse_protected(column: str) -> None:
    """Raise ContactLogError if the name of a source column says that it holds personal data."""
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", column)]
    personal_name = "name" in words and not _NOT_A_PERSON.intersection(words)
    if personal_name or any(map(_PROTECTED.fullmatch, [*words, "".join(words)])):
        raise ContactLogError(
            f"columns: {column!r} looks like personal data, which a contact log does not hold: map a pseudonym instead"
        )
