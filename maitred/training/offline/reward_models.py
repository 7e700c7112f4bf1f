"""Cross-fitted models of a decision's reward, and what they leave uncertain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from maitred.agents.network import CandidateNetwork
from maitred.training.offline.experience import Bools, Experience, OfflineError
from maitred.training.offline.fitting import Fit, action_values, fitted, of_chosen
from maitred.training.offline.lessons import Batch, Lessons
from maitred.training.ope.reward_model import folds

FOLDS = 5


@dataclass(frozen=True, eq=False)
class RewardModels:
    """One network for each fold of episodes, which has not seen that fold; rewards in units of order one.

    Attributes:
        networks: by fold.
        fold: (n,) int64 of each decision.
        reward: (n,) float32, less its mean, over its deviation; 0 where not known.
        mean: money.
        scale: money per unit.
        explained: share of the rewards' variance that is explained on folds not seen; at most 1, below 0 if worse
            than the mean.
    """

    networks: tuple[CandidateNetwork, ...]
    fold: Tensor
    reward: Tensor
    mean: float
    scale: float
    explained: float

    def predictions(self, batch: Batch) -> Tensor:
        """(folds, b, L) of every network, far below all others where masked."""
        with torch.no_grad():
            return torch.stack([action_values(network, batch) for network in self.networks])

    def cross_fitted(self, batch: Batch) -> Tensor:
        """(b, L) of the network that has not seen each decision, 0 where masked."""
        found = self.predictions(batch)[self.fold[batch.row], torch.arange(len(batch))]
        return torch.where(batch.mask, found, 0.0)

    def bound(self, batch: Batch, errors: float) -> Tensor:
        """(b, L) mean of all networks less so many standard errors, 0 where masked.

        Jackknife over groups (Shao and Wu 1989): (folds - 1) / folds of the sum of squares about the mean.
        """
        found = self.predictions(batch)
        error = found.std(dim=0, correction=0) * (len(self.networks) - 1) ** 0.5
        return torch.where(batch.mask, found.mean(dim=0) - errors * error, 0.0)


def reward_models(lessons: Lessons, experience: Experience, fit: Fit, rng: np.random.Generator) -> RewardModels:
    """Fit the models by least squares on the rewards that are known; episodes stay together.

    Raises:
        OfflineError: fewer episodes with known rewards than folds.
    """
    known = experience.known
    if (episodes := len(np.unique(experience.episode[known]))) < FOLDS:
        raise OfflineError(f"reward: expected {FOLDS} episodes with known rewards at least, found {episodes}")
    fold = folds(experience.episode, FOLDS, int(rng.integers(2**32)))
    reward, mean, scale = _standardised(experience)
    networks = tuple(_model(lessons.among(known & (fold != held)), reward, fit, rng) for held in range(FOLDS))
    models = RewardModels(networks, torch.from_numpy(fold), reward, mean, scale, 0.0)
    explained = _explained(models, lessons.among(known), known)
    return RewardModels(networks, models.fold, reward, mean, scale, explained)


def _standardised(experience: Experience) -> tuple[Tensor, float, float]:
    known = experience.reward[experience.known]
    mean, scale = float(known.mean()), float(known.std()) or 1.0
    standard = np.where(experience.known, (experience.reward - mean) / scale, 0.0)
    return torch.from_numpy(standard).float(), mean, scale


def _model(lessons: Lessons, reward: Tensor, fit: Fit, rng: np.random.Generator) -> CandidateNetwork:
    network = lessons.network(fit.width, rng)

    def loss(batch: Batch) -> Tensor:
        return mse_loss(of_chosen(action_values(network, batch), batch), reward[batch.row])

    fitted(network, lessons, loss, fit, rng)
    return network


def _explained(models: RewardModels, lessons: Lessons, known: Bools) -> float:
    left = lessons.every(lambda batch: models.reward[batch.row] - of_chosen(models.cross_fitted(batch), batch))
    return 1.0 - float(left[torch.from_numpy(known)].square().mean())
