"""What was booked between two decisions, and how far away the next one was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from maitred.training.offline.credit import credited
from maitred.training.offline.experience import NOTHING, Experience, OfflineError

HORIZON_S = 30.0  # what a decision brings is credited to it at once; longer ones only added noise on bank

_LEAST_SPREAD = 1e-9  # money; less is rounding


@dataclass(frozen=True, eq=False)
class Steps:
    """n steps from a decision to the next of its episode, in units of order one.

    Attributes:
        reward: (n,) float32, `credited` to the decision, less what is booked in so much time on average, over
            `scale`.
        discount: (n,) float32 in [0, 1), of the value of the next decision; 0 after the last of an episode.
        following: (n,) int64, row of the next decision; any where the discount is 0.
        scale: money per unit.
        rate: average money per second.
        horizon_s: mean horizon of discounting, seconds.
    """

    reward: Tensor
    discount: Tensor
    following: Tensor
    scale: float
    rate: float
    horizon_s: float

    def targets(self, value: Tensor) -> Tensor:
        """(n,) each step's reward plus the discounted value (n,) of the decision that follows it."""
        return self.reward + self.discount * value[self.following]

    def returns(self) -> Tensor:
        """(n,) discounted sums of the rewards from each decision to its episode's end.

        Each round doubles how far they reach, by adding what the decision just out of reach has found likewise.
        """
        found, discount, beyond = self.reward.double(), self.discount.double(), self.following
        while bool(discount.any()):
            found = found + discount * found[beyond]
            discount, beyond = discount * discount[beyond], beyond[beyond]
        return found.float()


def semi_markov(experience: Experience, horizon_s: float = HORIZON_S) -> Steps:
    """Steps whose rewards are discounted by exp(-seconds / horizon).

    Semi-Markov: Bradtke and Duff 1995. What is booked on average in the time of a step, discounted likewise, is taken
    off its reward: this moves all values by the same amount, and leaves small ones to be learned (Naik et al. 2024,
    "Reward centering").

    Args:
        experience: with step rewards.
        horizon_s: mean horizon, seconds; a reward t seconds away counts exp(-t / horizon_s).

    Raises:
        OfflineError: steps of the log are not known.
    """
    unknown = np.isnan(experience.step_reward) | np.isnan(experience.step_s)
    if unknown.any():
        raise OfflineError(
            f"step_reward, step_s: expected both of every decision, found {unknown.sum()} without; this method needs "
            "what was booked in the whole center until the next decision"
        )
    reward, step_s = credited(experience), experience.step_s
    rate = float(reward.sum() / max(step_s.sum(), 1.0))
    discount = np.exp(-step_s / horizon_s)
    centred = reward - rate * horizon_s * (1 - discount)
    spread = float(centred.std())
    scale = spread if spread > _LEAST_SPREAD else 1.0
    last = experience.following == NOTHING
    return Steps(
        torch.from_numpy(centred / scale).float(),
        torch.from_numpy(np.where(last, 0.0, discount)).float(),
        torch.from_numpy(np.where(last, 0, experience.following)),
        scale,
        rate,
        horizon_s,
    )
