"""The file that a command writes its figures to."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from maitred.whole_file import whole_file


def write_figures(path: str | Path, figures: Any) -> None:
    """Write figures as JSON, whole or not at all; a number that is not finite is null."""
    with whole_file(Path(path)) as temporary:
        temporary.write_text(json.dumps(_finite(figures), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
