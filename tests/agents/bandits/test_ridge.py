"""Ridge regressions in batches and one reward at a time against their definition."""

import numpy as np
import pytest

from maitred.agents.bandits.online import OnlineRidge
from maitred.agents.bandits.ridge import Ridge
from tests.agents.bandits.problems import ARMS, FORMS, REGRESSORS, contexts, seen


def rewards(form, count=400, seed=1):
    """Regressors, regressions and rewards of noise 2, and the ridge after them in two batches."""
    rng = np.random.default_rng(seed)
    x, _, _ = contexts(form, count, seed)
    rows, regression = seen(x, form, rng.integers(ARMS, size=count))
    reward = rows @ rng.standard_normal(REGRESSORS) + 2 * rng.standard_normal(count)
    regression = np.broadcast_to(regression, count)
    ridge = Ridge.prior(REGRESSORS, 1 if form == "shared" else ARMS, penalty=0.5, noise=3.0)
    half = count // 3
    ridge = ridge.update(rows[:half], reward[:half], regression[:half])
    return rows, regression, reward, ridge.update(rows[half:], reward[half:], regression[half:])


@pytest.mark.parametrize("form", FORMS)
def test_weights_and_widths_are_those_of_the_normal_equations(form):
    rows, regression, reward, ridge = rewards(form)
    for r in range(len(ridge.b)):
        x, y = rows[regression == r], reward[regression == r]
        A = 0.5 * np.eye(REGRESSORS) + x.T @ x
        np.testing.assert_allclose(ridge.weights[r], np.linalg.solve(A, x.T @ y), atol=1e-12)
        at = contexts(form, 7, 2)[0]
        here = at[:, 0]
        widths = np.sqrt(np.einsum("bi,ij,bj->b", here, np.linalg.inv(A), here))
        np.testing.assert_allclose(ridge.width(at, np.ones((7, ARMS), bool))[:, r], widths, atol=1e-12)
        np.testing.assert_allclose(ridge.mean(at)[:, r], here @ ridge.weights[r], atol=1e-12)
    assert ridge.n == 400


def test_noise_is_estimated():
    *_, ridge = rewards("shared", count=20_000)
    assert ridge.noise == pytest.approx(2, rel=0.02)
    assert Ridge.prior(3, noise=1.5).noise == 1.5


def test_covariance_has_the_widths_on_its_diagonal():
    *_, ridge = rewards("shared")
    x = contexts("shared", 9, 3)[0]
    everything = np.ones((9, ARMS), bool)
    covariance = ridge.covariance(x, everything)
    np.testing.assert_allclose(np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)), ridge.width(x, everything))
    np.testing.assert_allclose(covariance[4], x[4] @ np.linalg.inv(ridge.A[0]) @ x[4].T, atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_rewards_one_by_one_give_the_state_of_the_batch(form):
    rows, regression, reward, batch = rewards(form)
    online = OnlineRidge.of(Ridge.prior(REGRESSORS, len(batch.b), penalty=0.5, noise=3.0))
    for x, r, y in zip(rows, regression, reward, strict=True):
        online.learn(x, y, r)
    found = online.ridge()
    np.testing.assert_allclose(found.A, batch.A, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.b, batch.b, rtol=1e-9, atol=1e-9)
    assert found.n == batch.n and found.noise == pytest.approx(batch.noise, rel=1e-10)
    np.testing.assert_allclose(OnlineRidge.of(batch).weights, online.weights, atol=1e-10)


def test_the_inverse_stays_exact_over_many_updates():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50_000, 12)) * np.geomspace(0.01, 10, 12)
    online = OnlineRidge.of(Ridge.prior(12))
    for row in x:
        online.learn(row, 0.0)
    exact = np.linalg.inv(np.eye(12) + x.T @ x)
    scale = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    assert abs((online.inverse[0] - exact) / scale).max() < 1e-10


@pytest.mark.parametrize("form", FORMS)
def test_late_rewards_give_the_same_state(form):
    rows, regression, reward, _ = rewards(form)
    online = [OnlineRidge.of(Ridge.prior(REGRESSORS, ARMS)) for _ in range(2)]
    late = np.random.default_rng(4).permutation(len(reward))
    for state, order in zip(online, (np.arange(len(reward)), late), strict=True):
        for i in order:
            state.learn(rows[i], reward[i], regression[i])
    np.testing.assert_allclose(online[0].weights, online[1].weights, atol=1e-11)
    np.testing.assert_allclose(online[0].inverse, online[1].inverse, atol=1e-12)
    np.testing.assert_allclose(online[0].residual, online[1].residual, rtol=1e-11)
