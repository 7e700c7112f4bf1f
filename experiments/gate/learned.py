"""A reward model that has never seen the rows it predicts: refitted before each batch on all that came before."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from experiments.gate.world import AGENTS, Floats, Log, World

_RIDGE = 1.0
_STEPS = 4  # of Newton, on the first rows; one is enough for each batch after


class RewardModel:
    """A logistic regression per agent, by Newton's method from where it stood."""

    def __init__(self, world: World, seen: Log) -> None:
        self.world = world
        self.weights = np.zeros((AGENTS, world.features.shape[1]))
        for _ in range(_STEPS):
            self.refit(seen)

    def refit(self, seen: Log) -> None:
        """One Newton step of every agent on the rows seen so far."""
        for agent in range(AGENTS):
            mine = seen.chosen == agent
            x, y = self.world.features[seen.contact[mine]], seen.outcome[mine]
            p = expit(x @ self.weights[agent])
            curvature = (x * (p * (1 - p))[:, None]).T @ x + _RIDGE * np.eye(x.shape[1])
            self.weights[agent] += np.linalg.solve(curvature, x.T @ (y - p) - _RIDGE * self.weights[agent])

    def predict(self, contact: np.ndarray) -> Floats:
        """(n, K) probability that each agent resolves each contact."""
        return np.asarray(expit(self.world.features[contact] @ self.weights.T))
