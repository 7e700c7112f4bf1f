"""Training in several worlds at once, so that a policy learns what holds in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from maitred.envs.observation import Arrays
from maitred.envs.sb3 import BatchedVecEnv
from maitred.training.training_centers import TrainingCenters


class MixedCenters(BatchedVecEnv):
    """The centers of several `TrainingCenters`, one after another, as one environment.

    Args:
        parts: centers of equal observation spaces, with as many siblings in each.

    Raises:
        ValueError: short lists of different lengths, or siblings in different numbers.
    """

    def __init__(self, parts: Sequence[TrainingCenters]) -> None:
        if len({part.action_space.n for part in parts}) > 1:  # type: ignore[attr-defined]
            raise ValueError("scenarios: expected short lists of one length in all of them (routing.places)")
        if len({part.siblings for part in parts}) > 1:
            raise ValueError("siblings: expected as many in all scenarios")
        self.parts = tuple(parts)
        super().__init__(sum(part.num_envs for part in parts), parts[0].observation_space, parts[0].action_space)
        self._ends = np.cumsum([part.num_envs for part in parts])[:-1]

    def reset(self) -> Arrays:
        """Begin an episode in every center."""
        return _stacked([part.reset() for part in self.parts])

    def step_wait(self) -> VecEnvStepReturn:
        """Answer every center's decision."""
        for part, own in zip(self.parts, np.split(self._actions, self._ends), strict=True):
            part.step_async(own)
        observations, rewards, dones, infos = zip(*(part.step_wait() for part in self.parts), strict=True)
        every = [info for part in infos for info in part]
        return _stacked(observations), np.concatenate(rewards), np.concatenate(dones), every

    @property
    def elapsed_s(self) -> NDArray[np.float64]:
        """(B,) float64, simulated seconds between the last two decisions of each center."""
        return np.concatenate([part.elapsed_s for part in self.parts])

    @property
    def decided_s(self) -> NDArray[np.float64]:
        """(B,) float64, when the decisions of the last step were due, seconds on a clock that siblings share."""
        return np.concatenate([part.decided_s for part in self.parts])

    @property
    def siblings(self) -> int:
        """How many neighbouring centers play the same traces and can be brought together."""
        return self.parts[0].siblings

    @property
    def eldest(self) -> NDArray[np.int64]:
        """(B,) the first of each center's siblings."""
        return np.concatenate([first + part.eldest for first, part in zip((0, *self._ends), self.parts, strict=True)])

    def gather(self) -> Arrays:
        """Put all siblings where the eldest stands; what they then observe."""
        return _stacked([part.gather() for part in self.parts])

    def take_reward_per_decision(self) -> float:
        """Mean reward of a decision since the last call, in money; all parts step together."""
        shares = [part.num_envs / self.num_envs for part in self.parts]
        means = [part.take_reward_per_decision() for part in self.parts]
        return float(np.dot(shares, means))

    def action_masks(self) -> NDArray[np.bool_]:
        """(B, K) bool, the legal candidates of every center's decision."""
        return np.concatenate([part.action_masks() for part in self.parts])


def _stacked(observations: Sequence[Any]) -> Arrays:
    return {name: np.concatenate([each[name] for each in observations]) for name in observations[0]}
