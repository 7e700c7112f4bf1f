"""How the fields of a block are declared: default, range, axes and source, once for checks, files, kernel and docs.

A field holds one number, or an array over the axes it names; one number stands for the same everywhere. Axes are
`type`, `channel`, `complexity`, `bot` and `tier`. A block with all its defaults is switched off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, field, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from maitred.envs.scenario_error import ScenarioError, require, require_within

Value: TypeAlias = float | NDArray[np.float64]
Index: TypeAlias = int | NDArray[np.int64]


def number(default: float, low: float, high: float, *axes: str, source: str = "") -> Any:
    """A number in [low, high], its unit in its name; `axes` it may differ along."""
    return field(default=default, metadata={"kind": "number", "range": (low, high), "axes": axes, "source": source})


def flag(default: bool, *axes: str, source: str = "") -> Any:
    """A truth value."""
    return field(default=default, metadata={"kind": "flag", "range": (0, 1), "axes": axes, "source": source})


def reference(to: str, *axes: str, default: int = -1) -> Any:
    """The index of a member of the axis `to`; -1 for none where that is the default."""
    return field(default=default, metadata={"kind": to, "range": (default, np.inf), "axes": axes, "source": ""})


def names(*default: str) -> Any:
    """The names of an axis."""
    return field(default=default, metadata={"kind": "names", "axes": (), "source": ""})


def declared(block: Any) -> Iterator[Field[Any]]:
    """The fields of a block, or of a class of blocks, that hold numbers, flags or references."""
    return (f for f in fields(block) if f.metadata["kind"] != "names")


def default(f: Field[Any]) -> Any:
    """The value of a field that a scenario does not state; every field of a block has one."""
    return f.default


def array(block: Any, f: Field[Any], sizes: Mapping[str, int]) -> NDArray[np.float64]:
    """A field's values, spread over its axes.

    Raises:
        ScenarioError: an array whose shape is not that of the axes.
    """
    shape = tuple(sizes[axis] for axis in f.metadata["axes"])
    value = np.asarray(getattr(block, f.name), dtype=float)
    if value.ndim and value.shape != shape:
        raise ScenarioError(f"{f.name}: expected shape {shape} over {f.metadata['axes']}, found {value.shape}")
    return np.broadcast_to(value, shape)


def check(name: str, block: Any, sizes: Mapping[str, int]) -> None:
    """Distinct names; every value in its range and of the shape of its axes; references to members there are.

    Raises:
        ScenarioError: naming the block, the field and what was expected.
    """
    for f in fields(block):
        if f.metadata["kind"] == "names":
            found, least = getattr(block, f.name), len(default(f))
            require(
                least <= len(found) == len(set(found)), f"{name}.{f.name}", f"{least} or more distinct names", found
            )
    for f in declared(block):
        low, high = f.metadata["range"]
        if f.metadata["kind"] in sizes:
            high = sizes[f.metadata["kind"]] - 1
        try:
            for value in array(block, f, sizes).flat:
                require_within(value, low, high, f.name)
        except ScenarioError as error:
            raise ScenarioError(f"{name}.{error}") from None


def is_default(block: Any) -> bool:
    """Whether a block is switched off: every field at its default."""
    return all(np.array_equal(getattr(block, f.name), default(f)) for f in fields(block))
