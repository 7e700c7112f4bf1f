"""How LinUCB, LinTS and SquareCB explore, shared and disjoint, in batches and online."""

import numpy as np
import pytest
from scipy.stats import chi2, norm

from maitred.agents.bandits.draws import uniform
from maitred.agents.bandits.inverse_gap import InverseGap
from maitred.agents.bandits.thompson import Thompson
from maitred.agents.bandits.upper_bound import UpperBound
from maitred.envs.decision import uniforms
from tests.agents.bandits.problems import ARMS, FORMS, REGRESSORS, RULES, contexts, fresh, seen, taught

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
every_form = pytest.mark.parametrize("form", FORMS)


def test_the_compiled_uniforms_are_those_of_decisions():
    key = np.random.default_rng(0).integers(2**64, size=20, dtype=np.uint64)
    for purpose in range(2):
        assert [uniform(k, purpose) for k in key] == uniforms(key, purpose).tolist()


@every_rule
@every_form
def test_probabilities_sum_to_one_and_are_zero_where_masked(rule, form):
    x, mask, key = contexts(form, 300, 2)
    mask[0] = [False, False, True, False]
    for bandit in (fresh(rule, form), taught(rule, form)):
        p = bandit.probabilities(x, mask, key)
        np.testing.assert_allclose(p.sum(axis=1), 1)
        assert (p[~mask] == 0).all() and (p >= 0).all() and p[0, 2] == 1
        choices = bandit.act(x, mask, key)
        assert mask[np.arange(300), choices.candidate].all()
        np.testing.assert_allclose(choices.propensity, p[np.arange(300), choices.candidate])


@every_rule
@every_form
def test_online_decides_as_the_batch_does(rule, form):
    x, mask, key = contexts(form, 200, 3)
    bandit = taught(rule, form)
    together, online = bandit.act(x, mask, key), bandit.online()
    for i in range(200):
        candidate, propensity = online.choose(x[i], mask[i], key[i])
        assert candidate == together.candidate[i]
        assert propensity == pytest.approx(together.propensity[i], rel=1e-6)


@every_rule
@every_form
def test_logged_probabilities_are_the_frequencies_of_draws(rule, form):
    """Chi-square over many keys of one decision; a sampling rule's probabilities differ by key and are averaged."""
    n = 40_000
    x, mask, _ = contexts(form, 40, 4)
    bandit = taught(rule, form, count=20)
    probabilities = bandit.probabilities(x, mask, np.arange(40, dtype=np.uint64))
    undecided = probabilities.max(axis=1).argmin()
    same = np.full(n, undecided)
    key = np.arange(n, dtype=np.uint64)
    p = bandit.probabilities(x[same], mask[same], key)
    choices = bandit.act(x[same], mask[same], key)
    counts, expected = np.bincount(choices.candidate, minlength=ARMS), p.sum(axis=0)
    possible = expected > 0
    assert possible.sum() > 1 and (counts[~possible] == 0).all()
    statistic = ((counts - expected)[possible] ** 2 / expected[possible]).sum()
    assert statistic < chi2.ppf(0.999, possible.sum() - 1)
    assert (choices.propensity == p[np.arange(n), choices.candidate]).all()
    weighted = (1 / choices.propensity[choices.candidate == p[0].argmax()]).sum() / n
    assert weighted == pytest.approx(1, abs=0.05)  # E[1{a} / p(a)] = 1


@every_form
def test_linucb_takes_the_highest_bound_above_its_floor(form):
    bandit = taught(UpperBound(alpha=2.0, epsilon=0.2), form)
    x, mask, key = contexts(form, 100, 6)
    bound = bandit.ridge.mean(x) + 2.0 * bandit.ridge.noise * bandit.ridge.width(x, mask)
    expected = 0.2 * mask / mask.sum(axis=1, keepdims=True)
    expected[np.arange(100), np.where(mask, bound, -np.inf).argmax(axis=1)] += 0.8
    np.testing.assert_allclose(bandit.probabilities(x, mask, key), expected)


