"""Discounting by simulated time: decisions are not equally spaced, and what counts is how far away a reward is."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from maitred.training.rollout_memory import RolloutMemory
from maitred.training.shared_luck import less_shared_luck


class Timed(Protocol):
    """Centers that tell how much simulated time their last step took.

    Attributes:
        siblings: how many neighbouring centers begin each rollout in one state and meet the same luck; 1 for none.
        decided_s: (B,) float64, when the decisions of the last step were due, seconds on a clock that siblings share;
            not read where there are none.
    """

    siblings: int
    decided_s: NDArray[np.float64]

    @property
    def elapsed_s(self) -> NDArray[np.float64]:
        """(B,) float64, simulated seconds between the last two decisions of each center."""
        ...


class SemiMarkovBuffer(RolloutMemory):
    """A rollout whose rewards are discounted by exp(-elapsed / horizon) from decision to decision.

    The advantages are those of Schulman et al. 2016, "High-dimensional continuous control using generalized advantage
    estimation", eq. 16, with factors of each step in the place of the constant gamma and lambda (semi-Markov decision
    processes: Bradtke and Duff 1995, "Reinforcement learning methods for continuous-time Markov decision problems").
    Lambda, too, is exp(-elapsed / credit): what a decision did shows after minutes, be there one decision in them or a
    hundred. What is booked between two decisions counts as booked at the first. Of the advantages of siblings, what
    they share is taken off (`shared_luck`).

    Args:
        centers: whose steps are added; their clocks are read at each.
        horizon_s: mean horizon, seconds.
        credit_s: over which rewards rather than values are told of, in the mean, seconds.
    """

    elapsed_s: NDArray[np.float32]  # (steps, B)
    decided_s: NDArray[np.float64]  # (steps, B)

    def __init__(self, *args: Any, centers: Timed, horizon_s: float, credit_s: float, **kwargs: Any) -> None:
        self.centers, self.horizon_s, self.credit_s = centers, horizon_s, credit_s
        super().__init__(*args, **kwargs)

    def reset(self) -> None:
        """Forget the rollout."""
        self.elapsed_s = np.zeros((self.buffer_size, self.n_envs), np.float32)
        self.decided_s = np.zeros((self.buffer_size, self.n_envs))
        super().reset()

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Add one step of all centers, taken just now."""
        self.elapsed_s[self.pos] = self.centers.elapsed_s
        if self.centers.siblings > 1:
            self.decided_s[self.pos] = self.centers.decided_s
        super().add(*args, **kwargs)

    def compute_returns_and_advantage(self, last_values: Tensor, dones: NDArray[np.bool_]) -> None:
        """Advantages and returns of the rollout, from its last step to its first."""
        next_values, goes_on = last_values.clone().cpu().numpy().flatten(), 1.0 - dones.astype(np.float32)
        advantage = np.zeros(self.n_envs, np.float32)
        for step in reversed(range(self.buffer_size)):
            factor = np.exp(-self.elapsed_s[step] / self.horizon_s) * goes_on
            surprise = self.rewards[step] + factor * next_values - self.values[step]
            advantage = surprise + factor * np.exp(-self.elapsed_s[step] / self.credit_s) * advantage
            self.advantages[step] = advantage
            next_values, goes_on = self.values[step], 1.0 - self.episode_starts[step]
        self.returns = self.advantages + self.values
        if self.centers.siblings > 1:
            self.advantages = less_shared_luck(self.advantages, self.decided_s, self.centers.siblings)
