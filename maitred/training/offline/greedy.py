"""One step ahead: the candidate whose own reward is predicted highest, or is highest for sure."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from maitred.agents.network import CandidateNetwork
from maitred.training.offline.fitting import Fit, action_values, fitted
from maitred.training.offline.lessons import Batch, Lessons
from maitred.training.offline.reward_models import RewardModels

PESSIMISM = 1.645  # standard errors: a one-sided 95 % bound


def greedy(
    lessons: Lessons, models: RewardModels, errors: float, fit: Fit, rng: np.random.Generator
) -> CandidateNetwork:
    """One network whose scores are the models' mean prediction of each candidate less so many standard errors.

    With 0 of them a one-step bandit regressor; with `PESSIMISM` what is certain goes before what is promising (Jin,
    Yang and Wang 2021, "Is pessimism provably efficient for offline RL?"). Models that disagree on a candidate have
    seen too little of it.
    """
    network = lessons.network(fit.width, rng)

    def loss(batch: Batch) -> Tensor:
        off = action_values(network, batch) - models.bound(batch, errors)
        return off.masked_fill(~batch.mask, 0.0).square().sum() / batch.mask.sum()

    fitted(network, lessons, loss, fit, rng)
    return network
