"""Finished parts of the study, one JSON file each, so that it goes on where it was cut off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def part(folder: Path, name: str, settings: Mapping[str, Any], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The content of a part: from its file if that was made with equal settings, else made and written now.

    Args:
        folder: of the study.
        name: of the part and its file.
        settings: everything that the content follows from, as JSON has it.
        make: makes the content, as JSON has it.
    """
    sha256 = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    path = folder / f"{name}.json"
    if path.is_file():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if kept["settings_sha256"] == sha256:
            return kept
    content = {"part": name, "settings": dict(settings), "settings_sha256": sha256, **make()}
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".partial")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
    return content
