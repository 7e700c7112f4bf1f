import numpy as np
import pytest
from scipy.stats import chisquare, rankdata

from maitred.envs.traffic.tokens import VOCABULARY, outage_words, problem_tokens, word_distribution

WORDS = 8


def contacts(rng, n, type_=0, shock=0):
    key = rng.integers(0, 2**64, size=n, dtype=np.uint64)
    return key, np.full(n, type_, np.int32), np.full(n, shock, np.int32)


def says(*days):
    """The words of all contacts of some kinds of contact."""
    return problem_tokens(*map(np.concatenate, zip(*days, strict=True)), WORDS)


def auc(usual, today, usual_again, today_again):
    """How well word counts of two days tell new contacts of the one from new contacts of the other."""
    usual_count, today_count = (np.bincount(t.ravel(), minlength=VOCABULARY) + 1 for t in (usual, today))
    log_ratio = np.log(today_count / usual_count)
    score = np.concatenate([log_ratio[t].sum(axis=1) for t in (usual_again, today_again)])
    n, m = len(usual_again), len(today_again)
    return (rankdata(score)[n:].mean() - (m + 1) / 2) / n


def ordinary_day(rng):
    return says(contacts(rng, 600, 0), contacts(rng, 400, 1))


def outage_day(rng):
    return says(contacts(rng, 600, 0), contacts(rng, 400, 1), contacts(rng, 1000, 1, shock=1))


def test_an_outage_stands_out_from_ordinary_days(rng):
    day = [ordinary_day(rng), outage_day(rng), ordinary_day(rng), says(contacts(rng, 500, 1, shock=1))]
    assert auc(*day) > 0.95


def test_one_ordinary_day_is_like_another(rng):
    assert auc(*(ordinary_day(rng) for _ in range(4))) == pytest.approx(0.5, abs=4 * np.sqrt(1 / (6 * 1000)))


def test_the_words_that_come_up_more_often_are_the_outages_own(rng):
    usual, today = (np.bincount(t.ravel(), minlength=VOCABULARY) + 1 for t in (ordinary_day(rng), outage_day(rng)))
    own = outage_words(1, 1)
    assert set(own) == set(np.argsort(today - 2 * usual)[-len(own) :])


def test_ordinary_words_follow_the_distribution_of_the_type(rng):
    for kind in (0, 5):
        p = word_distribution(kind)
        count = np.bincount(problem_tokens(*contacts(rng, 20_000, kind), WORDS).ravel(), minlength=VOCABULARY)
        common = p * count.sum() > 10
        observed = np.append(count[common], count[~common].sum())
        expected = np.append(p[common], p[~common].sum()) * count.sum()
        assert chisquare(observed, expected).pvalue > 1e-3


def test_types_and_outages_speak_differently():
    assert np.abs(word_distribution(0) - word_distribution(1)).sum() > 1
    assert set(outage_words(0, 1)) != set(outage_words(0, 2)) != set(outage_words(1, 2))


def test_a_contact_says_the_same_wherever_it_is_read(rng):
    key, type_, shock = contacts(rng, 50)
    type_[::2], shock[::3] = 1, 2
    together = problem_tokens(key, type_, shock, WORDS)
    for i in range(50):
        alone = problem_tokens(key[i : i + 1], type_[i : i + 1], shock[i : i + 1], WORDS)
        assert (alone[0] == together[i]).all()
    assert problem_tokens(key[:0], type_[:0], shock[:0], WORDS).shape == (0, WORDS)
