"""A bandit on arrays: ridge regressions and a rule that explores by them, in batches or one decision at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from maitred.agents.bandits.draws import Keys, Legal
from maitred.agents.bandits.online import OnlineRidge
from maitred.agents.bandits.ridge import Floats, Integers, Ridge
from maitred.envs.decision import Choices, draw

CHUNK = 1024  # decisions whose probabilities are worked out at a time, so that intermediate arrays stay in cache


class Rule(Protocol):
    """How a bandit explores; a pure function of what has been learned and of the decision."""

    def probabilities(self, ridge: Ridge, x: Floats, mask: Legal, key: Keys) -> Floats:
        """(B, K) float64, the probability of each candidate."""
        ...

    def choose(self, state: OnlineRidge, x: Floats, legal: Legal, key: np.uint64) -> tuple[int, float]:
        """A candidate of one decision, and its probability."""
        ...


@dataclass(frozen=True, eq=False)
class LinearBandit:
    """LinUCB, LinTS or SquareCB, by its rule.

    Regressors x are (B, K, d) float64, or (B, 1, d) where each of K regressions serves one place (disjoint).

    Attributes:
        ridge: what has been learned.
        rule: how it is explored by.
    """

    ridge: Ridge
    rule: Rule

    def probabilities(self, x: Floats, mask: Legal, key: Keys) -> Floats:
        """(B, K) float64, the probability of each candidate: 0 where masked (B, K), rows sum to 1."""
        starts = range(0, max(len(x), 1), CHUNK)
        parts = ((x[at : at + CHUNK], mask[at : at + CHUNK], key[at : at + CHUNK]) for at in starts)
        return np.concatenate([self.rule.probabilities(self.ridge, *part) for part in parts])

    def act(self, x: Floats, mask: Legal, key: Keys) -> Choices:
        """Answer every decision of the batch; `key` (B,) seeds its draw."""
        return draw(self.probabilities(x, mask, key), key)

    def update(self, x: Floats, reward: Floats, regression: Integers | int = 0) -> LinearBandit:
        """The bandit after rewards (N,) of regressors (N, d) of chosen candidates."""
        return replace(self, ridge=self.ridge.update(x, reward, regression))

    def online(self) -> OnlineBandit:
        """The bandit that goes on from here one decision at a time."""
        return OnlineBandit(OnlineRidge.of(self.ridge), self.rule)


@dataclass(frozen=True, eq=False)
class OnlineBandit:
    """A linear bandit that learns in place from each reward as it comes.

    Attributes:
        state: what has been learned.
        rule: how it is explored by.
    """

    state: OnlineRidge
    rule: Rule

    def choose(self, x: Floats, legal: Legal, key: np.uint64) -> tuple[int, float]:
        """A candidate of one decision, and its probability.

        Args:
            x: (K, d) or (1, d) float64.
            legal: (K,) bool, at least one True.
            key: identity of the decision; seeds the draw.
        """
        return self.rule.choose(self.state, x, legal, key)

    def learn(self, x: Floats, reward: float, regression: int = 0) -> None:
        """Add one reward of the regressors (d,) of the chosen candidate."""
        self.state.learn(x, reward, regression)

    def batch(self) -> LinearBandit:
        """The bandit that goes on from here in batches."""
        return LinearBandit(self.state.ridge(), self.rule)
