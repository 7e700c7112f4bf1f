"""Discrete implicit Q-learning on the candidate network: never asks what an answer not given would be worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from maitred.agents.network import CandidateNetwork
from maitred.training.offline.fitting import Fit, action_values, fitted, of_chosen
from maitred.training.offline.lessons import Batch, Lessons
from maitred.training.offline.q_learning import REFRESH
from maitred.training.offline.steps import Steps

MOST_WEIGHT = 100.0  # of a decision that is imitated


@dataclass(frozen=True)
class Implicit:
    """What counts as a good answer.

    Attributes:
        expectile: of the logged choices' values that states are valued at, 0.5 to 1: from their mean to their best.
        temperature: how much faster better answers are imitated, per standard deviation of the reward.
    """

    expectile: float = 0.7
    temperature: float = 30.0


def implicit_q(
    lessons: Lessons, steps: Steps, settings: Implicit, fit: Fit, rng: np.random.Generator
) -> CandidateNetwork:
    """A network that imitates logged choices the more, the more they were worth. Kostrikov et al. 2021, eq. 5 to 7.

    One network holds the actor and the value of the state, as in PPO, another the action values. What either takes
    from the other is computed for the decisions to come at once and stands still between two refreshes.
    """
    actor, critic = lessons.network(fit.width, rng), lessons.network(fit.width, rng)
    targets, worth = torch.zeros(lessons.count), torch.zeros(lessons.count)

    def refresh(rows: Tensor) -> None:
        targets.copy_(steps.targets(lessons.every(lambda batch: _value(actor, batch), steps.following[rows])))
        worth.copy_(lessons.every(lambda batch: of_chosen(action_values(critic, batch), batch), rows))

    def loss(batch: Batch) -> Tensor:
        logits, value = actor(batch.context, batch.candidates, batch.mask)
        advantage = worth[batch.row] - value
        weight = (settings.temperature * advantage.detach()).exp().clamp(max=MOST_WEIGHT)
        imitation = weight * cross_entropy(logits, batch.chosen.squeeze(1), reduction="none")
        critical = mse_loss(of_chosen(action_values(critic, batch), batch), targets[batch.row])
        total: Tensor = critical + expectile_loss(advantage, settings.expectile) + imitation.mean()
        return total

    fitted(nn.ModuleList([actor, critic]), lessons, loss, fit, rng, refresh=refresh, every=REFRESH)
    return actor


def expectile_loss(excess: Tensor, expectile: float) -> Tensor:
    """Mean squared excess, weighed by the expectile where it is positive and by the rest to 1 where not."""
    loss: Tensor = ((expectile - (excess < 0).float()).abs() * excess.square()).mean()
    return loss


def _value(network: CandidateNetwork, batch: Batch) -> Tensor:
    value: Tensor = network(batch.context, batch.candidates, batch.mask)[1]
    return value
