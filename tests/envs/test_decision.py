"""Draws depend on the key alone, follow the probabilities and never pick what is masked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maitred.envs.decision import (
    CANDIDATE_NAMES,
    CONTEXT_FEATURES,
    CONTEXT_NAMES,
    Decisions,
    Kind,
    best,
    draw,
    uniforms,
)

keys = arrays(np.uint64, st.integers(1, 40), elements=st.integers(0, 2**64 - 1))


def chi_square(counts: np.ndarray, expected: np.ndarray) -> float:
    return float(((counts - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("purpose", [0, 1, 17])
def test_uniforms_of_consecutive_keys_are_uniform_and_uncorrelated(purpose):
    u = uniforms(np.arange(100_000, dtype=np.uint64), purpose)
    counts = np.bincount((u * 100).astype(int), minlength=100)
    assert chi_square(counts, np.full(100, 1000)) < 149  # 0.1 % point of chi-square with 99 degrees
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.012


def test_uniforms_of_two_purposes_are_uncorrelated():
    key = np.arange(100_000, dtype=np.uint64)
    assert abs(np.corrcoef(uniforms(key, 0), uniforms(key, 1))[0, 1]) < 0.012


@given(keys, st.integers(0, 100))
def test_uniforms_lie_in_the_half_open_interval_and_ignore_the_batch(key, purpose):
    u = uniforms(key, purpose)
    assert ((u >= 0) & (u < 1)).all()
    alone = [uniforms(key[i : i + 1], purpose)[0] for i in range(len(key))]
    assert u.tolist() == alone


def test_draw_follows_the_probabilities():
    p = np.array([0.5, 0.0, 0.3, 0.2])
    choices = draw(np.tile(p, (50_000, 1)), np.arange(50_000, dtype=np.uint64))
    counts = np.bincount(choices.candidate, minlength=4)
    assert counts[1] == 0
    assert chi_square(counts[p > 0], 50_000 * p[p > 0]) < 13.8  # 0.1 % point, 2 degrees
    np.testing.assert_allclose(choices.propensity, p[choices.candidate])


@given(keys, st.integers(0, 2**32))
def test_draw_never_picks_probability_zero_and_ignores_the_batch(key, seed):
    rng = np.random.default_rng(seed)
    p = rng.random((len(key), 6)) * (rng.random((len(key), 6)) < 0.5)
    p[:, 3] += 1e-9
    p /= p.sum(axis=1, keepdims=True)
    choices = draw(p, key)
    assert (choices.propensity > 0).all()
    alone = [draw(p[i : i + 1], key[i : i + 1]).candidate[0] for i in range(len(key))]
    assert choices.candidate.tolist() == alone


def test_best_skips_masked_candidates_and_breaks_ties_by_lowest_index():
    scores = np.array([[9, 1, 1], [0, 0, 0], [-3, -2, 5]])
    mask = np.array([[False, True, True], [True, True, True], [True, True, False]])
    choices = best(scores, mask)
    assert choices.candidate.tolist() == [1, 0, 1]
    assert choices.propensity.tolist() == [1, 1, 1]


def test_kind_is_read_from_the_context():
    context = np.zeros((len(Kind), len(CONTEXT_NAMES)), np.float32)
    context[np.arange(len(Kind)), np.arange(len(Kind))] = 1
    rows = len(context)
    candidates = np.zeros((rows, 1, len(CANDIDATE_NAMES)), np.float32)
    decisions = Decisions(np.zeros(rows, np.uint64), context, candidates, np.ones((rows, 1), bool))
    assert decisions.kind.tolist() == list(Kind)
    assert len(decisions) == rows


def test_kind_features_come_first_and_names_are_unique():
    assert CONTEXT_NAMES[: len(Kind)] == tuple(f"kind_{kind.name.lower()}" for kind in Kind)
    assert len({*CONTEXT_NAMES, *CANDIDATE_NAMES}) == len(CONTEXT_NAMES) + len(CANDIDATE_NAMES)
    assert all(f.low < f.high for f in CONTEXT_FEATURES)
