"""Finished parts of a long study: one JSON file each, used again only where its settings are equal.

A part also follows from the code, and most changes of the code leave it as it is. So a part of another commit is used,
and said to be one.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from maitred.training.provenance import commit
from maitred.whole_file import whole_file

Content = dict[str, Any]


def part(folder: Path, name: str, settings: Mapping[str, Any], make: Callable[[], Content]) -> Content:
    """The content of one part, from its file or made now and written.

    Args:
        folder: of the study.
        name: of the part, and of its file.
        settings: everything that the content follows from but the code, as JSON has it.
        make: makes the content, as JSON has it.
    """
    path = folder / f"{name}.json"
    if (kept := _kept(path, settings)) is not None:
        if kept.get("commit") != _commit():
            _say_made_at(path, kept.get("commit"))
        return kept["content"]  # type: ignore[no-any-return]
    content = make()
    folder.mkdir(parents=True, exist_ok=True)
    written = {"settings": settings, "settings_sha256": _sha256(settings), "commit": _commit(), "content": content}
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return content


def finished(folder: Path, name: str, settings: Mapping[str, Any]) -> Content | None:
    """The content of a part that was made with equal settings; None where there is none."""
    kept = _kept(folder / f"{name}.json", settings)
    return None if kept is None else kept["content"]


def _kept(path: Path, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """What lies in the file of a part, if it was made with equal settings."""
    if not path.is_file():
        return None
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept if kept["settings_sha256"] == _sha256(settings) else None


@cache
def _say_made_at(path: Path, made_at: str | None) -> None:
    """Once for each file."""
    print(f"{path}: made at commit {made_at or 'unknown'}; remove it to make it anew", file=sys.stderr)


_commit = cache(commit)


def _sha256(settings: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
