"""Objectives around one, for a policy that is to serve all of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from maitred.envs.decision import PREFERENCE
from maitred.envs.objective import Objective


def spread_objectives(objective: Objective, spread: float, count: int, seed: np.random.SeedSequence) -> list[Objective]:
    """Objectives whose weights for cost, work and satisfaction differ from one's by random factors.

    Args:
        objective: in whose middle they lie.
        spread: factors are log-uniform from 1 / spread to spread; 1 or more.
        count: how many.
        seed: of the factors.
    """
    factors = np.exp(math.log(spread) * np.random.default_rng(seed).uniform(-1, 1, (count, len(PREFERENCE))))
    middle = np.array([getattr(objective, name) for name in PREFERENCE])
    return [
        replace(objective, **dict(zip(PREFERENCE, weights, strict=True))) for weights in (middle * factors).tolist()
    ]
