"""One policy for many objectives: the weights are part of what it sees, and whoever runs it sets them."""

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


def prefer(decisions: Decisions, preference: NDArray[np.float32]) -> Decisions:
    """The decisions as an operator with these weights would meet them: (P,), or (B, P) for one each."""
    context = decisions.context.copy()
    context[:, PREFERRED] = preference
    return replace(decisions, context=context)
