"""Blocks as mappings of a YAML file: only blocks that are on, and in them only what differs from the default.

A field that differs along an axis is a mapping by name; along two, each name's value is a list along the second,
or one number for all of it. Names that are left out have the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

import numpy as np
import yaml

from maitred.envs.blocks import BLOCKS
from maitred.envs.blocks.fields import array, declared, default, is_default
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError, require

AXIS_OF_NAMES = {"channels": "channel", "dialogue": "complexity", "bots": "bot", "customers": "tier"}
Axes = dict[str, tuple[str, ...]]


class Inline(dict[str, Any]):
    """A mapping that YAML writes on as few lines as it needs, so that a scenario with many blocks stays a screen."""


yaml.SafeDumper.add_representer(
    Inline, lambda dumper, mapping: dumper.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=True)
)


def block_document(scenario: Scenario) -> dict[str, Any]:
    """The mapping of every block that is not switched off, in the order of `BLOCKS`."""
    axes = scenario.axes
    blocks = {name: getattr(scenario, name) for name in BLOCKS}
    return {name: _document(block, axes) for name, block in blocks.items() if not is_default(block)}


def read_blocks(content: Mapping[str, Any], types: tuple[str, ...]) -> dict[str, Any]:
    """The blocks of a file by name, from the part of its content that holds blocks.

    Raises:
        ScenarioError: naming block and key.
    """
    axes: Axes = {"type": types}
    for name, axis in AXIS_OF_NAMES.items():
        section = _mapping(content.get(name, {}), name)
        usual = next(default(f) for f in fields(BLOCKS[name]) if f.name == "names")
        axes[axis] = _names(section.get("names", list(usual)), f"{name}.names")
    return {name: _block(name, _mapping(content[name], name), axes) for name in BLOCKS if name in content}


def _document(block: Any, axes: Axes) -> Inline:
    sizes = {axis: len(names) for axis, names in axes.items()}
    out = Inline()
    for f in fields(block):
        value = getattr(block, f.name)
        if np.array_equal(value, default(f)):
            continue
        out[f.name] = list(value) if f.metadata["kind"] == "names" else _spread(f, array(block, f, sizes), value, axes)
    return out


def _spread(f: Field[Any], values: Any, value: Any, axes: Axes) -> Any:
    """One number where one stands for all, else a mapping of the names that differ from the default."""
    if not isinstance(value, np.ndarray) or not f.metadata["axes"]:
        return _plain(f, float(value), axes)
    rows = zip(axes[f.metadata["axes"][0]], values, strict=True)
    return {name: _cell(f, row, axes) for name, row in rows if (row != default(f)).any()}


def _cell(f: Field[Any], row: Any, axes: Axes) -> Any:
    """One value where all of a row are equal, else their list."""
    values = [_plain(f, float(value), axes) for value in np.atleast_1d(row)]
    return values[0] if len(set(values)) == 1 else values


def _plain(f: Field[Any], value: float, axes: Axes) -> Any:
    kind = f.metadata["kind"]
    if kind == "flag":
        return bool(value)
    if kind != "number":
        return axes[kind][int(value)]
    return int(value) if value.is_integer() else value


def _block(name: str, section: dict[str, Any], axes: Axes) -> Any:
    cls = BLOCKS[name]
    values: dict[str, Any] = {"names": axes[AXIS_OF_NAMES[name]]} if name in AXIS_OF_NAMES else {}
    rest = {key: value for key, value in section.items() if key != "names" or name not in AXIS_OF_NAMES}
    known = {f.name: f for f in declared(cls)}
    for key, value in rest.items():
        require(key in known, f"{name}.{key}", f"one of {', '.join(known)}", "an unknown key")
        values[key] = _read(known[key], value, f"{name}.{key}", axes)
    return cls(**values)


def _read(f: Field[Any], value: Any, where: str, axes: Axes) -> Any:
    along = [axes[axis] for axis in f.metadata["axes"]]
    if not isinstance(value, dict):
        return _single(f, value, where, axes)
    require(len(along) > 0, where, "one value", value)
    unknown = set(value) - set(along[0])
    require(not unknown, where, f"keys of {', '.join(along[0])}", ", ".join(map(str, unknown)))
    shape = tuple(len(names) for names in along)
    rows = [_row(f, value[n], f"{where}.{n}", along[1:], axes) if n in value else default(f) for n in along[0]]
    full = [np.broadcast_to(row, shape[1:]) for row in rows]
    return np.array(full, dtype=float if f.metadata["kind"] in ("number", "flag") else np.int64).reshape(shape)


def _row(f: Field[Any], value: Any, where: str, along: list[tuple[str, ...]], axes: Axes) -> Any:
    if not along or not isinstance(value, list):
        return _single(f, value, where, axes)
    require(len(value) == len(along[0]), where, f"a list for {', '.join(along[0])}", value)
    return [_single(f, v, where, axes) for v in value]


def _single(f: Field[Any], value: Any, where: str, axes: Axes) -> Any:
    kind = f.metadata["kind"]
    if kind == "flag":
        require(isinstance(value, bool), where, "true or false", value)
        return float(value) if f.metadata["axes"] else value
    if kind == "number":
        ok = isinstance(value, int | float) and not isinstance(value, bool)
        require(ok, where, "a number", value)
        return float(value)
    require(value in axes[kind], where, f"one of {', '.join(axes[kind])}", value)
    return axes[kind].index(value)


def _mapping(value: Any, where: str) -> dict[str, Any]:
    require(isinstance(value, dict), where, "a mapping of keys", value)
    return dict(value)


def _names(value: Any, where: str) -> tuple[str, ...]:
    ok = isinstance(value, list) and all(isinstance(name, str) for name in value) and len(set(value)) == len(value)
    if not ok:
        raise ScenarioError(f"{where}: expected a list of distinct names, found {value!r:.60}")
    return tuple(value)
