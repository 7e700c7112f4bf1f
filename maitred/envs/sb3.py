"""Many centers stepped together, as a stable-baselines3 `VecEnv` that sb3-contrib's MaskablePPO can mask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import Wrapper, spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvIndices, VecEnvStepReturn

from maitred.envs.episodes import Episodes
from maitred.envs.objective import Objective
from maitred.envs.observation import Arrays
from maitred.envs.scenario import Scenario


class BatchedVecEnv(VecEnv):
    """B environments stepped together, that have no life of their own: what they are asked, the whole answers."""

    render_mode = None

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The attribute of this view, which all its environments share, once per environment."""
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of this view, for all its environments."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method that answers with one row per environment, such as `action_masks`."""
        rows = getattr(self, method_name)(*method_args, **method_kwargs)
        return [rows[b] for b in self._get_indices(indices)]

    def env_is_wrapped(
        self, wrapper_class: type[Wrapper[Any, Any, Any, Any]], indices: VecEnvIndices = None
    ) -> list[bool]:
        """No environment is wrapped."""
        return [False for _ in self._get_indices(indices)]

    def close(self) -> None:
        """Nothing to release."""


class ContactCenterVecEnv(BatchedVecEnv):
    """B contact centers of one scenario, stepped in compiled code; see `ContactCenter` for what each is.

    A center that reaches its horizon begins its next episode in the same step, and its info holds
    `terminal_observation`, `TimeLimit.truncated` and the episode's `kpis`. The infos of all other centers are one
    empty dictionary each, the same in every step.

    Args:
        scenario: name of a shipped scenario, path of a YAML file, or a `Scenario`.
        num_envs: the number of centers B.
        seed: start of the stream of episodes; drawn from numpy's global generator if not given, as elsewhere in
            stable-baselines3.
        objective: what each booked term is worth, or one for each center (`Episodes`); the default is `Objective()`.
        siblings: how many neighbouring centers play the same traces.

    Attributes:
        elapsed_s: (B,) float64, simulated seconds between the last two decisions of each center.
    """

    def __init__(
        self,
        *,
        scenario: str | Path | Scenario,
        num_envs: int,
        seed: int | None = None,
        objective: Objective | Sequence[Objective] | None = None,
        siblings: int = 1,
    ) -> None:
        self._episodes = Episodes(scenario, num_envs, objective, siblings)
        places = self._episodes.scenario.routing.places
        super().__init__(num_envs, self._episodes.space, spaces.Discrete(places))
        self._quiet_infos: list[dict[str, Any]] = [{} for _ in range(num_envs)]
        self.seed(seed)

    def reset(self) -> Arrays:
        """Begin an episode in every center; from the start of the stream if a seed has been set since the last."""
        if (seed := self._seeds[0]) is not None:
            self._episodes.streams.seed(seed)
            self._reset_seeds()
        self._episodes.begin(np.ones(self.num_envs, np.bool_))
        return self._episodes.observation()

    def step_wait(self) -> VecEnvStepReturn:
        """Answer every center's decision: observations, (B,) float32 rewards in money, (B,) bool dones, infos."""
        rewards, dones = self._episodes.step(self._actions)
        infos = self._quiet_infos
        if dones.any():
            infos = self._final_infos(dones)
            self._episodes.begin(dones)
        return self._episodes.observation(), rewards.astype(np.float32), dones, infos

    def _final_infos(self, dones: NDArray[np.bool_]) -> list[dict[str, Any]]:
        infos = list(self._quiet_infos)
        for b in np.nonzero(dones)[0].tolist():
            infos[b] = {
                "terminal_observation": self._episodes.last_observation(b),
                "TimeLimit.truncated": True,
                "kpis": self._episodes.kpis(b),
            }
        return infos

    @property
    def elapsed_s(self) -> NDArray[np.float64]:
        """(B,) float64, simulated seconds between the last two decisions of each center."""
        return self._episodes.elapsed_s

    def action_masks(self) -> NDArray[np.bool_]:
        """(B, K) bool, the legal candidates of every center's decision."""
        mask: NDArray[np.bool_] = self._episodes.simulator.observation.mask.copy()
        return mask
