"""Decisions whose rewards are still to come, in whatever order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.bandits.policy import Kept


class RewardError(ValueError):
    """A reward that belongs to no waiting decision, or more than one for the same; the message tells its key."""


@dataclass(frozen=True, eq=False)
class Pending:
    """Decisions that wait for their rewards.

    Attributes:
        key: (N,) uint64, their identities.
        kept: arrays (N, ...), what a bandit needs to learn from them.
    """

    key: NDArray[np.uint64]
    kept: Kept

    def add(self, key: NDArray[np.uint64], kept: Kept) -> Pending:
        """With more decisions.

        Raises:
            RewardError: a decision waits already.
        """
        keys = np.concatenate([self.key, key])
        _refuse_repeated(keys, "decision")
        return Pending(keys, tuple(np.concatenate(pair) for pair in zip(self.kept, kept, strict=True)))

    def settle(self, key: NDArray[np.uint64]) -> tuple[Kept, Pending]:
        """What was kept of the decisions (M,) whose rewards came, in their order, and those that still wait.

        Raises:
            RewardError: a key that no decision waits under, or that comes twice.
        """
        _refuse_repeated(key, "reward")
        order = np.argsort(self.key)
        at = np.searchsorted(self.key, key, sorter=order)
        rows = order[np.minimum(at, len(order) - 1)] if len(order) else np.zeros(len(key), np.int64)
        unknown = self.key[rows] != key if len(order) else np.ones(len(key), bool)
        if unknown.any():
            raise RewardError(f"reward of key {key[unknown][0]}: expected the key of a decision that waits for one")
        left = np.ones(len(self.key), bool)
        left[rows] = False
        settled = tuple(array[rows] for array in self.kept)
        return settled, Pending(self.key[left], tuple(array[left] for array in self.kept))


def _refuse_repeated(key: NDArray[np.uint64], what: str) -> None:
    values, counts = np.unique(key, return_counts=True)
    if (counts > 1).any():
        raise RewardError(f"{what} of key {values[counts > 1][0]}: expected one, found {counts.max()}")
