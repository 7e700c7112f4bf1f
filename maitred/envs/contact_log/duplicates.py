"""Which rows repeat an identifier, in bounded memory: identifiers are kept as 64-bit hashes only.

Two identifiers of a log of n rows share a hash with probability n^2 / 2^65 (3e-6 for ten million rows);
the later row would then be taken for a duplicate.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def hashes(ids: Iterable[str | None]) -> Ints:
    """Return the 64-bit hash of each identifier, (n,) int64."""
    return np.fromiter(map(hash, ids), np.int64)


class SeenIds:
    """The identifiers met so far: 8 bytes each, in sorted runs that are merged as they grow."""

    def __init__(self) -> None:
        self._runs: list[Ints] = []

    def first_time(self, ids: Iterable[str | None]) -> Bools:
        """Return which of `ids` were not met before, in this call or an earlier one, and remember them."""
        codes = hashes(ids)
        distinct, first = np.unique(codes, return_index=True)
        new = np.ones(len(distinct), bool)
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, distinct), len(run) - 1)
            new &= run[place] != distinct
        fresh = np.zeros(len(codes), bool)
        fresh[first[new]] = True
        self._remember(distinct[new])
        return fresh

    def _remember(self, run: Ints) -> None:
        # Equal-sized runs are merged, so that there are few of them and each code is moved rarely.
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        if len(run):
            self._runs.append(run)


def newest(codes: Ints, versions: Ints) -> Bools:
    """Return which rows hold the newest version of their identifier, the last row of equal versions.

    Args:
        codes: hash of the identifier of each row, (n,).
        versions: when each row was updated, larger is newer, (n,). Needs about 40 bytes a row in all.
    """
    order = np.lexsort((versions, codes))
    last = np.ones(len(order), bool)
    last[:-1] = codes[order][1:] != codes[order][:-1]
    keep = np.zeros(len(order), bool)
    keep[order[last]] = True
    return keep
