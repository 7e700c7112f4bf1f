"""A decision as a Gymnasium observation: its space, and arrays that lie inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from gymnasium import spaces
from numba import njit
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_FEATURES, CONTEXT_FEATURES, Feature
from maitred.envs.kernel.layout import Observation

Arrays = dict[str, NDArray[Any]]
Bounds = tuple[NDArray[np.float32], NDArray[np.float32]]
Documented = TypeVar("Documented", bound=type)


def _bounds(features: Sequence[Feature]) -> Bounds:
    """(F,) lowest and highest value of each feature."""
    return np.array([f.low for f in features], np.float32), np.array([f.high for f in features], np.float32)


_CONTEXT, _CANDIDATE = _bounds(CONTEXT_FEATURES), _bounds(CANDIDATE_FEATURES)


def observation_space(places: int) -> spaces.Dict:
    """The space of decisions with that many candidate places; bounds as declared of each feature."""
    return spaces.Dict(
        {
            "context": _box(_CONTEXT, (len(CONTEXT_FEATURES),)),
            "candidates": _box(_CANDIDATE, (places, len(CANDIDATE_FEATURES))),
            "mask": spaces.MultiBinary(places),
        }
    )


def _box(bounds: Bounds, shape: tuple[int, ...]) -> spaces.Box:
    low, high = (np.ascontiguousarray(np.broadcast_to(bound, shape)) for bound in bounds)
    return spaces.Box(low, high, dtype=np.float32)


def blank_like(buffers: Observation) -> Observation:
    """Buffers of the same shapes in which nothing is written."""
    return Observation(*(np.zeros(array.shape, array.dtype) for array in buffers))


def observed(buffers: Observation) -> Arrays:
    """What was written for B centers, clipped into its space where it stands: (B, C), (B, K, F) float32.

    The mask is a copy, (B, K) int8.
    """
    _clip(buffers.context, *_CONTEXT)
    _clip_legal(buffers.candidates, buffers.mask, *_CANDIDATE)
    return {"context": buffers.context, "candidates": buffers.candidates, "mask": buffers.mask.astype(np.int8)}


@njit(cache=True, nogil=True)
def _clip(values: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32]) -> None:
    """Bring (N, F) values into their (F,) bounds; one pass, where numpy takes two."""
    for row in range(values.shape[0]):
        for f in range(values.shape[1]):
            values[row, f] = min(max(values[row, f], low[f]), high[f])


@njit(cache=True, nogil=True)
def _clip_legal(
    values: NDArray[np.float32], mask: NDArray[np.bool_], low: NDArray[np.float32], high: NDArray[np.float32]
) -> None:
    """Bring (B, K, F) values of legal candidates into their bounds; the other places, most of them, are zero."""
    for b in range(values.shape[0]):
        legal = 0
        while legal < values.shape[1] and mask[b, legal]:
            legal += 1
        _clip(values[b, :legal], low, high)


def feature_table(features: Sequence[Feature]) -> str:
    """Markdown table of features in the order of their columns."""
    rows = (f"| {i} | {f.name} | {f.low:g} | {f.high:g} | {f.unit} | {f.meaning} |" for i, f in enumerate(features))
    return "\n".join(("| Num | Observation | Min | Max | Unit | Meaning |", "|---|---|---|---|---|---|", *rows))


def with_feature_tables(margin: str = "    ") -> Callable[[Documented], Documented]:
    """Class decorator: put the feature tables in the place of `{context}` and `{candidates}` in the docstring."""
    tables = {"{context}": CONTEXT_FEATURES, "{candidates}": CANDIDATE_FEATURES}

    def fill(documented: Documented) -> Documented:
        for mark, features in tables.items():
            table = feature_table(features).replace("\n", "\n" + margin)
            documented.__doc__ = (documented.__doc__ or "").replace(mark, table)
        return documented

    return fill
