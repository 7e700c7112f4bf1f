"""Discrete conservative Q-learning on the candidate network, discounted by the seconds between decisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from maitred.agents.network import CandidateNetwork
from maitred.training.offline.fitting import Fit, action_values, fitted, of_chosen
from maitred.training.offline.lessons import Batch, Lessons
from maitred.training.offline.steps import Steps

REFRESH = 250  # updates between two refreshes of the targets


@dataclass(frozen=True)
class Conservatism:
    """How far Q-learning may trust what the log shows little of.

    Attributes:
        alpha: weight of the penalty on candidates that were not chosen, in standard deviations of the reward; the
            better the behaviour policy, the more is right.
    """

    alpha: float = 0.03


def conservative_q(
    lessons: Lessons, steps: Steps, conservatism: Conservatism, fit: Fit, rng: np.random.Generator
) -> CandidateNetwork:
    """A network whose scores are lower bounds on action values. Kumar et al. 2020, eq. 4, CQL(H).

    The target of a decision is what was booked until the next, plus the discounted value of the best candidate there;
    targets of the decisions to come are computed at once and stand still between two refreshes (Mnih et al. 2015), so
    that an update costs one pass of the network.
    """
    network = lessons.network(fit.width, rng)
    targets = torch.zeros(lessons.count)

    def refresh(rows: Tensor) -> None:
        best = lessons.every(lambda batch: action_values(network, batch).amax(dim=1), steps.following[rows])
        targets.copy_(steps.targets(best))

    def loss(batch: Batch) -> Tensor:
        return conservative_loss(action_values(network, batch), batch, targets[batch.row], conservatism.alpha)

    fitted(network, lessons, loss, fit, rng, refresh=refresh, every=REFRESH)
    return network


def conservative_loss(values: Tensor, batch: Batch, targets: Tensor, alpha: float) -> Tensor:
    """Half the squared temporal difference, and alpha times how much softly best candidates exceed the chosen.

    Args:
        values: (b, L) action values, far below all others where masked.
        batch: the decisions.
        targets: (b,) of the chosen candidates.
        alpha: weight of the penalty.
    """
    penalty = cross_entropy(values, batch.chosen.squeeze(1))  # the same as log-sum-exp less the chosen, and faster
    return 0.5 * mse_loss(of_chosen(values, batch), targets) + alpha * penalty