def test_squarecb_weighs_by_the_inverse_gap():
    bandit = taught(InverseGap(gamma=5.0), "disjoint")
    x, mask, key = contexts("disjoint", 100, 7)
    gamma = 5.0 * np.sqrt(1 + bandit.ridge.n) / bandit.ridge.noise
    for p, mean, legal in zip(bandit.probabilities(x, mask, key), bandit.ridge.mean(x), mask, strict=True):
        best = mean[legal].max()
        others = legal & (mean < best)
        np.testing.assert_allclose(p[others], 1 / (legal.sum() + gamma * (best - mean[others])))


@every_form
def test_lints_chooses_with_the_posterior_probability_of_being_best(form):
    """Of two candidates that probability is a normal's: Phi(difference / its posterior deviation)."""
    bandit = taught(Thompson(spread=1.5, samples=200), form, count=60)
    x, _, _ = contexts(form, 1, 8)
    mask = np.array([[True, True, False, False]])
    n = 400
    key = np.arange(n, dtype=np.uint64)
    p = bandit.probabilities(np.repeat(x, n, axis=0), np.repeat(mask, n, axis=0), key)[:, 0].mean()
    inverse = np.linalg.inv(bandit.ridge.A)
    if form == "shared":
        apart = x[0, 0] - x[0, 1]
        difference, variance = apart @ bandit.ridge.weights[0], apart @ inverse[0] @ apart
    else:
        difference = x[0, 0] @ (bandit.ridge.weights[0] - bandit.ridge.weights[1])
        variance = x[0, 0] @ (inverse[0] + inverse[1]) @ x[0, 0]
    exact = norm.cdf(difference / (1.5 * bandit.ridge.noise * np.sqrt(variance)))
    assert 0.02 < exact < 0.98 and p == pytest.approx(exact, abs=0.01)


def test_lints_knows_candidates_that_are_the_same():
    """Equal regressors make the covariance singular: several of the same candidate win no more than one does."""
    bandit = taught(Thompson(), "shared", count=20)
    x, _, key = contexts("shared", 200, 9)
    x[:, 1:3] = x[:, :1]
    thrice = bandit.probabilities(x, np.ones((200, ARMS), bool), key)
    once = bandit.probabilities(x, np.tile([True, False, False, True], (200, 1)), key)
    np.testing.assert_allclose(thrice[:, 3], once[:, 3], atol=1e-12)


@every_rule
@every_form
def test_regret_of_a_small_problem_falls(rule, form):
    rng = np.random.default_rng(10)
    planted = rng.standard_normal((1 if form == "shared" else ARMS, REGRESSORS))
    x, _, key = contexts(form, 3000, 11)
    mask = np.ones((3000, ARMS), bool)
    value = x @ planted[0] if form == "shared" else x[:, 0] @ planted.T
    reward, bandit = value + rng.standard_normal(value.shape), fresh(rule, form).online()
    regret = np.empty(3000)
    for i in range(3000):
        candidate, _ = bandit.choose(x[i], mask[i], key[i])
        regret[i] = value[i].max() - value[i, candidate]
        rows, regression = seen(x[i : i + 1], form, np.array([candidate]))
        bandit.learn(rows[0], reward[i, candidate], int(np.ravel(regression)[0]))
    at_random = (value.max(axis=1) - value.mean(axis=1)).mean()
    floor = 0.1 if isinstance(rule, UpperBound) else 0.0  # of uniform exploration
    assert regret[2000:].mean() < (0.06 + floor) * at_random


@every_form
def test_a_bandit_goes_on_in_batches_where_it_stopped_online(form):
    bandit = taught(RULES[0], form)
    again = bandit.online().batch()
    np.testing.assert_allclose(again.ridge.weights, bandit.ridge.weights, atol=1e-10)
    assert again.ridge.n == bandit.ridge.n and again.rule == bandit.rule
