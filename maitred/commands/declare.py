"""What a subcommand is made of, and how the values of its arguments are read."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

REFUSED = 3  # exit status where the command worked and the answer is no


class CommandError(ValueError):
    """An argument that names nothing usable."""


@dataclass(frozen=True)
class Key:
    """A `name=value` argument of a command.

    Attributes:
        name: what stands before the equals sign.
        meaning: one line of help, the default included.
        required: whether the command needs it.
        read: makes a value of the text; raises ValueError if it cannot.
    """

    name: str
    meaning: str
    required: bool = False
    read: Callable[[str], Any] = str


@dataclass(frozen=True)
class Command:
    """A subcommand.

    Attributes:
        summary: one line, in the list of commands.
        explanation: the rest of its help.
        run: does it; gets the values of its keys or flags by name, and returns the exit status.
        keys: its `name=value` arguments.
        flags: adds its argparse flags, if it has any.
    """

    summary: str
    explanation: str
    run: Callable[..., int]
    keys: tuple[Key, ...] = ()
    flags: Callable[[argparse.ArgumentParser], None] | None = None


def day(text: str) -> date:
    """A day as YYYY-MM-DD."""
    return date.fromisoformat(text)


def days(text: str) -> list[date]:
    """The days FIRST:LAST, both included."""
    first, colon, last = text.partition(":")
    if not colon or day(last) < day(first):
        raise ValueError("expected FIRST:LAST")
    return [day(first) + timedelta(days=i) for i in range((day(last) - day(first)).days + 1)]


def seed(text: str) -> int:
    """A whole number, 0 or more."""
    if (number := int(text)) < 0:
        raise ValueError("expected 0 or more")
    return number


def files(text: str) -> list[str]:
    """Files, comma-separated."""
    return text.split(",")


def bundle_folder(bundle: str | Path) -> Path:
    """The folder of a bundle, if there is one."""
    from maitred.serving.bundle import MANIFEST

    if not (Path(bundle) / MANIFEST).is_file():
        raise CommandError(f"{bundle}: expected the folder of an exported bundle, found no {MANIFEST}")
    return Path(bundle)
