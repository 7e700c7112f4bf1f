import numpy as np
import pytest
from scipy import optimize, stats

from maitred.envs.calibration.pooling import fit_crossed, pooled_shares, shrunk_means


def planted(rng, agents, types, sd_agent, sd_interaction):
    truth = (
        rng.normal(4.5, 0.5, types)
        + rng.normal(0, sd_agent, (agents, 1))
        + rng.normal(0, sd_interaction, (agents, types))
    )
    error = rng.uniform(0.001, 0.05, (agents, types))
    error[rng.random((agents, types)) < 0.2] = np.inf
    error[:2] = 0.01  # every type has data
    noise = rng.normal(0, np.sqrt(np.where(np.isfinite(error), error, 0)))
    return truth, np.where(np.isfinite(error), truth + noise, np.nan), error


def restricted_loss(variance, mean, error):
    """The REML criterion written out with full matrices (Searle, Casella and McCulloch 1992, chapter 6)."""
    agent, kind = np.nonzero(np.isfinite(error))
    y, x = mean[agent, kind], np.eye(mean.shape[1])[kind]
    v = variance[0] * (agent[:, None] == agent) + np.diag(variance[1] + error[agent, kind])
    inverse = np.linalg.inv(v)
    xvx = x.T @ inverse @ x
    residual = y - x @ np.linalg.solve(xvx, x.T @ inverse @ y)
    return 0.5 * (np.linalg.slogdet(v)[1] + np.linalg.slogdet(xvx)[1] + residual @ inverse @ residual)


def test_variances_maximise_the_restricted_likelihood():
    _, mean, error = planted(np.random.default_rng(1), 12, 3, 0.3, 0.15)
    found = fit_crossed(mean, error)
    direct = optimize.minimize(
        restricted_loss, [0.05, 0.05], (mean, error), bounds=[(0, 1)] * 2, tol=1e-12, method="L-BFGS-B"
    )
    np.testing.assert_allclose(found.variance, direct.x, rtol=2e-3)


def test_predictions_and_errors_are_the_full_matrix_ones():
    _, mean, error = planted(np.random.default_rng(2), 6, 3, 0.3, 0.2)
    found = fit_crossed(mean, error)
    g = np.kron(np.eye(6), found.variance[0] * np.ones((3, 3)) + found.variance[1] * np.eye(3))
    use = np.isfinite(error).ravel()
    x = np.tile(np.eye(3), (6, 1))
    w = np.linalg.inv(g[np.ix_(use, use)] + np.diag(error.ravel()[use]))
    c = np.linalg.inv(x[use].T @ w @ x[use])
    mu = c @ x[use].T @ w @ mean.ravel()[use]
    gain = g[:, use] @ w
    value = x @ mu + gain @ (mean.ravel()[use] - x[use] @ mu)
    keep = x - gain @ x[use]
    se = np.sqrt(np.diag(g - gain @ g[use] + keep @ c @ keep.T))
    np.testing.assert_allclose(found.value.ravel(), value)
    np.testing.assert_allclose(found.se.ravel(), se)


def test_planted_variances_lie_within_their_intervals_and_predictions_within_theirs():
    rng = np.random.default_rng(3)
    z, inside = [], []
    for _ in range(40):
        truth, mean, error = planted(rng, 40, 4, 0.2, 0.15)
        found = fit_crossed(mean, error)
        z.append((found.variance - [0.04, 0.0225]) / found.variance_se)
        inside.append((np.abs(found.value - truth) < 1.96 * found.se).mean())
    assert np.abs(np.mean(z, axis=0)).max() < 0.5
    assert (np.abs(z) < 1.96).mean() > 0.85
    assert np.mean(inside) == pytest.approx(0.95, abs=0.01)


def test_a_cell_without_data_is_less_sure_than_one_with_data():
    error = np.full((5, 2), 0.01)
    error[0, 1] = np.inf
    mean = np.random.default_rng(4).normal(5, 0.3, (5, 2))
    found = fit_crossed(mean, error)
    assert found.se[0, 1] > found.se[1, 1]


def test_equal_cells_pool_completely():
    found = fit_crossed(np.full((6, 2), 5.0), np.full((6, 2), 0.04))
    np.testing.assert_allclose(found.value, 5.0)
    np.testing.assert_allclose(found.variance, 0.0, atol=1e-9)


def test_a_type_without_data_is_refused():
    with pytest.raises(ValueError, match="every type"):
        fit_crossed(np.ones((3, 2)), np.array([[0.1, np.inf]] * 3))


def test_shares_follow_their_data_and_fall_back_on_the_prior():
    rng = np.random.default_rng(5)
    trials = np.r_[rng.integers(200, 3000, 60), 0, 3]
    truth = rng.beta(3, 57, 62)
    hits = rng.binomial(trials, truth)
    found = pooled_shares(hits.astype(float), trials.astype(float))
    assert found[60] == pytest.approx(0.05, abs=0.015)
    assert abs(found[61] - found[60]) < 0.05
    error = np.sqrt(truth * (1 - truth) / np.maximum(trials, 1))
    assert stats.ttest_1samp(((found - truth) / error)[:60], 0).pvalue > 0.01


def test_no_hits_at_all_means_no_share():
    assert (pooled_shares(np.zeros(3), np.ones(3)) == 0).all()


def test_means_shrink_by_the_textbook_weight():
    means, variance = np.array([-1.0, 0.0, 1.0]), np.full(3, 0.5)
    shrunk, sd, q = shrunk_means(means, variance)
    assert q == pytest.approx(4.0)
    assert sd**2 == pytest.approx(0.5)  # sample variance 1 less error variance 0.5
    np.testing.assert_allclose(shrunk, means / 2)
