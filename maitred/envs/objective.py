"""The objective: what each booked term is worth. Reward and the `reward` KPI are this sum over the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Term


@dataclass(frozen=True)
class Objective:
    """Money per booked unit, signs included in `weights`; the defaults are choices, not facts.

    Per contact: -1 x cost - 0.30 x focus minutes + 8 x latent CSAT (0..1) - 4 x abandonment. Paid time is booked
    when the day starts, so only overrun and what routing can change reaches a learner's reward.
    """

    cost: float = 1.0  # per unit of money spent
    focus_per_min: float = 0.30  # per minute of agent work
    csat: float = 8.0  # per fully satisfied contact
    abandonment: float = 4.0  # per abandoned contact

    def weights(self) -> NDArray[np.float64]:
        """(len(Term),) value of one booked unit of each term."""
        weights = np.zeros(len(Term))
        weights[Term.COST] = -self.cost
        weights[Term.FOCUS_S] = -self.focus_per_min / 60
        weights[Term.CSAT] = self.csat
        weights[Term.ABANDONED] = -self.abandonment
        return weights
