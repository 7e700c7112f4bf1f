"""How much of the space of outcomes a set of points reaches: the S measure of Zitzler and Thiele (1999)."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def hypervolume(points: Floats, reference: Floats) -> float:
    """Volume between a reference point and all that at least one of the points is no worse than.

    Exact: the coordinates of the points cut the box into at most (N + 1)^D cells, each of which is reached as a whole
    or not at all. Meant for tens of points in three dimensions.

    Args:
        points: (N, D), each coordinate the better the lower; a point that is beyond the reference adds nothing.
        reference: (D,) the worst corner of the box.
    """
    edges = [np.unique(np.append(np.minimum(x, end), end)) for x, end in zip(points.T, reference, strict=True)]
    cells = np.stack(np.meshgrid(*(edge[:-1] for edge in edges), indexing="ij"), axis=-1)
    reached = (points <= cells[..., None, :]).all(axis=-1).any(axis=-1)
    sizes = np.meshgrid(*map(np.diff, edges), indexing="ij")
    return float((prod(sizes) * reached).sum())
