"""Off-policy gradient: the network's probabilities are moved to where a log says that the reward is."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from maitred.agents.network import CandidateNetwork
from maitred.training.offline.experience import Experience, OfflineError
from maitred.training.offline.fitting import Fit, fitted, of_chosen, scores
from maitred.training.offline.lessons import Batch, Lessons
from maitred.training.offline.reward_models import RewardModels

LARGE = 8  # batches of the other learners to one of this: its objective is a ratio of means


@dataclass(frozen=True)
class Counterfactual:
    """How much of a log's word is taken.

    Attributes:
        variance_penalty: standard errors of the estimate that are taken off it.
        most_weight: importance weights are clipped there.
    """

    variance_penalty: float = 1.0
    most_weight: float = 20.0


def gradient(
    lessons: Lessons,
    experience: Experience,
    models: RewardModels,
    start: CandidateNetwork,
    settings: Counterfactual,
    fit: Fit,
    rng: np.random.Generator,
) -> CandidateNetwork:
    """The network, begun at `start`, whose doubly robust value less its standard error is highest.

    Counterfactual risk minimisation (Swaminathan and Joachims 2015, eq. 12) with the self-normalised correction of
    their other paper of that year (eq. 10), on the doubly robust estimate (Dudik et al. 2011).

    Raises:
        OfflineError: propensities are missing.
    """
    if missing := int(np.isnan(experience.propensity).sum()):
        raise OfflineError(f"propensity: expected one of every decision, found {missing} without; estimate them first")
    network = copy.deepcopy(start)
    propensity = torch.from_numpy(experience.propensity).float()

    def loss(batch: Batch) -> Tensor:
        target = torch.softmax(scores(network, batch), dim=1)
        weight = (of_chosen(target, batch) / propensity[batch.row]).clamp(max=settings.most_weight)
        q = models.cross_fitted(batch)
        surprise = models.reward[batch.row] - of_chosen(q, batch)
        return -lower_value((target * q).sum(dim=1), weight, surprise, settings.variance_penalty, len(experience))

    large = Fit(fit.steps // LARGE, fit.batch * LARGE, fit.learning_rate * LARGE**0.5, fit.width)
    fitted(network, lessons.among(experience.known), loss, large, rng)
    return network


def lower_value(predicted: Tensor, weight: Tensor, surprise: Tensor, errors: float, n: int) -> Tensor:
    """Self-normalised doubly robust value of a batch, less so many of the standard errors that n decisions have.

    Args:
        predicted: (b,) reward that a model expects of the target policy.
        weight: (b,) importance weights of the logged choices.
        surprise: (b,) what they earned beyond what the model expected.
        errors: standard errors to take off.
        n: decisions of the log.
    """
    normal = weight / weight.mean()
    correction = (normal * surprise).mean()
    influence = predicted - predicted.mean() + normal * (surprise - correction)
    return predicted.mean() + correction - errors * (influence.square().mean() / n).sqrt()
