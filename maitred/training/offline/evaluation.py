"""What a log that was not learned from says of a policy: evidence for one-step estimates, and fitted Q evaluation."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from maitred.envs.decision import Decisions, Policy
from maitred.training.offline.experience import Experience, Floats, Integers, OfflineError
from maitred.training.offline.fitting import Fit, action_values, fitted, of_chosen
from maitred.training.offline.lessons import Batch, Lessons
from maitred.training.offline.reward_models import RewardModels
from maitred.training.offline.steps import Steps
from maitred.training.ope.logged import Logged

REFRESHES = 30  # of the targets; about as many decisions must lie within the horizon


def answers(experience: Experience, policy: Policy) -> Integers:
    """(n,) int64, place in its short list of what a policy would have chosen in each decision of a log.

    Raises:
        OfflineError: the policy draws its answers.
    """
    found = np.zeros(len(experience), np.int64)
    for lists in experience.lists:
        choices = policy.act(Decisions(lists.row.astype(np.uint64), lists.context, lists.candidates, lists.mask))
        if (choices.propensity < 1).any():
            raise OfflineError(f"policy: expected one that does not draw its answers, found {policy.name}")
        found[lists.row] = choices.candidate
    return found


def evidence(experience: Experience, lessons: Lessons, models: RewardModels, answered: Integers) -> Logged:
    """The decisions whose rewards are known, as evidence about a policy that gives these answers (n,)."""
    places = max(lists.mask.shape[1] for lists in experience.lists)
    q = np.zeros((len(experience), places))
    chosen = np.zeros(len(experience), np.int64)
    for part in lessons.parts:
        row = part.row.numpy()
        q[row, : part.mask.shape[1]] = models.cross_fitted(part).numpy()
        chosen[row] = part.chosen.squeeze(1).numpy()
    known = experience.known
    return Logged(
        reward=experience.reward[known],
        propensity=experience.propensity[known],
        chosen=chosen[known],
        target=np.eye(places)[answered[known]],
        behaviour=None,
        q=models.mean + models.scale * q[known],
        propensity_estimated=experience.propensity_estimated,
    )


def fitted_q_values(lessons: Lessons, steps: Steps, answered: Integers, fit: Fit, rng: np.random.Generator) -> Floats:
    """(n,) float64, what a policy of these answers (n,) would book from each decision on, less the log's average.

    Fitted Q evaluation (Le, Voloshin and Yue 2019) with a network, in money, discounted as the steps are. It begins at
    the returns of the log, so that what is left to be carried from decision to decision is the policies' difference.
    """
    network = lessons.network(fit.width, rng)
    targets, place = steps.returns(), torch.from_numpy(answered)

    def value(batch: Batch) -> Tensor:
        return action_values(network, batch).gather(1, place[batch.row][:, None]).squeeze(1)

    def refresh(rows: Tensor) -> None:
        targets.copy_(steps.targets(lessons.every(value, steps.following[rows])))

    def loss(batch: Batch) -> Tensor:
        return mse_loss(of_chosen(action_values(network, batch), batch), targets[batch.row])

    fitted(network, lessons, loss, fit, rng)
    fitted(network, lessons, loss, fit, rng, refresh=refresh, every=max(1, fit.steps // REFRESHES))
    return steps.scale * lessons.every(value).numpy().astype(np.float64)
