"""Contextual bandits with a known truth: linear scores behind a logistic reward, and two epsilon-greedy policies.

Candidate k of context x, standard normal in R^d, succeeds with probability sigmoid(s_k x + b_k) of
s_k ~ N(0, 2.56 / d), b_k ~ N(base, 0.09). Behaviour and target policy choose greedily by scores whose s_k carry an
error of 0.6 and 0.15 times their own spread, and explore equally. The reward model sees half of the log-odds, off by
N(0, 0.04) per candidate: shrunk and biased, as models of few rewards are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.training.ope.logged import Logged

Floats = NDArray[np.float64]

CONTEXTS = 20_000
SLOPE, BEHAVIOUR_ERROR, TARGET_ERROR, SEEN = 1.6, 0.6, 0.15, 0.5


@dataclass(frozen=True)
class Setting:
    """Candidates, dimensions of the context, exploration of both policies, seed, and shift of the log-odds."""

    name: str
    places: int
    dimensions: int
    exploration: float
    seed: int
    base: float = 0.0


SETTINGS = (
    Setting("S1", 5, 6, 0.3, 1),
    Setting("S2", 10, 8, 0.1, 2),
    Setting("S3", 20, 8, 0.02, 3),
    Setting("S4", 10, 8, 0.1, 4, -3.5),
)


@dataclass(frozen=True, eq=False)
class World:
    """A population of contexts; (N, K) expected rewards, both policies and the model, and the target's exact value."""

    reward: Floats
    behaviour: Floats
    target: Floats
    q: Floats
    value: float

    def draw(
        self, n: int, seed: np.random.SeedSequence, circumstances: Callable[[Floats], Floats] = lambda success: success
    ) -> Logged:
        """A log of n decisions by the behaviour policy, with rewards 0 and 1.

        Args:
            n: decisions.
            seed: of everything drawn.
            circumstances: makes of the (n,) chances that what was chosen succeeds what they really are.
        """
        random = np.random.default_rng(seed)
        row = random.integers(len(self.reward), size=n)
        behaviour = self.behaviour[row]
        chosen = np.minimum((behaviour.cumsum(axis=1) < random.random(n)[:, None]).sum(axis=1), behaviour.shape[1] - 1)
        reward = (random.random(n) < circumstances(self.reward[row, chosen])).astype(float)
        propensity = behaviour[np.arange(n), chosen]
        return Logged(reward, propensity, chosen, self.target[row], behaviour, self.q[row])


def world(setting: Setting) -> World:
    """The population that follows from a setting and its seed."""
    random = np.random.default_rng(setting.seed)
    k, d = setting.places, setting.dimensions
    slope = random.normal(size=(k, d)) / np.sqrt(d) * SLOPE
    intercept = random.normal(size=k) * 0.3 + setting.base
    context = random.normal(size=(CONTEXTS, d))
    log_odds = context @ slope.T + intercept

    def greedy(error: float) -> Floats:
        off = slope + random.normal(size=slope.shape) * error / np.sqrt(d) * SLOPE
        chances = np.full((CONTEXTS, k), setting.exploration / k)
        chances[np.arange(CONTEXTS), (context @ off.T + intercept).argmax(axis=1)] += 1 - setting.exploration
        return chances

    behaviour, target = greedy(BEHAVIOUR_ERROR), greedy(TARGET_ERROR)
    q = _sigmoid(SEEN * log_odds + random.normal(size=k) * 0.2)
    reward = _sigmoid(log_odds)
    return World(reward, behaviour, target, q, float((target * reward).sum(axis=1).mean()))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))
