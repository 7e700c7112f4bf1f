"""Bounds that take days for independent: right where days differ, refused where there are too few."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from experiments.ope.dependence import bounds, draw, troubled, value_over_days
from experiments.ope.worlds import SETTINGS, world
from maitred.training.ope.clusters import LEAST_CLUSTERS, clustered_error, widening
from maitred.training.ope.estimate import CannotTell, Estimate, estimate
from maitred.training.ope.estimators import self_normalised_doubly_robust
from maitred.training.ope.logged import LoggedError
from tests.training.ope.stored import drawn_log

REWARDS = (0.0, 1.0)


def without(log, left):
    """The log without some decisions."""
    return some(log, ~left)


def some(log, rows):
    """The log of some rows."""
    names = ("reward", "propensity", "chosen", "target", "behaviour", "q")
    return replace(log, **{name: getattr(log, name)[rows] for name in names})


def test_the_error_is_that_of_leaving_each_day_out_in_turn():
    log = drawn_log(3, n=300)
    day = np.random.default_rng(0).integers(7, size=300)
    left = np.array([self_normalised_doubly_robust(without(log, day == d)).mean() for d in range(7)])
    assert clustered_error(log, day) == pytest.approx(np.sqrt(6 / 7 * ((left - left.mean()) ** 2).sum()))


@settings(max_examples=20)
@given(st.integers(0, 1000), st.permutations(range(6)))
def test_what_days_are_called_does_not_matter(seed, names):
    log, day = drawn_log(seed, n=120), np.random.default_rng(seed).permutation(np.arange(120) % 6)
    assert widening(log, np.array(names)[day] * 10) == pytest.approx(widening(log, day))


def test_decisions_that_are_days_of_their_own_have_the_error_of_independent_ones():
    log = drawn_log(1, n=2000)
    rows = self_normalised_doubly_robust(log)
    assert clustered_error(log, np.arange(2000)) == pytest.approx(rows.std() / np.sqrt(2000), rel=0.01)


def test_days_never_make_bounds_narrower():
    log = drawn_log(2, n=1000)
    dealt = np.argsort(np.argsort(self_normalised_doubly_robust(log))) % 25  # days as alike as can be
    assert widening(log, dealt) == student.ppf(0.95, 24) / norm.ppf(0.95)


def test_one_decision_logged_many_times_a_day_tells_no_more_than_once():
    log = drawn_log(4, n=1000)
    row, day = np.repeat(np.arange(1000), 9), np.repeat(np.arange(1000), 9)
    assert widening(some(log, row), day) == pytest.approx(3, rel=0.03)


def test_few_days_are_a_reason_to_refuse_and_enough_are_not():
    log = drawn_log(0, n=2000)
    answer = estimate(log, REWARDS, cluster=np.arange(2000) % (LEAST_CLUSTERS - 1))
    assert isinstance(answer, CannotTell)
    assert answer.reasons == ("days that are independent of each other: expected at least 20, found 19",)
    told = estimate(log, REWARDS, cluster=np.arange(2000) % LEAST_CLUSTERS)
    assert isinstance(told, Estimate) and told.clusters == LEAST_CLUSTERS


def test_the_widening_is_that_of_both_bounds_within_the_range_of_the_reward():
    log, day = drawn_log(0, n=2000), np.arange(2000) // 40
    narrow, wide = estimate(log, REWARDS), estimate(log, REWARDS, cluster=day)
    assert isinstance(narrow, Estimate) and isinstance(wide, Estimate)
    assert wide.value == narrow.value and wide.widening == widening(log, day)
    assert wide.value - wide.low == pytest.approx(wide.widening * (narrow.value - narrow.low))
    assert wide.high - wide.value == pytest.approx(wide.widening * (narrow.high - narrow.value))


def test_a_day_for_each_decision_is_expected():
    with pytest.raises(LoggedError, match=r"cluster: expected shape \(300,\)"):
        estimate(drawn_log(0), REWARDS, cluster=np.zeros(10, int))


def test_where_days_differ_bounds_of_decisions_miss_far_more_than_they_say_and_those_of_days_do_not():
    truth = world(SETTINGS[0])
    value, missed = value_over_days(truth, 1.0), np.zeros(2)
    logs = 120
    for seed in np.random.SeedSequence(11).spawn(logs):
        independent, _, default = bounds(*draw(truth, 40, 60, 1.0, seed))
        missed += [not low <= value <= high for low, high in (independent, default)]
    assert missed[0] > 0.2 * logs  # both sides together say 10 %
    assert missed[1] < 0.1 * logs + 2 * np.sqrt(logs * 0.1 * 0.9)


def test_the_truth_over_days_is_that_of_many_drawn_decisions():
    truth = world(SETTINGS[0])
    log, day = draw(truth, 3000, 100, 0.5, np.random.SeedSequence(1))
    assert self_normalised_doubly_robust(log).mean() == pytest.approx(value_over_days(truth, 0.5), abs=0.01)
    assert troubled(np.array([0.5]), np.log(3.0)) == pytest.approx(0.25)  # even odds, three to one against
    assert len(np.unique(day)) == 3000
