"""The folder of a training run: its files, read back as they were written or refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_FEATURES, CONTEXT_FEATURES, Decisions
from maitred.envs.objective import Objective
from maitred.serving.bundle import UNREADABLE, ArraySpec
from maitred.serving.runtime import weight_shapes

RUN, NETWORK, BANDIT = "run.json", "network.npz", "bandit.npz"
DECISIONS = "decisions.npz"  # of the log that a policy was learned from; an export proves parity on them

_TOLD = {("began",): str, ("config",): dict, ("config", "seed"): int, ("config", "objective"): dict}

Arrays = dict[str, NDArray[Any]]


class RunError(ValueError):
    """A folder that is not a finished training run; the message names what is missing or damaged."""


def read_record(folder: Path) -> dict[str, Any]:
    """What a run tells of itself: at least when it began, its seed and its objective.

    Raises:
        RunError: the folder holds no `run.json`, or one that does not tell that.
    """
    path = folder / RUN
    if not path.is_file():
        raise RunError(f"{folder}: expected the folder of a finished training run, with {RUN} in it")
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path}: expected JSON, found {error}") from error
    for keys, kind in _TOLD.items():
        if type(found := _at(record, keys)) is not kind:
            raise RunError(f"{path}: {'.'.join(keys)}: expected a value of type {kind.__name__}, found {found!r}")
    try:
        Objective(**record["config"]["objective"])
    except TypeError as error:
        raise RunError(f"{path}: config.objective: expected the weights of an objective, found {error}") from error
    return record


def _at(content: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def read_weights(folder: Path) -> Arrays:
    """The float32 arrays of a run's network, named and shaped as `weight_shapes` says.

    Raises:
        RunError: they are missing or damaged.
    """
    arrays = read_arrays(path := folder / NETWORK)
    width = arrays.get("context_encoder.bias", np.empty(0)).size
    return checked(path, arrays, {name: (np.float32, shape) for name, shape in weight_shapes(width).items()})


def read_decisions(folder: Path) -> Decisions:
    """The logged decisions that a run keeps.

    Raises:
        RunError: they are missing or damaged.
    """
    arrays = read_arrays(path := folder / DECISIONS)
    b, k = next((mask.shape for name, mask in arrays.items() if name == "mask" and mask.ndim == 2), (0, 0))
    expected: ArraySpec = {
        "key": (np.uint64, (b,)),
        "context": (np.float32, (b, len(CONTEXT_FEATURES))),
        "candidates": (np.float32, (b, k, len(CANDIDATE_FEATURES))),
        "mask": (np.bool_, (b, k)),
    }
    return Decisions(**checked(path, arrays, expected))


def read_arrays(path: Path) -> Arrays:
    """The arrays of an .npz file.

    Raises:
        RunError: it is missing or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return {name: np.asarray(array) for name, array in kept.items()}
    except UNREADABLE as error:
        raise RunError(f"{path}: expected the arrays that training wrote, found {error}") from error


def checked(path: Path, arrays: Arrays, expected: ArraySpec) -> Arrays:
    """The same arrays, which are those that were expected.

    Raises:
        RunError: the first that differs in type or shape, is missing, or is one too many.
    """
    if arrays.keys() != expected.keys():
        raise RunError(f"{path}: expected the arrays {', '.join(expected)}, found {', '.join(arrays) or 'none'}")
    for name, (dtype, shape) in expected.items():
        if (found := arrays[name]).dtype != dtype or found.shape != shape:
            raise RunError(f"{path}: {name}: expected {np.dtype(dtype)} {shape}, found {found.dtype} {found.shape}")
    return arrays
