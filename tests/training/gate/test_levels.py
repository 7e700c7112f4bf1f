import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from maitred.training.gate.levels import SHARES, level


def test_with_no_promotion_half_of_alpha_lasts_for_ever():
    assert sum(level(j, []) for j in range(1, 500)) < 0.025
    assert SHARES.sum() == pytest.approx(1.0)


@given(st.sets(st.integers(1, 60)))
def test_all_levels_together_are_within_alpha_times_the_promotions(promoted):
    """What LORD++ rests on: the levels spent never exceed alpha for each promotion, or one."""
    spent = sum(level(j, [p for p in sorted(promoted) if p < j]) for j in range(1, 61))
    assert spent <= 0.05 * max(len(promoted), 1) + 1e-12


def test_levels_fade_while_nothing_is_promoted_and_recover_when_something_is():
    assert level(20, []) < level(2, []) < level(1, [])
    assert level(21, [20]) > 5 * level(21, [])


def test_few_of_the_promoted_are_no_better():
    """Two in three candidates are equal to the champion, and one is three standard errors better."""
    draw = np.random.default_rng(1)
    false = []
    for _ in range(300):
        promoted, wrong = [], 0
        for j in range(1, 31):
            better = draw.random() < 1 / 3
            if norm.sf(draw.normal(3.0 if better else 0.0)) <= level(j, promoted):
                promoted.append(j)
                wrong += not better
        false.append(wrong / max(len(promoted), 1))
    assert np.mean(false) < 0.05
