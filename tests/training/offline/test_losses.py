"""The losses against straightforward arithmetic."""

import numpy as np
import pytest
import torch

from maitred.agents.network import MASKED_LOGIT
from maitred.training.offline.gradient import lower_value
from maitred.training.offline.implicit import expectile_loss
from maitred.training.offline.lessons import Batch
from maitred.training.offline.q_learning import conservative_loss
from maitred.training.ope.estimators import self_normalised_doubly_robust
from maitred.training.ope.logged import Logged

N, PLACES = 128, 6


@pytest.fixture
def batch():
    random = np.random.default_rng(0)
    mask = random.random((N, PLACES)) < 0.6
    mask[:, 0] = True
    chosen = np.array([random.choice(np.flatnonzero(row)) for row in mask])
    nothing = torch.zeros(N)
    return Batch(nothing, nothing, nothing, torch.from_numpy(mask), torch.from_numpy(chosen)[:, None])


def test_the_conservative_loss_is_that_of_the_paper(batch):
    random, alpha = np.random.default_rng(1), 0.7
    q, y = random.normal(size=(N, PLACES)), random.normal(size=N)
    expected = 0.0
    for i in range(N):
        legal = q[i][batch.mask[i].numpy()]
        taken = q[i, int(batch.chosen[i])]
        expected += (0.5 * (taken - y[i]) ** 2 + alpha * (np.log(np.exp(legal).sum()) - taken)) / N
    values = torch.where(batch.mask, torch.from_numpy(q), MASKED_LOGIT)
    found = conservative_loss(values, batch, torch.from_numpy(y), alpha)
    assert float(found) == pytest.approx(expected, rel=1e-12)


def test_the_expectile_of_a_half_is_the_mean_and_a_high_one_is_near_the_best():
    values = torch.from_numpy(np.random.default_rng(2).normal(size=2000))

    def best(expectile):
        levels = torch.linspace(-3, 4, 1401, dtype=torch.float64)
        return float(levels[torch.stack([expectile_loss(values - level, expectile) for level in levels]).argmin()])

    assert best(0.5) == pytest.approx(float(values.mean()), abs=0.005)
    assert float(values.mean()) < best(0.9) < best(0.999) < float(values.max())


def test_the_gradient_climbs_the_self_normalised_doubly_robust_estimate():
    random = np.random.default_rng(3)
    target = random.dirichlet(np.ones(PLACES), N)
    q, reward, chosen = random.normal(size=(N, PLACES)), random.normal(size=N), random.integers(PLACES, size=N)
    log = Logged(reward, np.full(N, 1 / PLACES), chosen, target, None, q)
    scores = self_normalised_doubly_robust(log)
    inputs = (log.q_target, log.weights, reward - log.q_chosen)
    tensors = [torch.from_numpy(x) for x in inputs]
    assert float(lower_value(*tensors, errors=0.0, n=N)) == pytest.approx(scores.mean(), rel=1e-12)
    penalised = scores.mean() - 2 * _influence_error(*inputs)
    assert float(lower_value(*tensors, errors=2.0, n=N)) == pytest.approx(penalised, rel=1e-12)


def _influence_error(predicted, weight, surprise):
    """Standard error of a mean plus a ratio of means, by the delta method."""
    ratio = (weight * surprise).sum() / weight.sum()
    influence = predicted - predicted.mean() + weight / weight.mean() * (surprise - ratio)
    return influence.std() / np.sqrt(N)
