"""The bandits as policies of a contact center: decisions become arrays, and arrays become choices.

None holds unless to hold is the only legal candidate, and all leave caps and messages at what is usual: none of these
books a contact of its own from which its reward could be learned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from maitred.agents.bandits.linear import LinearBandit, Rule
from maitred.agents.bandits.neural_linear import Fit, NeuralLinear
from maitred.agents.bandits.pair_features import Scaling, choosable, chosen_pairs, pair_features
from maitred.agents.bandits.ridge import Floats
from maitred.envs.decision import Choices, Decisions, Policy, draw

Kept: TypeAlias = tuple[NDArray[np.generic], ...]  # arrays (N, ...), one row per decision


class Bandit(Policy, Protocol):
    """A policy that learns from the rewards of single decisions, however late they come."""

    @property
    def rule(self) -> Rule:
        """How it explores."""
        ...

    def with_rule(self, rule: Rule) -> Bandit:
        """The same knowledge, explored by another rule."""
        ...

    def probabilities(self, decisions: Decisions) -> Floats:
        """(B, K) float64, the probability of each candidate."""
        ...

    def keep(self, decisions: Decisions, candidate: NDArray[np.int64]) -> Kept:
        """What must be kept of decisions and their chosen candidates (B,) to learn from their rewards later."""
        ...

    def update(self, kept: Kept, reward: Floats) -> Bandit:
        """The policy after rewards (N,) of kept decisions."""
        ...


@dataclass(frozen=True, eq=False)
class PairBandit:
    """A linear bandit on the regressors of contact-agent pairs, one regression shared by all candidates.

    Attributes:
        learner: the bandit on arrays.
        scaling: of the features, fixed at construction.
        name: of the policy.
    """

    learner: LinearBandit
    scaling: Scaling
    name: str

    def probabilities(self, decisions: Decisions) -> Floats:
        """(B, K) float64, the probability of each candidate."""
        x = pair_features(decisions.context, decisions.candidates, self.scaling)
        return self.learner.probabilities(x, choosable(decisions), decisions.key)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return draw(self.probabilities(decisions), decisions.key)

    def keep(self, decisions: Decisions, candidate: NDArray[np.int64]) -> Kept:
        """The regressors of the chosen candidates."""
        return (chosen_pairs(decisions, candidate, self.scaling),)

    @property
    def rule(self) -> Rule:
        """How it explores."""
        return self.learner.rule

    def with_rule(self, rule: Rule) -> PairBandit:
        """The same knowledge, explored by another rule."""
        return replace(self, learner=replace(self.learner, rule=rule))

    def update(self, kept: Kept, reward: Floats) -> PairBandit:
        """The policy after rewards (N,) of kept decisions."""
        return replace(self, learner=self.learner.update(kept[0].astype(np.float64, copy=False), reward))


@dataclass(frozen=True, eq=False)
class NeuralBandit:
    """A bandit on the last layer of the candidate-scoring network, fitted anew with each batch of rewards.

    Attributes:
        learner: the network and the bandit on what it makes of candidates.
        fit: how the network is fitted.
        penalty: of the regression.
        memory: number of decisions that are remembered to fit the network; the latest.
        kept: those decisions: context, candidates, mask, chosen candidate.
        reward: (M,) float64, their rewards.
        name: of the policy.
    """

    learner: NeuralLinear
    fit: Fit
    penalty: float
    memory: int
    kept: Kept = ()
    reward: Floats | None = None
    name: str = "neural"

    def probabilities(self, decisions: Decisions) -> Floats:
        """(B, K) float64, the probability of each candidate."""
        x = self.learner.regressors([decisions.context, decisions.candidates, decisions.mask])
        return self.learner.learner.probabilities(x, choosable(decisions), decisions.key)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return draw(self.probabilities(decisions), decisions.key)

    def keep(self, decisions: Decisions, candidate: NDArray[np.int64]) -> Kept:
        """The whole decisions: the network sees the candidates that were not chosen, too."""
        return decisions.context, decisions.candidates, decisions.mask, candidate

    @property
    def rule(self) -> Rule:
        """How it explores."""
        return self.learner.learner.rule

    def with_rule(self, rule: Rule) -> NeuralBandit:
        """The same knowledge, explored by another rule."""
        linear = replace(self.learner.learner, rule=rule)
        return replace(self, learner=replace(self.learner, learner=linear))

    def update(self, kept: Kept, reward: Floats) -> NeuralBandit:
        """The policy after rewards (N,) of kept decisions."""
        if self.reward is not None:
            kept = tuple(np.concatenate(pair) for pair in zip(self.kept, kept, strict=True))
            reward = np.concatenate([self.reward, reward])
        kept, reward = tuple(array[-self.memory :] for array in kept), reward[-self.memory :]
        *inputs, candidate = kept
        learner = self.learner.refit(
            inputs, candidate.astype(np.int64), reward, self.fit, regression=0, penalty=self.penalty
        )
        return replace(self, learner=learner, kept=kept, reward=reward)
