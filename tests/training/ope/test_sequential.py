from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.training.ope import fitted_q
from maitred.training.ope import sequential as s
from maitred.training.ope.logged import LoggedError
from tests.training.ope.stored import arrays, oracle

MODELS = {"q=fqe": "q_fqe", "q=0.7*fqe": "q_biased"}
STORED = {
    "DM": s.direct_method,
    "TIS": s.trajectory_importance,
    "PDIS": s.per_decision,
    "DR": s.doubly_robust,
    "SNTIS": s.self_normalised_trajectory,
    "SNPDIS": s.self_normalised_per_decision,
    "SNDR(WDR, self-normalised per step)": s.weighted_doubly_robust,
}
WITH_STATE_WEIGHTS = {"MIS(state marginal)": s.marginalised, "DRL(double RL, marginal)": s.double_reinforcement}


def log_d(model: str = "q_fqe") -> s.Trajectories:
    z = arrays("D_mdp.npz")
    state, action, step = z["state"], z["action"], np.arange(z["state"].shape[1])
    v = (z["pi_e"][state] * z[model][step, state]).sum(axis=2)
    ratio = z["pi_e"][state, action] / z["pscore"]
    return s.Trajectories(z["reward"], ratio, float(z["gamma"]), z[model][step, state, action], v)


@pytest.mark.parametrize("model", MODELS)
def test_every_stored_value_is_met(model):
    paths, stored = log_d(MODELS[model]), oracle("oracle_sequential_D.json")["reference_numpy"][model]
    for name, estimator in STORED.items():
        assert estimator(paths).mean() == pytest.approx(stored[name], abs=1e-9), name
    for name, weighted in WITH_STATE_WEIGHTS.items():
        rows = weighted(paths, arrays("D_mdp.npz")["state_marginal_weight"])
        assert rows.mean() == pytest.approx(stored[name], abs=1e-9), name


def test_from_the_log_alone_marginal_weights_and_fitted_q_come_near_the_truth():
    z, truth = arrays("D_mdp.npz"), oracle("oracle_sequential_D.json")["true_value_pi_e"]
    paths = log_d()
    weights = s.tabular_state_weights(z["state"], paths.ratio)
    q, v = fitted_q.tabular(z["state"], z["action"], z["reward"], z["pi_e"], float(z["gamma"]))
    fitted = replace(paths, q=q, v=v)
    assert s.direct_method(fitted).mean() == pytest.approx(truth, rel=0.01)
    for rows in (s.marginalised(paths, weights), s.double_reinforcement(fitted, weights)):
        assert rows.mean() == pytest.approx(truth, abs=3 * rows.std() / np.sqrt(len(rows)))


def drawn(seed: int, n: int = 60, steps: int = 4) -> s.Trajectories:
    random = np.random.default_rng(seed)
    reward, q, v = random.normal(size=(3, n, steps))
    return s.Trajectories(reward, random.gamma(2, 0.5, size=(n, steps)), 0.9, q, v)


seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_a_policy_against_itself_earns_what_was_logged(seed):
    paths = replace(drawn(seed), ratio=np.ones((60, 4)))
    logged = (paths.reward @ paths.discounts).mean()
    for estimator in (
        s.trajectory_importance,
        s.self_normalised_trajectory,
        s.per_decision,
        s.self_normalised_per_decision,
    ):
        assert estimator(paths).mean() == pytest.approx(logged)


@given(seeds)
def test_without_a_model_doubly_robust_is_per_decision(seed):
    paths = replace(drawn(seed), q=np.zeros((60, 4)), v=np.zeros((60, 4)))
    assert s.doubly_robust(paths) == pytest.approx(s.per_decision(paths))
    assert s.weighted_doubly_robust(paths) == pytest.approx(s.self_normalised_per_decision(paths))


@given(seeds)
def test_a_model_that_knows_everything_leaves_nothing_to_correct(seed):
    paths = drawn(seed)
    after = np.hstack([paths.v[:, 1:], np.zeros((60, 1))])
    exact = replace(paths, q=paths.reward + 0.9 * after)
    for estimator in (s.doubly_robust, lambda p: s.double_reinforcement(p, p.weights)):
        assert estimator(exact) == pytest.approx(s.direct_method(exact), abs=1e-9)


@given(seeds)
def test_with_the_products_so_far_as_state_weights_marginalised_forms_are_the_plain_ones(seed):
    paths = drawn(seed)
    before = np.hstack([np.ones((60, 1)), paths.weights[:, :-1]])
    assert s.marginalised(paths, before) == pytest.approx(s.per_decision(paths))
    assert s.double_reinforcement(paths, before) == pytest.approx(s.doubly_robust(paths))


def test_trajectories_that_would_give_a_wrong_number_are_refused():
    paths = drawn(0)
    ratio = paths.ratio.copy()
    ratio[3, 2] = -1
    with pytest.raises(LoggedError, match="ratio, trajectory 3, step 2: expected 0 or more"):
        replace(paths, ratio=ratio)
    with pytest.raises(LoggedError, match="discount: expected"):
        replace(paths, discount=1.5)
    with pytest.raises(LoggedError, match=r"v: expected shape \(60, 4\)"):
        replace(paths, v=paths.v[:, :2])


def test_linear_fitted_q_on_indicators_is_the_tabular_one():
    random = np.random.default_rng(0)
    state, action = random.integers(3, size=(500, 5)), random.integers(2, size=(500, 5))
    reward, target = random.normal(size=(500, 5)), np.array([[0.3, 0.7], [1.0, 0.0], [0.5, 0.5]])
    features = np.eye(6)[state[:, :, None] * 2 + np.arange(2)]
    one = fitted_q.tabular(state, action, reward, target, 0.9)
    other = fitted_q.linear(features, action, reward, target[state], 0.9, penalty=1e-9)
    assert one[0] == pytest.approx(other[0], abs=1e-6)
    assert one[1] == pytest.approx(other[1], abs=1e-6)
