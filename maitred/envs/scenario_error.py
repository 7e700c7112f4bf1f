"""The one error of a scenario that cannot be simulated, and the checks that raise it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class ScenarioError(ValueError):
    """A scenario that cannot be simulated; the message names the field and what was expected."""


def require(ok: bool | np.bool_, name: str, expected: str, found: object = "") -> None:
    """Raise unless `ok`."""
    if not ok:
        raise ScenarioError(f"{name}: expected {expected}" + (f", found {found}" if found != "" else ""))


def require_within(value: float | NDArray[Any], low: float, high: float, name: str) -> None:
    """Raise unless every number is finite and in [low, high]."""
    array = np.asarray(value, dtype=float)
    inside = np.isfinite(array) & (array >= low) & (array <= high)
    require(inside.all(), name, f"values in [{low:g}, {high:g}]", array[~inside][:3] if array.ndim else value)
