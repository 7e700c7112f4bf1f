"""A neural bandit: a network learns the regressors, and a linear bandit explores on its last layer.

Riquelme, Tucker and Snoek 2018, "Deep Bayesian bandits showdown", NeuralLinear: now and then the network is fitted to
the rewards remembered, and the regressions start anew on what it then makes of the same decisions; in between they
learn from every reward, in batches or online, as any linear bandit does.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from maitred.agents.bandits.linear import LinearBandit, Rule
from maitred.agents.bandits.ridge import Floats, Integers, Ridge

Inputs = Sequence[NDArray[np.generic]]  # arrays (B, ...) that the network takes, one row per decision


@dataclass(frozen=True)
class Fit:
    """How a network is fitted to remembered rewards.

    Attributes:
        steps: gradient steps (Adam) each time.
        batch: decisions per step.
        learning_rate: of Adam.
        seed: of the batches.
    """

    steps: int = 200
    batch: int = 256
    learning_rate: float = 3e-3
    seed: int = 0


@dataclass(frozen=True, eq=False)
class NeuralLinear:
    """A linear bandit on a network's regressors.

    Attributes:
        network: of inputs (B, ...) it makes predictions (B, K) of the reward of every candidate, and the regressors
            that its last layer sees: (B, K, d), or (B, 1, d) with a regression for each of K places.
        scale: (d,) float64, factor of each, such that those seen have unit mean square.
        learner: the linear bandit on the scaled regressors.
    """

    network: nn.Module
    scale: Floats
    learner: LinearBandit

    @classmethod
    def prior(cls, network: nn.Module, inputs: Inputs, rule: Rule, *, regressions: int, penalty: float) -> NeuralLinear:
        """The bandit before any reward, scaled to some inputs."""
        x = _regressors(network, inputs)
        scale = _scale(x.reshape(-1, x.shape[2]))
        return cls(network, scale, LinearBandit(Ridge.prior(len(scale), regressions, penalty=penalty), rule))

    def regressors(self, inputs: Inputs) -> Floats:
        """(B, K, d) float64, or (B, 1, d): what the linear bandit acts on and learns from."""
        return _regressors(self.network, inputs) * self.scale

    def refit(
        self, inputs: Inputs, place: Integers, reward: Floats, fit: Fit, *, regression: Integers | int, penalty: float
    ) -> NeuralLinear:
        """The bandit with its network fitted to N remembered rewards, and its regressions made anew from them.

        Args:
            inputs: of the N decisions.
            place: (N,) the candidates chosen.
            reward: (N,) in the unit of the reward.
            fit: how the network is fitted.
            regression: (N,) or one number, which regression saw each.
            penalty: of the regressions.
        """
        network = copy.deepcopy(self.network)
        _fit(network, inputs, place, reward, fit)
        x = _regressors(network, inputs)
        x = x[np.arange(len(x)), np.minimum(place, x.shape[1] - 1)]
        scale = _scale(x)
        prior = Ridge.prior(len(scale), len(self.learner.ridge.b), penalty=penalty, noise=float(reward.std()))
        ridge = prior.update(x * scale, reward, regression)
        return replace(self, network=network, scale=scale, learner=replace(self.learner, ridge=ridge))


def _regressors(network: nn.Module, inputs: Inputs) -> Floats:
    with torch.inference_mode():
        found: NDArray[np.float32] = network(*map(torch.from_numpy, inputs))[1].numpy()
    return found.astype(np.float64)


def _scale(x: Floats) -> Floats:
    """(d,) float64, the inverse root mean squares of the columns; 1 for a column of zeros."""
    size = np.sqrt(np.square(x).mean(axis=0))
    return 1 / np.where(size > 1e-6, size, 1.0)


def _fit(network: nn.Module, inputs: Inputs, place: Integers, reward: Floats, fit: Fit) -> None:
    """Least squares on standardised rewards of the chosen candidates."""
    optimiser = torch.optim.Adam(network.parameters(), lr=fit.learning_rate, weight_decay=1e-4)
    seed = np.random.SeedSequence([fit.seed, len(reward)])
    target = torch.from_numpy((reward - reward.mean()) / (reward.std() or 1.0)).float()
    chosen, tensors = torch.from_numpy(place)[:, None], [torch.from_numpy(array) for array in inputs]
    for rows in torch.from_numpy(np.random.default_rng(seed).integers(len(reward), size=(fit.steps, fit.batch))):
        predicted = network(*(tensor[rows] for tensor in tensors))[0].gather(1, chosen[rows])[:, 0]
        loss = torch.nn.functional.mse_loss(predicted, target[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
