"""A policy that now and then takes any legal candidate, so that what it leaves behind tells of all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import uniform
from maitred.envs.decision import Choices, Decisions, Policy, draw, uniforms

_WHETHER, _WHOM = 101, 102  # purposes of the draws, apart from those of the policy inside


class ExploringError(ValueError):
    """An exploration whose propensities cannot be known."""


@dataclass(frozen=True)
class Exploring:
    """Answers as `policy` with probability 1 - floor, else with any legal candidate at equal chances.

    The propensity is exact: floor / legal candidates, plus 1 - floor where the answer is the policy's own.

    Attributes:
        policy: answers for certain; of one that draws, only the chance of what it drew is known.
        floor: probability of exploring, 0 to 1.
    """

    policy: Policy
    floor: float

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= 1:
            raise ExploringError(f"explore: expected a probability from 0 to 1, found {self.floor}")

    @property
    def name(self) -> str:
        """The policy's name and the floor."""
        return f"{self.policy.name}+explore({self.floor:g})"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch.

        Raises:
            ExploringError: the policy inside draws its answers.
        """
        own = self.policy.act(decisions)
        if (own.propensity < 1).any():
            raise ExploringError(f"explore: {self.policy.name} draws its answers already; expected one that does not")
        legal = uniform(decisions.mask)
        anyone = draw(legal, decisions.key, _WHOM).candidate
        candidate = np.where(self.strays(decisions), anyone, own.candidate)
        explored = self.floor * legal[np.arange(len(decisions)), candidate]
        return Choices(candidate, explored + (1 - self.floor) * (candidate == own.candidate))

    def strays(self, decisions: Decisions) -> NDArray[np.bool_]:
        """(B,) bool, decisions that chance answers, whomever it takes."""
        found: NDArray[np.bool_] = uniforms(decisions.key, _WHETHER) < self.floor
        return found
