"""Boundaries against published constants and against simulated Brownian motion."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from maitred.training.gate.spending import SPENT, boundary, crossing, late, obrien_fleming, pocock, shaped_boundary

FIVE, TEN = np.arange(1, 6) / 5, np.arange(1, 11) / 10


@pytest.mark.parametrize(
    ("spending", "published"),  # gsDesign, one-sided 2.5 %
    [
        (obrien_fleming, (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)),
        (pocock, (2.4380, 2.4268, 2.4102, 2.3966, 2.3860)),
    ],
)
def test_boundaries_are_the_published_ones(spending, published):
    assert boundary(spending, FIVE, 0.025) == pytest.approx(published, abs=2e-4)


@pytest.mark.parametrize(
    ("exponent", "alpha", "constant"),  # Jennison and Turnbull 2000, tables 2.1 and 2.3, two-sided 5 % and 10 %
    [(0.0, 0.025, 2.087), (0.5, 0.025, 2.555), (0.5, 0.05, 2.270)],
)
def test_shaped_boundaries_have_the_published_constants(exponent, alpha, constant):
    assert shaped_boundary(exponent, TEN, alpha)[-1] == pytest.approx(constant, abs=6e-4)


@given(
    st.lists(st.floats(0.02, 1.0), min_size=1, max_size=6, unique=True),
    st.floats(0.001, 0.2),
    st.sampled_from([obrien_fleming, pocock, late]),
)
@settings(max_examples=25, deadline=None)
def test_a_boundary_spends_what_it_may_by_each_look(times, alpha, spending):
    fractions = np.unique(np.round(times, 2))
    spent = crossing(boundary(spending, fractions, alpha), fractions).cumsum()
    assert spent == pytest.approx(spending(fractions, alpha), abs=1e-8)


def test_one_look_is_the_fixed_test():
    assert boundary(pocock, np.array([1.0]), 0.05) == pytest.approx([1.6448536])


@pytest.mark.parametrize("drift", [0.0, 2.0])
def test_crossing_agrees_with_simulated_paths(drift):
    bounds = boundary(pocock, FIVE, 0.05)
    steps = np.random.default_rng(1).normal(drift / 5, np.sqrt(1 / 5), size=(200_000, 5))
    above = steps.cumsum(axis=1) / np.sqrt(FIVE) > bounds
    first = np.where(above.any(axis=1), above.argmax(axis=1), 5)
    simulated = np.bincount(first, minlength=6)[:5] / len(first)
    assert crossing(bounds, FIVE, drift) == pytest.approx(simulated, abs=0.004)


def test_spending_late_costs_ten_looks_hardly_any_power():
    fixed = crossing(norm.isf([SPENT * 0.05]), np.array([1.0]), 1.85).sum()
    power = {spending: crossing(boundary(spending, TEN, 0.05), TEN, 1.85).sum() for spending in (late, pocock)}
    assert fixed - power[late] < 0.002
    assert fixed - power[pocock] > 0.05


def test_fractions_must_increase():
    with pytest.raises(ValueError, match=r"fractions: expected increasing values in \(0, 1\]"):
        boundary(pocock, np.array([0.5, 0.5]), 0.05)
