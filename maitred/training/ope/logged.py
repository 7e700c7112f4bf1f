"""Logged decisions with what a target policy would have done: all that a one-step estimator needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

SUM_TOLERANCE = 1e-6  # of a row of probabilities


class LoggedError(ValueError):
    """Logged decisions that cannot be evaluated as they are: which field, which row, what was expected and found."""


@dataclass(frozen=True, eq=False)
class Logged:
    """n logged decisions among K candidate places, and a target policy's answers to them.

    Attributes:
        reward: (n,) float64, what the chosen candidate earned, in any one unit.
        propensity: (n,) float64 in (0, 1], probability with which the behaviour policy chose it.
        chosen: (n,) int64, its place.
        target: (n, K) float64, the target policy's probabilities, 0 where masked; rows sum to 1.
        behaviour: (n, K) float64, the behaviour policy's, where they were logged.
        q: (n, K) float64, cross-fitted predictions of reward: none of a row may have learned from that row's reward.
            Zeros where there is no model: doubly robust forms then are the importance-weighted ones.
        propensity_estimated: the log had no propensities; they were fitted, and with them everything that follows.

    Raises:
        LoggedError: shapes do not fit, a value is not finite, or probabilities are none.
    """

    reward: Floats
    propensity: Floats
    chosen: Integers
    target: Floats
    behaviour: Floats | None
    q: Floats
    propensity_estimated: bool = False

    def __post_init__(self) -> None:
        """Refuse what would give a wrong number instead of an error."""
        n, places = _shape(self.target)
        for name, shape in (("reward", (n,)), ("propensity", (n,)), ("chosen", (n,)), ("q", (n, places))):
            _expect_shape(name, getattr(self, name), shape)
            _expect(name, np.isfinite(getattr(self, name)), "a finite number", getattr(self, name))
        _expect("chosen", (self.chosen >= 0) & (self.chosen < places), f"a place from 0 to {places - 1}", self.chosen)
        _expect("propensity", (self.propensity > 0) & (self.propensity <= 1), "a number in (0, 1]", self.propensity)
        _expect_probabilities("target", self.target)
        if self.behaviour is not None:
            _expect_shape("behaviour", self.behaviour, (n, places))
            _expect_probabilities("behaviour", self.behaviour)
            agrees = np.abs(self.of_chosen(self.behaviour) - self.propensity) <= SUM_TOLERANCE * self.propensity
            _expect("propensity", agrees, "the behaviour policy's probability of the chosen", self.propensity)

    def __len__(self) -> int:
        """Number of decisions n."""
        return len(self.reward)

    def of_chosen(self, table: Floats) -> Floats:
        """(n,) the values of an (n, K) table at the chosen places."""
        values: Floats = table[np.arange(len(self)), self.chosen]
        return values

    @cached_property
    def weights(self) -> Floats:
        """(n,) importance weights: the target's probability of the chosen over the behaviour's; mean 1 by design."""
        return self.of_chosen(self.target) / self.propensity

    @cached_property
    def q_chosen(self) -> Floats:
        """(n,) predicted reward of the chosen candidate."""
        return self.of_chosen(self.q)

    @cached_property
    def q_target(self) -> Floats:
        """(n,) predicted reward of the target policy's answer."""
        predicted: Floats = (self.target * self.q).sum(axis=1)
        return predicted

    @cached_property
    def possible_weights(self) -> Floats | None:
        """(n, K) the weight each candidate would have had; 0 where the behaviour policy never goes, None unlogged."""
        if self.behaviour is None:
            return None
        return np.divide(self.target, self.behaviour, out=np.zeros_like(self.target), where=self.behaviour > 0)

    @cached_property
    def largest_weight(self) -> float:
        """The largest weight that these decisions could have had, seen or not; at least 1.

        Where the behaviour policy's probabilities were not logged: of the surest answer with the lowest propensity.
        """
        if self.possible_weights is None:
            return max(1.0, float(self.target.max() / self.propensity.min()))
        return max(1.0, float(self.possible_weights.max()))


def _shape(table: Floats) -> tuple[int, int]:
    if table.ndim != 2 or not table.size:
        raise LoggedError(f"target: expected a table of decisions by places, found shape {table.shape}")
    return table.shape[0], table.shape[1]


def _expect_shape(name: str, values: NDArray[np.generic], shape: tuple[int, ...]) -> None:
    if values.shape != shape:
        raise LoggedError(f"{name}: expected shape {shape} as of target, found {values.shape}")


def _expect_probabilities(name: str, table: Floats) -> None:
    least = table.min(axis=1)
    _expect(name, least >= 0, "probabilities of 0 or more", least)
    sums = table.sum(axis=1)
    _expect(name, np.abs(sums - 1) <= SUM_TOLERANCE, "probabilities that sum to 1", sums)


def _expect(name: str, fine: NDArray[np.bool_], expected: str, found: NDArray[np.generic]) -> None:
    if not fine.all():
        row = int(np.argwhere(~fine)[0, 0])
        count = len(np.unique(np.argwhere(~fine)[:, 0]))
        raise LoggedError(f"{name}, row {row}: expected {expected}, found {found[row]} ({count} such rows)")
