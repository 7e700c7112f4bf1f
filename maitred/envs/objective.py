"""The objective: what each booked term is worth. Reward and the `reward` KPI are this sum over the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import PREFERENCE
from maitred.envs.kernel.layout import Term


@dataclass(frozen=True)
class Objective:
    """Money per booked unit, signs included in `weights`, and bounds; the defaults are choices, not facts.

    Per contact: -1 x cost - 0.30 x focus minutes + 8 x latent CSAT (0..1) - 4 x abandonment, less what missed
    deadlines, broken promises and unwanted channels are worth where a scenario has them. Paid time is booked when
    the day starts, so only overrun and what routing can change reaches a learner's reward. A weight of 0 leaves out
    what is paid for already: transfers, waiting and churn through satisfaction, messages and leavers through cost.

    The bounds are no part of the reward: `maitred.envs.constraints` reads them from the fields `KPI_at_most` and
    `KPI_at_least`; None is no bound.
    """

    cost: float = PREFERENCE["cost"]  # per unit of money spent
    focus_per_min: float = PREFERENCE["focus_per_min"]  # per minute of agent work
    csat: float = PREFERENCE["csat"]  # per fully satisfied contact
    abandonment: float = 4.0  # per abandoned contact
    resolved: float = 0.0  # per resolved contact
    deadline_missed: float = 2.0  # per urgent contact not resolved in time
    promise_broken: float = 2.0  # per late call-back or put-off answer
    transferred: float = 0.0  # per transfer
    churned: float = 0.0  # per unit of money of customers' value lost
    mismatched: float = 0.5  # per contact answered on a channel the customer did not want
    message: float = 0.0  # per proactive message, beyond what it costs
    replaced: float = 0.0  # per agent who left, beyond what replacing costs
    waited_per_min: float = 0.0  # per minute that contacts waited which were answered and served

    occupancy_at_most: float | None = 0.85  # ceiling (domain RS-6)
    abandonment_at_most: float | None = 0.10
    asa_s_at_most: float | None = None  # seconds; what was agreed on, where anything was
    wait_ratio_at_most: float | None = 1.5  # of the least valued customers (FA-2)
    novice_load_at_least: float | None = 0.5  # of novices (FA-1)

    def weights(self) -> NDArray[np.float64]:
        """(len(Term),) value of one booked unit of each term."""
        value = {
            Term.COST: -self.cost,
            Term.FOCUS_S: -self.focus_per_min / 60,
            Term.CSAT: self.csat,
            Term.ABANDONED: -self.abandonment,
            Term.RESOLVED: self.resolved,
            Term.DEADLINE_MISSED: -self.deadline_missed,
            Term.PROMISE_BROKEN: -self.promise_broken,
            Term.TRANSFERRED: -self.transferred,
            Term.CHURNED: -self.churned,
            Term.MISMATCHED: -self.mismatched,
            Term.MESSAGES: -self.message,
            Term.REPLACED: -self.replaced,
            Term.WAITED_S: -self.waited_per_min / 60,
        }
        return np.array([value[term] for term in Term])

    @property
    def preference(self) -> NDArray[np.float32]:
        """(P,) the weights of `decision.PREFERENCE`, as a decision's context carries them."""
        return np.array([getattr(self, name) for name in PREFERENCE], np.float32)
