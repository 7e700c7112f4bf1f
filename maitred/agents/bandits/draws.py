"""One draw from a decision's probabilities: `maitred.envs.decision.uniforms` and `draw` for a single row, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maitred.agents.bandits.compiler import compiled
from maitred.agents.bandits.ridge import Floats

PURPOSE_DRAW, PURPOSE_SAMPLES = 0, 1  # what a decision's key is asked for

Keys = NDArray[np.uint64]
Legal = NDArray[np.bool_]


@compiled
def uniform(key: np.uint64, purpose: int) -> float:
    """A uniform in [0, 1) that depends on a decision's key and a purpose number only."""
    z = key + np.uint64(0x9E3779B97F4A7C15) * np.uint64(purpose + 1)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 2.0**-53


@compiled
def draw_one(p: Floats, key: np.uint64) -> tuple[int, float]:
    """A candidate drawn from probabilities (K,), and the probability it was drawn with."""
    total = p.sum()
    left = uniform(key, 0) * total
    chosen = 0
    for k in range(len(p)):
        if p[k] > 0:
            chosen = k
            left -= p[k]
            if left < 0:
                break
    return chosen, p[chosen] / total
