"""The ridge against a from-scratch recursion, and both bandits on a planted linear reward."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maitred.agents.linear_bandits import (
    PAIR_NAMES,
    LinTS,
    LinUCB,
    Ridge,
    Scaling,
    chosen_pairs,
    load,
    pair_features,
    save,
    scaling_of,
)
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Decisions, Kind

HOLD = CANDIDATE_NAMES.index("is_hold")
PLACES = 5  # the last one is hold
BANDITS = [LinUCB, LinTS]


def sample(rng: np.random.Generator, n: int) -> Decisions:
    """Standard normal features, kinds with a contact in equal shares, all candidates legal."""
    context = rng.standard_normal((n, len(CONTEXT_NAMES)), np.float32)
    context[:, : len(Kind)] = np.eye(len(Kind))[rng.integers(0, 3, n)]
    candidates = rng.standard_normal((n, PLACES, len(CANDIDATE_NAMES)), np.float32)
    candidates[:, :, HOLD] = 0
    candidates[:, -1] = np.arange(len(CANDIDATE_NAMES)) == HOLD
    key = rng.integers(2**64, size=n, dtype=np.uint64)
    return Decisions(key, context, candidates, np.ones((n, PLACES), bool))


def rows(decisions: Decisions, index: slice | np.ndarray) -> Decisions:
    return Decisions(decisions.key[index], decisions.context[index], decisions.candidates[index], decisions.mask[index])


@pytest.fixture(scope="module")
def scaling() -> Scaling:
    return scaling_of(sample(np.random.default_rng(1), 2000))


def trained(policy: LinUCB | LinTS, rounds: int, seed: int = 2) -> tuple[LinUCB | LinTS, float]:
    """The policy after rounds of 100 decisions with a planted reward, and its last share of the optimum.

    The share is 0 for the mean candidate and 1 for the best one.
    """
    planted = np.random.default_rng(0).standard_normal(len(PAIR_NAMES))
    rng = np.random.default_rng(seed)
    share = 0.0
    for _ in range(rounds):
        decisions = sample(rng, 100)
        candidate = policy.act(decisions).candidate
        value = pair_features(decisions.context, decisions.candidates[:, :-1], policy.scaling) @ planted
        taken = value[np.arange(100), candidate]
        share = (taken - value.mean(axis=1)).sum() / (value.max(axis=1) - value.mean(axis=1)).sum()
        reward = taken + rng.standard_normal(100)
        policy = policy.update(chosen_pairs(decisions, candidate, policy.scaling), reward)
    return policy, share


def test_features_have_names_and_interactions(scaling):
    decisions = sample(np.random.default_rng(0), 6)
    x = pair_features(decisions.context, decisions.candidates, scaling)
    assert x.shape == (6, PLACES, len(PAIR_NAMES))
    column = {name: x[:, :-1, i] for i, name in enumerate(PAIR_NAMES)}
    is_kind = {kind: (decisions.kind == kind)[:, None] for kind in Kind}
    assert (column["1"] == 1).all()
    for kind in (Kind.ROUTE, Kind.PULL, Kind.REASSESS):
        name = f"kind_{kind.name.lower()}"
        np.testing.assert_array_equal(column[name], np.broadcast_to(is_kind[kind], column[name].shape))
        np.testing.assert_array_equal(column[f"{name} * handle_s"], is_kind[kind] * column["handle_s"])
        np.testing.assert_array_equal(column[f"{name} * is_escalate"], is_kind[kind] * column["is_escalate"])
    np.testing.assert_allclose(column["complexity * is_bot"], column["complexity"] * column["is_bot"])
    np.testing.assert_allclose(column["busyness * fit"], column["busyness"] * column["fit"])
    assert abs(x).max() <= 25  # the product of two clipped features


def test_scaling_standardises_what_is_legal_and_not_hold():
    decisions = sample(np.random.default_rng(0), 500)
    decisions.candidates[:, :, CANDIDATE_NAMES.index("wait_s")] *= 60
    decisions.candidates[:, 0] = 1e6
    mask = decisions.mask.copy()
    mask[:, 0] = False
    scaling = scaling_of(replace(decisions, mask=mask))
    z = (decisions.candidates[:, 1:-1] - scaling.candidate_mean) / scaling.candidate_std
    np.testing.assert_allclose(z.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(np.delete(z.std(axis=(0, 1)), HOLD), 1, rtol=1e-5)


def test_ridge_matches_sherman_morrison():
    rng = np.random.default_rng(3)
    x, reward = rng.standard_normal((60, len(PAIR_NAMES))), rng.standard_normal(60)
    ridge = Ridge.prior(penalty=0.5).update(x[:25], reward[:25]).update(x[25:], reward[25:])
    inverse, b = np.eye(len(PAIR_NAMES)) / 0.5, np.zeros(len(PAIR_NAMES))
    for row, r in zip(x, reward, strict=True):
        shrink = inverse @ row
        inverse -= np.outer(shrink, shrink) / (1 + row @ shrink)
        b += r * row
    np.testing.assert_allclose(ridge.weights, inverse @ b, atol=1e-10)
    np.testing.assert_allclose(ridge.width(x), np.sqrt([row @ inverse @ row for row in x]), atol=1e-10)
    assert (ridge.n, ridge.version) == (60, 2)


def test_posterior_samples_have_the_posterior_mean_and_covariance(scaling):
    rng = np.random.default_rng(4)
    ridge = Ridge.prior().update(rng.standard_normal((300, len(PAIR_NAMES))), rng.standard_normal(300))
    weights = LinTS(ridge, scaling, spread=2.0, samples=20_000).sampled_weights
    posterior = 4 * np.linalg.inv(ridge.A)
    np.testing.assert_allclose(weights.mean(axis=1), ridge.weights, atol=0.01)
    np.testing.assert_allclose(np.cov(weights), posterior, atol=0.04 * posterior.max())


@pytest.mark.parametrize("kind", BANDITS)
def test_learns_a_planted_reward(kind, scaling):
    policy, share = trained(kind(Ridge.prior(), scaling), rounds=30)
    assert share > 0.9  # LinUCB gives up its floor of 0.05
    if isinstance(policy, LinUCB):
        assert trained(replace(policy, epsilon=0.0), rounds=1, seed=3)[1] > 0.97


@pytest.mark.parametrize("kind", BANDITS)
def test_reported_propensities_match_the_frequencies_over_keys(kind, scaling):
    policy, _ = trained(kind(Ridge.prior(), scaling), rounds=1)
    n = 20_000
    decisions = sample(np.random.default_rng(5), 50)
    most_open = policy.probabilities(decisions).max(axis=1).argmin()
    keyed = replace(rows(decisions, np.full(n, most_open)), key=np.arange(n, dtype=np.uint64))
    choices = policy.act(keyed)
    p = policy.probabilities(rows(keyed, slice(1)))[0]
    counts = np.bincount(choices.candidate, minlength=PLACES)
    assert (counts[p == 0] == 0).all()
    possible = p > 0
    assert possible.sum() > 1
    statistic = ((counts - n * p)[possible] ** 2 / (n * p[possible])).sum()
    assert statistic < 18.5  # 0.1 % point of chi-square with at most 4 degrees
    np.testing.assert_allclose(choices.propensity, p[choices.candidate])


@pytest.mark.parametrize("kind", [Kind.CONCURRENCY, Kind.OUTREACH])
@pytest.mark.parametrize("bandit", BANDITS)
def test_decisions_without_a_contact_are_left_at_what_is_usual(bandit, kind, scaling):
    decisions = sample(np.random.default_rng(7), 30)
    decisions.context[:, : len(Kind)] = np.eye(len(Kind))[kind]
    decisions.candidates[..., CANDIDATE_NAMES.index("usual")] = np.arange(PLACES) == 2
    choices = bandit(Ridge.prior(), scaling).act(decisions)
    assert (choices.candidate == 2).all() and (choices.propensity == 1).all()


def test_linucb_takes_the_bound_above_its_floor(scaling):
    policy, _ = trained(LinUCB(Ridge.prior(), scaling, alpha=0.7, epsilon=0.2), rounds=2)
    decisions = sample(np.random.default_rng(6), 200)
    x = pair_features(decisions.context, decisions.candidates[:, :-1], scaling)
    inverse = np.linalg.inv(policy.ridge.A)
    bound = x @ inverse @ policy.ridge.b + 0.7 * np.sqrt(np.einsum("bkd,de,bke->bk", x, inverse, x))
    expected = np.full((200, PLACES), 0.2 / 4)
    expected[:, -1] = 0
    expected[np.arange(200), bound.argmax(axis=1)] += 0.8
    np.testing.assert_allclose(policy.probabilities(decisions), expected, atol=1e-12)


@functools.cache
def untrained(kind: type) -> LinUCB | LinTS:
    return kind(Ridge.prior(), scaling_of(sample(np.random.default_rng(0), 20)))


@pytest.mark.parametrize("kind", BANDITS)
@settings(deadline=None, max_examples=50)
@given(mask=arrays(bool, (20, PLACES)).filter(lambda m: m.any(axis=1).all()), seed=st.integers(0, 2**32))
def test_choice_is_legal_and_holds_only_if_it_must(kind, mask, seed):
    decisions = replace(sample(np.random.default_rng(seed), 20), mask=mask)
    policy = untrained(kind)
    p = policy.probabilities(decisions)
    choices = policy.act(decisions)
    assert mask[np.arange(20), choices.candidate].all()
    assert ((choices.candidate == PLACES - 1) == ~mask[:, :-1].any(axis=1)).all()
    assert (p[~mask] == 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1)


@pytest.mark.parametrize("kind", BANDITS)
def test_answers_do_not_depend_on_the_batch(kind, scaling):
    policy, _ = trained(kind(Ridge.prior(), scaling), rounds=2)
    decisions = sample(np.random.default_rng(8), 64)
    whole = policy.act(decisions)
    parts = [policy.act(rows(decisions, slice(i, i + 1))) for i in range(64)]
    assert whole.candidate.tolist() == [c for part in parts for c in part.candidate]
    assert whole.propensity.tolist() == [q for part in parts for q in part.propensity]


def test_samples_are_redrawn_by_an_update_only(scaling):
    policy = LinTS(Ridge.prior(), scaling, seed=3)
    again = LinTS(Ridge.prior(), scaling, seed=3)
    np.testing.assert_array_equal(policy.sampled_weights, again.sampled_weights)
    nothing = np.zeros((0, len(PAIR_NAMES))), np.zeros(0)
    assert (policy.update(*nothing).sampled_weights != policy.sampled_weights).any()
    assert (replace(policy, seed=4).sampled_weights != policy.sampled_weights).any()


@pytest.mark.parametrize("kind", BANDITS)
def test_saved_policy_answers_the_same(kind, scaling, tmp_path):
    policy, _ = trained(kind(Ridge.prior(), scaling), rounds=2)
    save(policy, tmp_path / "policy.npz")
    loaded = load(tmp_path / "policy.npz")
    decisions = sample(np.random.default_rng(9), 50)
    assert type(loaded) is kind
    assert (loaded.ridge.n, loaded.ridge.version) == (200, 2)
    np.testing.assert_array_equal(loaded.act(decisions).candidate, policy.act(decisions).candidate)
    np.testing.assert_array_equal(loaded.probabilities(decisions), policy.probabilities(decisions))


def test_load_refuses_other_features(scaling, tmp_path):
    path = tmp_path / "policy.npz"
    save(LinUCB(Ridge.prior(), scaling), path)
    arrays_of = dict(np.load(path))
    np.savez(path, **{**arrays_of, "regressors": arrays_of["regressors"][::-1]})
    with pytest.raises(ValueError, match="other features"):
        load(path)
