"""A decision as one flat vector, for libraries that know only `Box` observations."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import Env, ObservationWrapper, spaces
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

from maitred.envs.observation import Arrays


class FlattenDecision(ObservationWrapper[NDArray[np.float32], np.int64, Arrays], RecordConstructorArgs):
    """The context, the candidates one after another and the mask in one (C + K x F + K,) float32 vector.

    Columns are in the order of the feature tables of `ContactCenter`. The mask stays in `info["action_mask"]`, too:
    a library that masks no actions will choose illegal ones, which the environment refuses.
    """

    def __init__(self, env: Env[Arrays, np.int64]) -> None:
        RecordConstructorArgs.__init__(self)  # Gymnasium recreates wrappers from their arguments
        ObservationWrapper.__init__(self, env)
        inner: Any = env.observation_space
        bounds = (
            self._flat(inner["context"].low, inner["candidates"].low, np.zeros(inner["mask"].shape)),
            self._flat(inner["context"].high, inner["candidates"].high, np.ones(inner["mask"].shape)),
        )
        self.observation_space = spaces.Box(*bounds, dtype=np.float32)

    def observation(self, observation: Arrays) -> NDArray[np.float32]:
        """One vector of the three arrays."""
        return self._flat(observation["context"], observation["candidates"], observation["mask"])

    def action_masks(self) -> NDArray[np.bool_]:
        """(K,) bool, the legal candidates, where sb3-contrib looks for them."""
        mask: NDArray[np.bool_] = self.env.get_wrapper_attr("action_masks")()
        return mask

    @staticmethod
    def _flat(context: NDArray[Any], candidates: NDArray[Any], mask: NDArray[Any]) -> NDArray[np.float32]:
        return np.concatenate((context, candidates.ravel(), mask), dtype=np.float32)
