"""The centers as PPO wants them: rewards of order one, every time of day in every rollout, and days that end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.objective import Objective
from maitred.envs.sb3 import ContactCenterVecEnv
from maitred.envs.scenario import Scenario


class TrainingCenters(ContactCenterVecEnv):
    """`ContactCenterVecEnv` with rewards divided by `scale` and days that began at different times.

    Centers that all start in the morning stay in step for weeks. A rollout shorter than a day would then show one
    part of the day at a time, and the policy would forget the others.

    The horizon ends an episode for good. Bootstrapping over it would take the value of a state that is never trained
    on, and that value feeds on itself: it was seen to grow ten-thousandfold within two million decisions.

    Attributes:
        scale: money per unit of reward.
        episode: decisions of a typical episode, over which the starts are spread.
        siblings: how many neighbouring centers play the same traces and can be brought together.
        later: share of the time between two groups' starts, in [0, 1), by which all begin later; where several worlds
            have few groups each, they cover the day together.
        decided_s: (B,) float64, when the decisions of the last step were due, seconds on a clock that siblings share.
    """

    def __init__(
        self,
        *,
        scenario: Scenario,
        num_envs: int,
        seed: int,
        objective: Objective | Sequence[Objective],
        scale: float,
        episode: int,
        siblings: int = 1,
        later: float = 0.0,
    ) -> None:
        super().__init__(scenario=scenario, num_envs=num_envs, seed=seed, objective=objective, siblings=siblings)
        self.scale, self.episode, self.siblings, self.later = scale, episode, siblings, later
        self.decided_s = np.zeros(num_envs)
        self._money, self._steps = 0.0, 0

    def reset(self) -> Any:
        """Begin every center's day under the incumbent rule; then hand over, siblings together."""
        super().reset()
        later = int(self.later * self.siblings * self.episode / self.num_envs)
        self._episodes.go_on_as_usual(self.eldest * self.episode // self.num_envs + later)
        return self._episodes.observation()

    @property
    def eldest(self) -> NDArray[np.int64]:
        """(B,) the first of each center's siblings."""
        return np.arange(self.num_envs) // self.siblings * self.siblings

    def gather(self) -> Any:
        """Put all siblings where the eldest stands; what they then observe."""
        self._episodes.stand_at(self.eldest)
        return self._episodes.observation()

    def charge(self, prices: NDArray[np.float64]) -> None:
        """Add (len(Term),) money to what each booked unit is worth, in the place of what was added before."""
        self._episodes.charge(prices)

    def step_wait(self) -> Any:
        """Observations, scaled rewards, ends and infos."""
        self.decided_s = self._episodes.clock_s
        observations, rewards, dones, infos = super().step_wait()
        for b in np.nonzero(dones)[0]:
            infos[b]["TimeLimit.truncated"] = False
        self._money += float(rewards.mean())
        self._steps += 1
        return observations, rewards / self.scale, dones, infos

    def take_reward_per_decision(self) -> float:
        """Mean reward of a decision since the last call, in money."""
        mean = self._money / max(self._steps, 1)
        self._money, self._steps = 0.0, 0
        return mean
