"""Behaviour cloning: do what was done."""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn.functional import cross_entropy

from maitred.agents.network import CandidateNetwork
from maitred.training.offline.fitting import Fit, fitted, scores
from maitred.training.offline.lessons import Batch, Lessons


def clone(lessons: Lessons, fit: Fit, rng: np.random.Generator) -> CandidateNetwork:
    """A network whose probabilities are those of the logged choices, by maximum likelihood. Pomerleau 1989."""
    network = lessons.network(fit.width, rng)

    def loss(batch: Batch) -> Tensor:
        return cross_entropy(scores(network, batch), batch.chosen.squeeze(1))

    fitted(network, lessons, loss, fit, rng)
    return network
