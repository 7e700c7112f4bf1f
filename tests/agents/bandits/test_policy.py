"""Bandits as policies of a contact center."""

import functools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maitred.agents.bandits.files import load, save
from maitred.agents.bandits.pair_features import PAIR_NAMES, choosable, pair_features, scaling_of
from maitred.agents.bandits.policy import NeuralBandit, PairBandit
from maitred.agents.bandits.upper_bound import UpperBound
from maitred.configs.schema import LinTSConfig, LinUCBConfig, NeuralConfig, SquareCBConfig
from maitred.envs.decision import CANDIDATE_NAMES, Kind
from maitred.training.bandit_training import prior
from tests.agents.bandits.problems import HOLD, PLACES, decisions_of

CONFIGS = {
    "linucb": LinUCBConfig(penalty=1.0),
    "lints": LinTSConfig(penalty=1.0),
    "squarecb": SquareCBConfig(penalty=1.0),
    "neural": NeuralConfig(penalty=1.0, steps=60, width=16, learning_rate=1e-2),
}
every_bandit = pytest.mark.parametrize("name", CONFIGS)


@functools.cache
def untrained(name: str) -> PairBandit | NeuralBandit:
    torch.set_num_threads(1)
    return prior(CONFIGS[name], decisions_of(500, 1), seed=0)


def value_of(decisions, candidate):
    """A planted reward: short handling and a good fit are worth most."""
    chosen = decisions.candidates[np.arange(len(decisions)), candidate]
    column = {name: chosen[:, CANDIDATE_NAMES.index(name)] for name in ("handle_s", "fit")}
    return np.float64(-2 * column["handle_s"] - column["fit"])


@functools.cache
def trained(name: str, rounds: int = 20, size: int = 100) -> tuple[PairBandit | NeuralBandit, float]:
    """The policy after rounds of decisions, and its last share of the optimum, 0 for the mean candidate."""
    policy, rng, share = untrained(name), np.random.default_rng(2), 0.0
    for seed in range(rounds):
        decisions = decisions_of(size, 100 + seed)
        candidate = policy.act(decisions).candidate
        each = np.stack([value_of(decisions, np.full(size, k)) for k in range(PLACES - 1)], axis=1)
        taken = value_of(decisions, candidate)
        share = (taken - each.mean(axis=1)).sum() / (each.max(axis=1) - each.mean(axis=1)).sum()
        policy = policy.update(policy.keep(decisions, candidate), taken + rng.standard_normal(size))
    return policy, share


@every_bandit
def test_learns_a_planted_reward(name):
    assert trained(name)[1] > (0.6 if name == "neural" else 0.85)  # a network needs more than 2000 rewards


@every_bandit
def test_propensities_are_the_probabilities_of_what_was_chosen(name):
    policy, _ = trained(name)
    decisions = decisions_of(200, 3)
    choices, p = policy.act(decisions), policy.probabilities(decisions)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(choices.propensity, p[np.arange(200), choices.candidate])


@every_bandit
@pytest.mark.parametrize("kind", [Kind.CONCURRENCY, Kind.OUTREACH])
def test_decisions_without_a_contact_are_left_at_what_is_usual(name, kind):
    decisions = decisions_of(30, 7)
    decisions.context[:, : len(Kind)] = np.eye(len(Kind))[kind]
    decisions.candidates[..., CANDIDATE_NAMES.index("usual")] = np.arange(PLACES) == 2
    choices = untrained(name).act(decisions)
    assert (choices.candidate == 2).all() and (choices.propensity == 1).all()


@every_bandit
@settings(deadline=None, max_examples=30)
@given(mask=arrays(bool, (20, PLACES)).filter(lambda m: m.any(axis=1).all()), seed=st.integers(0, 2**32))
def test_choice_is_legal_and_holds_only_if_it_must(name, mask, seed):
    decisions = replace(decisions_of(20, seed), mask=mask)
    choices = untrained(name).act(decisions)
    assert mask[np.arange(20), choices.candidate].all()
    assert ((choices.candidate == PLACES - 1) == ~mask[:, :-1].any(axis=1)).all()
    assert (untrained(name).probabilities(decisions)[~mask] == 0).all()


@every_bandit
def test_answers_do_not_depend_on_the_batch(name):
    policy, _ = trained(name)
    decisions = decisions_of(64, 8)
    whole = policy.act(decisions)
    parts = [policy.act(decisions[i : i + 1]) for i in range(64)]
    assert whole.candidate.tolist() == [c for part in parts for c in part.candidate]
    np.testing.assert_allclose(whole.propensity, [q for part in parts for q in part.propensity], atol=1 / 32)


@every_bandit
def test_saved_policy_answers_the_same(name, tmp_path):
    policy, _ = trained(name)
    save(policy, tmp_path / "policy.npz")
    loaded = load(tmp_path / "policy.npz")
    decisions = decisions_of(50, 9)
    assert type(loaded) is type(policy) and loaded.name == name and loaded.rule == policy.rule
    np.testing.assert_array_equal(loaded.probabilities(decisions), policy.probabilities(decisions))
    assert [path.name for path in tmp_path.iterdir()] == ["policy.npz"]


def test_load_refuses_other_features(tmp_path):
    path = tmp_path / "policy.npz"
    save(untrained("linucb"), path)
    found = dict(np.load(path))
    np.savez(path, **{**found, "regressors": found["regressors"][::-1]})
    with pytest.raises(ValueError, match="other features"):
        load(path)


def test_another_rule_explores_the_same_knowledge():
    for name in ("squarecb", "neural"):
        policy, _ = trained(name)
        greedy = policy.with_rule(UpperBound(alpha=0.0, epsilon=0.0))
        assert (greedy.act(decisions_of(40, 10)).propensity == 1).all()


def test_a_neural_bandit_remembers_the_latest_decisions():
    policy = replace(trained("neural")[0], memory=150)
    decisions = decisions_of(100, 11)
    policy = policy.update(policy.keep(decisions, np.zeros(100, np.int64)), np.arange(100.0))
    assert policy.reward is not None and len(policy.reward) == 150
    assert (policy.reward[-100:] == np.arange(100)).all() and all(len(array) == 150 for array in policy.kept)


def test_features_have_names_and_interactions():
    decisions = decisions_of(6, 0)
    x = pair_features(decisions.context, decisions.candidates, scaling_of(decisions_of(500, 1)))
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
    decisions = decisions_of(500, 0)
    decisions.candidates[:, :, CANDIDATE_NAMES.index("wait_s")] *= 60
    decisions.candidates[:, 0] = 1e6
    mask = decisions.mask.copy()
    mask[:, 0] = False
    scaling = scaling_of(replace(decisions, mask=mask))
    z = (decisions.candidates[:, 1:-1] - scaling.candidate_mean) / scaling.candidate_std
    np.testing.assert_allclose(z.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(np.delete(z.std(axis=(0, 1)), HOLD), 1, rtol=1e-5)


def test_what_may_be_chosen_leaves_hold_out():
    decisions = decisions_of(5, 12)
    assert (choosable(decisions) == ([True] * (PLACES - 1) + [False])).all()
