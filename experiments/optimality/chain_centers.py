"""Small networks as centers to learn on: the chain itself, behind the view that stable-baselines3 steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from experiments.optimality.chain import FOREVER, chain_of, forced, walk, walkers_at
from experiments.optimality.chain_decisions import ChainDecisions
from maitred.envs.observation import observation_space
from maitred.envs.sb3 import BatchedVecEnv

MEMORY_MIN = 50_000.0  # of all copies together, over which their average cost is taken


class ChainCenters(BatchedVecEnv):
    """B copies of one network that never close; a decision without a choice is not asked.

    The reward is the saving over the average since the decision before: `rate` times the minutes, less their cost, in
    units of `scale`. `rate` follows the average cost as R-learning does (Schwartz 1993, "A reinforcement learning
    method for maximizing undiscounted rewards"), so that values stay near zero however long the horizon.

    Args:
        decisions: of the network.
        num_envs: B.
        seed: of all luck.
        rate: average cost to begin with, money per minute.
        scale: money per unit of reward.
        siblings: how many neighbouring copies meet the same luck and can be brought together; divides B.

    Attributes:
        decided_s: (B,) float64, when the decisions of the last step were due, in ticks, which siblings share.
        elapsed_s: (B,) float64, expected seconds between the last two decisions of each copy.
    """

    def __init__(
        self,
        decisions: ChainDecisions,
        *,
        num_envs: int,
        seed: np.random.SeedSequence,
        rate: float,
        scale: float,
        siblings: int = 1,
    ) -> None:
        process = decisions.model.process
        places = process.choices.shape[1]
        super().__init__(num_envs, observation_space(places), spaces.Discrete(places))
        self.decisions, self.rate, self.scale, self.siblings, self._luck = decisions, rate, scale, siblings, seed
        self.decided_s = np.zeros(num_envs)
        self._choices, self._lands = process.choices, forced(process)
        self._chain = chain_of(process, len(decisions.model.network.classes))
        self._never = np.zeros(num_envs, np.bool_)
        self._quiet_infos: list[dict[str, Any]] = [{} for _ in range(num_envs)]
        self._cost = self._steps = 0.0

    def reset(self) -> dict[str, NDArray[Any]]:
        """Empty networks, up to their first decision."""
        self._walkers = walkers_at(self.decisions.model.process.start, self._luck, self.num_envs)
        self._walkers.key[:] = self._walkers.key[self.eldest]
        self._walk()
        return self._observation()

    @property
    def eldest(self) -> NDArray[np.int64]:
        """(B,) the first of each copy's siblings."""
        return np.arange(self.num_envs) // self.siblings * self.siblings

    def gather(self) -> dict[str, NDArray[Any]]:
        """Put all siblings where the eldest stands; what they then observe."""
        for where in (self._walkers.tick, self._walkers.state, self._walkers.decision):
            where[:] = where[self.eldest]
        return self._observation()

    def step_wait(self) -> VecEnvStepReturn:
        """Answer every copy's decision: observations, (B,) float32 rewards, (B,) False, infos that say nothing."""
        rows, self.decided_s = self._walkers.decision, self._walkers.tick.astype(np.float64)
        choice = self._places[np.arange(self.num_envs), self._actions]
        self._walkers.state[:] = self._choices[rows, choice]
        self._walk()
        cost = self._walkers.cost
        self._cost, self._steps = self._cost + float(cost.mean()), self._steps + 1
        saved = self.rate * self._walkers.minutes - cost
        self.rate -= float(saved.sum()) / MEMORY_MIN
        rewards = saved / self.scale
        return self._observation(), rewards.astype(np.float32), self._never, self._quiet_infos

    def _walk(self) -> None:
        self._walkers.minutes[:] = self._walkers.cost[:] = 0.0
        walk(self._chain, self._lands, self._walkers, FOREVER)

    def _observation(self) -> dict[str, NDArray[Any]]:
        asked = self.decisions.at(self._walkers.decision)
        self._places = self.decisions.candidates(self._walkers.decision)[0]
        self._mask = asked.mask
        return {"context": asked.context, "candidates": asked.candidates, "mask": asked.mask.astype(np.int8)}

    @property
    def elapsed_s(self) -> NDArray[np.float64]:
        """(B,) float64, expected seconds between the last two decisions of each copy."""
        return 60 * self._walkers.minutes

    def action_masks(self) -> NDArray[np.bool_]:
        """(B, K) bool, the legal candidates of every copy's decision."""
        return self._mask

    def take_reward_per_decision(self) -> float:
        """Mean reward of a decision since the last call, in money: what it cost, negative."""
        mean, self._cost, self._steps = -self._cost / max(self._steps, 1.0), 0.0, 0.0
        return mean
