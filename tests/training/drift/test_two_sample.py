"""A classifier tells now from before if, and only if, something is different."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm

from maitred.training.drift.logistic import fit_logistic
from maitred.training.drift.two_sample import mann_whitney, two_sample


def permutation_p(now, before, rng, permutations):
    """P-value of the same AUC when labels are shuffled: exact, and as many times as slow."""
    found, both, beaten = two_sample(now, before, rng).auc, np.vstack([now, before]), 0
    for _ in range(permutations):
        order = rng.permutation(len(both))
        beaten += two_sample(both[order[: len(now)]], both[order[len(now) :]], rng).auc >= found
    return (1 + beaten) / (1 + permutations)


def test_logistic_finds_where_the_gradient_is_zero() -> None:
    rng = np.random.default_rng(0)
    x, label = rng.normal(size=(400, 5)), rng.random(400) < 0.3
    x[label] += 0.3
    beta, intercept = fit_logistic(x, label, ridge=2.0)
    p = 1 / (1 + np.exp(-(x @ beta + intercept)))
    share = np.where(label, 0.5 / label.sum(), 0.5 / (~label).sum()) * 400
    np.testing.assert_allclose(x.T @ (share * (label - p)), 2.0 * beta, atol=1e-6)
    assert abs((share * (label - p)).sum()) < 1e-6


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=4, max_size=40))
def test_mann_whitney_is_that_of_scipy(scores: list[int]) -> None:
    score = np.array(scores, float)
    label = np.arange(len(score)) % 3 == 0
    u, mean, variance = mann_whitney(score, label)
    known = mannwhitneyu(score[label], score[~label], alternative="greater", method="asymptotic", use_continuity=False)
    assert u == known.statistic
    if variance > 0:
        assert norm.sf((u - mean) / np.sqrt(variance)) == pytest.approx(known.pvalue, abs=1e-12)


def test_without_a_difference_the_p_value_is_no_smaller_than_it_says() -> None:
    rng = np.random.default_rng(1)
    p = np.array([two_sample(rng.normal(size=(60, 8)), rng.normal(size=(90, 8)), rng).p for _ in range(400)])
    for level in (0.05, 0.2):
        assert (p <= level).mean() < level + 3 * np.sqrt(level * (1 - level) / 400)
    assert (p <= 0.2).mean() > 0.08  # and not much larger


def test_a_difference_is_found_and_permutations_agree() -> None:
    rng = np.random.default_rng(2)
    now, before = rng.normal(size=(80, 6)) + np.eye(6)[0] * 1.5, rng.normal(size=(120, 6))
    found = two_sample(now, before, rng)
    assert found.auc > 0.75 and found.p < 1e-4 and permutation_p(now, before, rng, permutations=50) == 1 / 51
    same = rng.normal(size=(80, 6))
    assert two_sample(same, before, rng).p > 0.01 and permutation_p(same, before, rng, permutations=50) > 0.03


def test_too_few_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 cases of either sample, found 1 and 9"):
        two_sample(np.zeros((1, 2)), np.zeros((9, 2)), np.random.default_rng(0))
