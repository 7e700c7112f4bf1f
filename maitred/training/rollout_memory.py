"""Memory of rollouts that is taken once and lies as minibatches read it: fresh memory costs more than what it holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib.common.maskable.buffers import MaskableDictRolloutBuffer
from torch import Tensor


class RolloutMemory(MaskableDictRolloutBuffer):
    """stable-baselines3's buffer with the same minibatches in less time.

    That one takes fresh memory for every rollout, fills it step by step, and copies all of it to lie center by center
    before the first minibatch. Here what was observed lies center by center from the start, seen as if step by step,
    so that its reordering finds nothing to copy.
    """

    _observed: dict[str, NDArray[Any]] | None = None  # (B, steps, ...) each

    def reset(self) -> None:
        """Forget the rollout."""
        super().reset()
        if self._observed is None:
            self._observed = {name: np.zeros_like(x.swapaxes(0, 1), order="C") for name, x in self.observations.items()}
        self.observations = {name: x.swapaxes(0, 1) for name, x in self._observed.items()}

    def to_torch(self, array: NDArray[Any], copy: bool = True) -> Tensor:
        """The minibatch as it is, which no one else holds."""
        return torch.from_numpy(array)
