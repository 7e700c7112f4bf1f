"""What changed between two versions of the governance file, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from maitred.serving.governance import APPROVAL, Governance, document


class Difference(NamedTuple):
    """One change: the rule, by its path in the file, and what became of it."""

    rule: str
    change: str


def differences(before: Governance, after: Governance) -> list[Difference]:
    """The rules that differ, in the order of the file; the approval is none of them."""
    was, now = ({k: v for k, v in document(g).items() if k not in APPROVAL} for g in (before, after))
    return list(_mapping("", was, now))


def _mapping(path: str, was: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    for key in [*was, *(key for key in now if key not in was)]:
        name = f"{path}{key}"
        if key not in now:
            yield Difference(name, f"removed, was {words(was[key])}")
        elif key not in was:
            yield Difference(name, f"added: {words(now[key])}")
        elif was[key] != now[key]:
            yield from _value(name, was[key], now[key])


def _value(path: str, was: Any, now: Any) -> Iterator[Difference]:
    if isinstance(was, dict) and isinstance(now, dict):
        yield from _mapping(f"{path}.", was, now)
    elif isinstance(was, list) and isinstance(now, list):
        yield from (Difference(path, f"removed {words(item)}") for item in was if item not in now)
        yield from (Difference(path, f"added {words(item)}") for item in now if item not in was)
    elif isinstance(was, int | float) and isinstance(now, int | float):
        yield Difference(path, f"{'raised' if now > was else 'lowered'} from {was:g} to {now:g}")
    else:
        yield Difference(path, f"{words(was)} before, {words(now)} now")


def words(value: Any) -> str:
    """A value of the file as a person would say it."""
    if value is None:
        return "at any time"
    if value in ([], {}):
        return "none"
    if isinstance(value, dict) and "feature" in value:
        limits = [f"{end.replace('_', ' ')} {value[end]:g}" for end in ("at_least", "at_most") if end in value]
        whom = words(value["intents"]) if value["intents"] else "every intent"
        return f"{value['feature']} {' and '.join(limits)} for {whom}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {words(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(words, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
