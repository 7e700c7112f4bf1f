"""Discounting by simulated time: decisions are not equally spaced, and what counts is how far away a reward is."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sb3_contrib.common.maskable.buffers import MaskableDictRolloutBuffer
from torch import Tensor


class Timed(Protocol):
    """Centers that tell how much simulated time their last step took."""

    @property
    def elapsed_s(self) -> NDArray[np.float64]:
        """(B,) float64, simulated seconds between the last two decisions of each center."""
        ...


class SemiMarkovBuffer(MaskableDictRolloutBuffer):
    """A rollout whose rewards are discounted by exp(-elapsed / horizon) from decision to decision.

    The advantages are those of Schulman et al. 2016, "High-dimensional continuous control using generalized advantage
    estimation", eq. 16, with the factor gamma of each step in the place of the constant one (semi-Markov decision
    processes: Bradtke and Duff 1995, "Reinforcement learning methods for continuous-time Markov decision problems").
    What is booked between two decisions counts as booked at the first.

    Args:
        centers: whose steps are added; their `elapsed_s` is read at each.
        horizon_s: mean horizon, seconds.
    """

    discounts: NDArray[np.float32]  # (steps, B)

    def __init__(self, *args: Any, centers: Timed, horizon_s: float, **kwargs: Any) -> None:
        self.centers, self.horizon_s = centers, horizon_s
        super().__init__(*args, **kwargs)

    def reset(self) -> None:
        """Forget the rollout."""
        self.discounts = np.ones((self.buffer_size, self.n_envs), np.float32)
        super().reset()

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Add one step of all centers, taken just now."""
        self.discounts[self.pos] = np.exp(-self.centers.elapsed_s / self.horizon_s)
        super().add(*args, **kwargs)

    def compute_returns_and_advantage(self, last_values: Tensor, dones: NDArray[np.bool_]) -> None:
        """Advantages and returns of the rollout, from its last step to its first."""
        next_values, goes_on = last_values.clone().cpu().numpy().flatten(), 1.0 - dones.astype(np.float32)
        advantage = np.zeros(self.n_envs, np.float32)
        for step in reversed(range(self.buffer_size)):
            factor = self.discounts[step] * goes_on
            surprise = self.rewards[step] + factor * next_values - self.values[step]
            advantage = surprise + factor * self.gae_lambda * advantage
            self.advantages[step] = advantage
            next_values, goes_on = self.values[step], 1.0 - self.episode_starts[step]
        self.returns = self.advantages + self.values
