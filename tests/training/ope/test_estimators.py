import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.training.ope import estimators as e
from maitred.training.ope.logged import Logged, LoggedError
from tests.training.ope.stored import PAIRS, drawn_log, log_a, oracle, record

PLAIN = {
    "DM": e.direct_method,
    "IPW": e.inverse_propensity,
    "SNIPW": e.self_normalised,
    "DR": e.doubly_robust,
    "SNDR": e.self_normalised_doubly_robust,
}
TUNABLE = {
    "IPW_clip": e.clipped_inverse_propensity,
    "DR_clip": e.clipped_doubly_robust,
    "SwitchDR_": e.switch_doubly_robust,
    "DRos_": e.shrunk_doubly_robust,
    "SGIPW_": e.sub_gaussian,
    "SGDR_": e.sub_gaussian_doubly_robust,
}
SELF_NORMALISED = (e.self_normalised, e.self_normalised_doubly_robust)
EXACT_WITH_THE_TRUTH = (
    e.doubly_robust,
    e.self_normalised_doubly_robust,
    lambda log: e.switch_doubly_robust(log, 2),
    lambda log: e.shrunk_doubly_robust(log, 5),
    lambda log: e.sub_gaussian_doubly_robust(log, 0.1),
)

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("pair", PAIRS)
def test_every_stored_value_is_met(pair):
    log, stored = log_a(pair), record(oracle("oracle_A.json")["results"], pair)["estimators"]
    for name, value in ((name, one["value"]) for name, one in stored.items() if "tuned" not in name):
        assert estimated(name, log) == pytest.approx(value, abs=1e-9), name


def estimated(name: str, log: Logged) -> float:
    if name in PLAIN:
        return PLAIN[name](log).mean()
    family = next(prefix for prefix in TUNABLE if name.startswith(prefix))
    return TUNABLE[family](log, float(re.match(r"[\d.]+", name[len(family) :])[0])).mean()


@given(seeds)
def test_a_policy_against_itself_differs_by_nothing(seed):
    log = drawn_log(seed, n=50)
    same = replace(log, target=log.behaviour)
    assert same.weights == pytest.approx(1)
    for estimator in (e.inverse_propensity, e.self_normalised):
        assert estimator(same).mean() == pytest.approx(log.reward.mean())
    mine, its = (e.doubly_robust(one) for one in (same, replace(same, behaviour=None)))
    assert (mine == its).all()


@given(seeds, st.floats(-5, 5), st.floats(0.1, 10))
def test_self_normalised_forms_move_and_scale_with_the_reward(seed, shift, scale):
    log = drawn_log(seed, n=50)
    moved = replace(log, reward=shift + scale * log.reward, q=shift + scale * log.q)
    for estimator in SELF_NORMALISED:
        assert estimator(moved).mean() == pytest.approx(shift + scale * estimator(log).mean(), abs=1e-9)


@given(seeds)
def test_with_a_model_that_knows_every_reward_all_corrections_vanish(seed):
    log = drawn_log(seed, n=50)
    q = log.q.copy()
    q[np.arange(len(log)), log.chosen] = log.reward
    exact = replace(log, q=q)
    for estimator in EXACT_WITH_THE_TRUTH:
        assert estimator(exact).mean() == pytest.approx(e.direct_method(exact).mean(), abs=1e-12)


@given(seeds)
def test_without_a_model_doubly_robust_forms_are_the_weighted_ones(seed):
    log = replace(drawn_log(seed, n=50), q=np.zeros((50, 4)))
    assert e.doubly_robust(log) == pytest.approx(e.inverse_propensity(log))
    assert e.self_normalised_doubly_robust(log) == pytest.approx(e.self_normalised(log))


@given(seeds)
def test_parameters_at_their_end_leave_the_weights_alone(seed):
    log = drawn_log(seed, n=50)
    for estimator, end in (
        (e.clipped_doubly_robust, np.inf),
        (e.switch_doubly_robust, np.inf),
        (e.shrunk_doubly_robust, np.inf),
        (e.sub_gaussian_doubly_robust, 0.0),
    ):
        assert estimator(log, end) == pytest.approx(e.doubly_robust(log))


def test_clusters_of_one_candidate_are_importance_sampling_and_one_cluster_of_all_is_the_mean():
    log = drawn_log(3)
    alone = np.broadcast_to(np.arange(4), (len(log), 4))
    assert e.marginalised(log, alone) == pytest.approx(e.inverse_propensity(log))
    assert e.marginalised(log, np.zeros_like(alone)) == pytest.approx(log.reward)


def test_clusters_keep_the_estimate_unbiased_with_less_variance_where_they_say_all_about_the_reward():
    random, n, places = np.random.default_rng(1), 40_000, 20
    cluster = np.broadcast_to(np.arange(places) // 5, (n, places))
    behaviour = np.full((n, places), 1 / places)
    target = np.broadcast_to(random.dirichlet(np.ones(places)), (n, places))
    worth = np.array([0.1, 0.4, 0.6, 0.9])
    chosen = random.integers(places, size=n)
    reward = (random.random(n) < worth[chosen // 5]).astype(float)
    log = Logged(reward, np.full(n, 1 / places), chosen, target, behaviour, np.zeros((n, places)))
    rows = e.marginalised(log, cluster)
    truth = float(target[0] @ worth[np.arange(places) // 5])
    assert rows.mean() == pytest.approx(truth, abs=4 * rows.std() / np.sqrt(n))
    assert rows.std() < e.inverse_propensity(log).std()


def test_clusters_need_the_behaviour_policy():
    log = replace(drawn_log(0), behaviour=None)
    with pytest.raises(LoggedError, match="behaviour: expected"):
        e.marginalised(log, np.zeros((300, 4), np.int64))


def test_rows_of_a_self_normalised_form_tell_its_standard_error():
    means = [e.self_normalised(drawn_log(seed)).mean() for seed in range(300)]
    errors = [e.self_normalised(drawn_log(seed)).std() / np.sqrt(300) for seed in range(300)]
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.15)
