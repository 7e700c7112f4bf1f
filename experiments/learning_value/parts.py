"""Finished parts of a long study, kept in a folder so that it can go on where it was cut off."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def part(
    folder: Path, name: str, settings: Mapping[str, Any], make: Callable[[], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """The numbers of one part: from its file if that was made with equal settings, else made and written now.

    Args:
        folder: of the study.
        name: of the part; the file is called after it.
        settings: everything that the numbers follow from, as JSON has it.
        make: makes the numbers.
    """
    sha256 = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.json"
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["settings_sha256"] == sha256:
            return np.array(kept["numbers"], np.float64)
    numbers = make()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".partial")
    content = {"part": name, "settings": settings, "settings_sha256": sha256, "numbers": numbers.tolist()}
    temporary.write_text(json.dumps(content), encoding="utf-8")
    temporary.replace(path)
    return numbers
