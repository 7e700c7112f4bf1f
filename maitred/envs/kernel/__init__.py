"""The compiled world: a discrete-event simulation of many centers, as plain functions over arrays.

Every function takes `w` (the scenario, `layout.World`), `x` (the centers, `layout.Centers`) and the index `b`
of a center. Entities are rows of record arrays, so that one event touches one or two cache lines.
"""

import hashlib
import os
from pathlib import Path

from numba import config


def _compiled_code_folder() -> Path:
    """A cache folder of its own for each state of the sources.

    numba checks only the file of the cached function, not those of the functions it calls, so an edit in one
    module would leave stale code in another.
    """
    here = Path(__file__).parent
    sources = [*sorted(here.glob("*.py")), here.parent / "decision.py", here.parent / "trace.py"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "maitred" / "kernel" / digest[:16]


_default_cache_folder = config.CACHE_DIR  # type: ignore[attr-defined]
config.CACHE_DIR = os.environ.get("NUMBA_CACHE_DIR") or str(_compiled_code_folder())  # type: ignore[attr-defined]
from . import advance  # noqa: E402  numba looks up the cache folder when a function is decorated

config.CACHE_DIR = _default_cache_folder  # type: ignore[attr-defined]

__all__ = ["advance"]
