"""What made a file: the versions of the packages and the commit of the code."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from maitred import __version__

_PACKAGE = Path(__file__).parents[1]


def versions(*packages: str) -> dict[str, str]:
    """Versions of `maitred`, of Python and of the named packages."""
    return {
        "maitred": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def commit() -> str | None:
    """The commit this package is checked out from, with `-dirty` if tracked files differ; None if installed."""
    tracked = _git("ls-files", "--error-unmatch", "__init__.py")
    return None if tracked is None else _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(*arguments: str) -> str | None:
    """What git prints, None if it fails or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(_PACKAGE), *arguments], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
