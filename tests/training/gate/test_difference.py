import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maitred.training.gate.difference import Differences, Estimate, EvidenceError, Pair, differences, estimate, joined

PLACES = 3


def logged(seed: int, n: int):
    """A log of uniform decisions, two random policies and an outcome of 0 and 1."""
    draw = np.random.default_rng(seed)
    candidate, champion = draw.dirichlet(np.ones(PLACES), (2, n))
    pair = Pair(draw.integers(PLACES, size=n), np.full((n, PLACES), 1 / PLACES), candidate, champion)
    return pair, draw.integers(2, size=n).astype(float), draw.random((n, PLACES))


def by_hand(pair, outcome, q):
    terms = []
    for i, a in enumerate(pair.chosen):
        shift = pair.candidate[i] - pair.champion[i]
        terms.append(shift @ q[i] + shift[a] / pair.behaviour[i, a] * (outcome[i] - q[i, a]))
    return terms


@given(st.integers(0, 2**31), st.integers(2, 40))
@settings(max_examples=25)
def test_a_term_is_the_doubly_robust_one_of_the_candidate_less_that_of_the_champion(seed, n):
    pair, outcome, q = logged(seed, n)
    assert differences(pair, outcome, q).terms == pytest.approx(by_hand(pair, outcome, q))


@given(st.integers(0, 2**31))
@settings(max_examples=10)
def test_a_policy_differs_from_itself_by_nothing_and_never_beats_itself(seed):
    pair, outcome, q = logged(seed, 20)
    found = estimate(differences(Pair(pair.chosen, pair.behaviour, pair.champion, pair.champion), outcome, q))
    assert (found.mean, found.error, found.z()) == (0.0, 0.0, 0.0)


@given(arrays(np.float64, (4, PLACES), elements=st.floats(0, 1)))
@settings(max_examples=25)
def test_whatever_the_model_the_mean_over_all_choices_is_the_true_difference(q):
    draw = np.random.default_rng(1)
    truth, behaviour, candidate, champion = (draw.dirichlet(np.ones(PLACES), 4) for _ in range(4))
    expected = np.zeros(4)
    for a in range(PLACES):
        pair = Pair(np.full(4, a), behaviour, candidate, champion)
        expected += behaviour[:, a] * differences(pair, truth[:, a], q).terms
    assert expected == pytest.approx(((candidate - champion) * truth).sum(axis=1))


def test_the_expected_square_is_the_mean_square_over_choices_and_outcomes_where_the_model_is_right():
    draw = np.random.default_rng(2)
    n = 200_000
    truth, behaviour, candidate, champion = (np.tile(draw.dirichlet(np.ones(PLACES)), (n, 1)) for _ in range(4))
    chosen = (behaviour.cumsum(axis=1) < draw.random(n)[:, None]).sum(axis=1)
    outcome = (draw.random(n) < truth[np.arange(n), chosen]).astype(float)
    found = differences(Pair(chosen, behaviour, candidate, champion), outcome, truth, truth * (1 - truth))
    assert (found.terms**2).mean() == pytest.approx(found.squares.mean(), rel=0.02)


def test_a_lucky_log_does_not_get_a_small_error():
    """Where none of the rare heavy rows went badly, the sample varies less than the model knows it must."""
    n = 1000
    behaviour = np.tile([0.99, 0.01], (n, 1))
    candidate, champion = np.tile([0.0, 1.0], (n, 1)), np.tile([1.0, 0.0], (n, 1))
    chosen = (np.arange(n) % 100 == 0).astype(np.int64)
    q = np.full((n, 2), 0.9)
    lucky = differences(Pair(chosen, behaviour, candidate, champion), np.ones(n), q, q * (1 - q))
    assert estimate(lucky).error > 2 * lucky.terms.std() / np.sqrt(n)


def test_a_sample_that_varies_a_little_more_than_expected_does_not_change_the_error():
    terms = np.random.default_rng(5).normal(0, 1, 400)
    expected = Differences(terms, np.full(400, terms.var() / 1.05))
    assert estimate(expected).error == pytest.approx(np.sqrt(terms.var() / 1.05 / 400))


def test_a_model_that_expects_too_little_is_found_out():
    terms = np.random.default_rng(5).normal(0, 1, 400)
    assert estimate(Differences(terms, np.full(400, 0.5))).error == pytest.approx(terms.std() / 20)
    assert estimate(Differences(terms, np.zeros(400))).error == pytest.approx(terms.std() / 20)


def test_masked_places_that_no_policy_takes_are_left_out():
    pair = Pair(np.array([0, 1]), np.array([[1.0, 0.0], [0.5, 0.5]]), *np.array([[[1.0, 0], [0, 1]], [[1, 0], [1, 0]]]))
    found = differences(pair, np.array([3.0, 5.0]), np.zeros((2, 2)))
    assert found.terms == pytest.approx([0.0, 10.0])
    assert np.isfinite(found.squares).all()


def test_batches_join_and_looks_see_the_first_rows():
    pair, outcome, q = logged(3, 10)
    whole = differences(pair, outcome, q)
    again = joined([whole.first(4), whole.first(10)])
    assert len(again) == 14
    assert again.terms[4:] == pytest.approx(whole.terms)


def test_bounds_are_normal_quantiles():
    found = Estimate(rows=100, mean=0.5, error=0.1)
    assert found.lower(0.05) == pytest.approx(0.5 - 0.1644854)
    assert found.upper(0.05) == pytest.approx(0.5 + 0.1644854)
    assert found.z(-0.1) == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"candidate": np.ones((2, 3))}, r"candidate: expected shape \(2, 2\), found \(2, 3\)"),
        ({"behaviour": np.array([[0.5, 0.5], [0.0, 1.0]])}, "propensity of the chosen place: row 1"),
        ({"behaviour": np.array([[1.0, 0.0], [0.5, 0.5]])}, "behaviour: row 0: expected support"),
    ],
)
def test_a_log_that_says_nothing_of_the_difference_is_refused(broken, told):
    good = {
        "chosen": np.array([0, 0]),
        "behaviour": np.full((2, 2), 0.5),
        "candidate": np.array([[0.0, 1.0], [1.0, 0.0]]),
        "champion": np.array([[1.0, 0.0], [1.0, 0.0]]),
    }
    with pytest.raises(EvidenceError, match=told):
        Pair(**{**good, **broken})


def test_missing_outcomes_and_single_rows_are_refused():
    pair, outcome, q = logged(4, 3)
    with pytest.raises(EvidenceError, match="outcome: row 1"):
        differences(pair, np.where(np.arange(3) == 1, np.nan, outcome), q)
    with pytest.raises(EvidenceError, match="rows: expected at least 2, found 1"):
        estimate(differences(pair, outcome, q).first(1))
