"""Objectives around one, for a policy that is to serve all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats.qmc import LatinHypercube

from maitred.envs.decision import PREFERENCE
from maitred.envs.objective import Objective


def spread_objectives(objective: Objective, spread: float, count: int, seed: np.random.SeedSequence) -> list[Objective]:
    """Objectives whose weights for cost, work and satisfaction differ from one's by random factors.

    A Latin hypercube, so that few objectives, too, cover the whole range of each weight (McKay, Beckman and Conover
    1979, "A comparison of three methods for selecting values of input variables").

    Args:
        objective: in whose middle they lie.
        spread: factors are log-uniform from 1 / spread to spread; 1 or more.
        count: how many.
        seed: of the factors.
    """
    sampler = LatinHypercube(len(PREFERENCE), rng=np.random.default_rng(seed))
    factors = spread ** (2 * sampler.random(count) - 1)
    middle = np.array([getattr(objective, name) for name in PREFERENCE])
    return [
        replace(objective, **dict(zip(PREFERENCE, weights, strict=True))) for weights in (middle * factors).tolist()
    ]
