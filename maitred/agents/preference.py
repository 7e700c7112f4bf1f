"""One policy for many objectives: the weights are part of what it sees, and whoever runs the center sets them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import PREFERRED, Choices, Decisions, Policy


@dataclass(frozen=True, eq=False)
class Preferring:
    """A policy told what the operator wants.

    Attributes:
        policy: one whose training varied the weights.
        preference: (P,) float32, the weights of `decision.PREFERENCE`, as of `Objective.preference`.
    """

    policy: Policy
    preference: NDArray[np.float32]

    @property
    def name(self) -> str:
        """That of the policy."""
        return self.policy.name

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return self.policy.act(prefer(decisions, self.preference))


@dataclass(frozen=True, eq=False)
class ByPreference:
    """Several policies, of which each decision is made by the one that earns most by the weights it carries.

    Attributes:
        policies: R of them.
        worth: (R, P) float64, what each earns per case and unit of each weight of `decision.PREFERENCE`, money.
        rest: (R,) float64, what each earns per case besides, money.
    """

    policies: tuple[Policy, ...]
    worth: NDArray[np.float64]
    rest: NDArray[np.float64]

    @property
    def name(self) -> str:
        """Those of all, as `policy.teacher` takes them."""
        return " | ".join(policy.name for policy in self.policies)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        which = (decisions.context[:, PREFERRED] @ self.worth.T + self.rest).argmax(axis=1)
        candidate, propensity = np.zeros(len(decisions), np.int64), np.zeros(len(decisions))
        for i in np.unique(which):
            rows = which == i
            choices = self.policies[i].act(decisions[rows])
            candidate[rows], propensity[rows] = choices.candidate, choices.propensity
        return Choices(candidate, propensity)


def prefer(decisions: Decisions, preference: NDArray[np.float32]) -> Decisions:
    """The decisions as an operator with these weights would meet them: (P,), or (B, P) for one each."""
    context = decisions.context.copy()
    context[:, PREFERRED] = preference
    return replace(decisions, context=context)
