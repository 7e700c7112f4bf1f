import numpy as np
import pytest

from maitred.training.ope import estimators as e
from maitred.training.ope import intervals
from maitred.training.ope.betting import betting_bounds
from maitred.training.ope.confidence_sequence import anytime, asymptotic
from maitred.training.ope.empirical_likelihood import cressie_read_bounds
from maitred.training.ope.worst_case import doubly_robust_bounds, self_normalised_bounds
from tests.training.ope.stored import PAIRS, drawn_log, log_a, oracle, record

SIDE = 0.025  # of the stored intervals of 95 %
REWARDS = (0.0, 1.0)


@pytest.mark.parametrize("pair", PAIRS)
def test_every_stored_interval_is_met(pair):
    log, stored = log_a(pair), record(oracle("oracle_ci_A.json"), pair)
    most, rows = stored["w_max_possible"], e.inverse_propensity(log)
    found = {
        "normal": intervals.normal(rows, SIDE),
        "t": intervals.students_t(rows, SIDE),
        "hoeffding": intervals.hoeffding(rows, 0, most, SIDE),
        "empirical_bernstein": intervals.empirical_bernstein(rows, 0, most, SIDE),
        "betting": betting_bounds(log, SIDE),
    }
    for name, bounds in found.items():
        assert bounds == pytest.approx(stored["IPW"][name], abs=1e-9), name
    assert intervals.normal(e.doubly_robust(log), SIDE) == pytest.approx(stored["DR"]["normal"], abs=1e-9)
    empirical = cressie_read_bounds(log, REWARDS, SIDE, (0.0, most))
    assert empirical == pytest.approx(stored["vw_intervals"]["cressieread"], abs=1e-9)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_bootstrap_agrees_with_the_stored_one_up_to_its_own_noise(pair):
    log, stored = log_a(pair), record(oracle("oracle_A.json")["results"], pair)["estimators"]
    for name, rows in (("IPW", e.inverse_propensity(log)), ("DR", e.doubly_robust(log))):
        noise = 0.25 * rows.std() / np.sqrt(len(log))
        assert intervals.bootstrap(rows, alpha=SIDE) == pytest.approx(stored[name]["bootstrap95"], abs=noise)


BOUNDS = {
    "worst case, with a model": lambda log: doubly_robust_bounds(log, REWARDS),
    "worst case": lambda log: self_normalised_bounds(log, REWARDS),
    "empirical likelihood": lambda log: cressie_read_bounds(log, REWARDS),
    "betting": betting_bounds,
    "anytime": anytime,
}


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_close_in_with_more_decisions(name):
    few, many = (BOUNDS[name](drawn_log(0, n)) for n in (200, 3200))
    assert 0 < many.high - many.low < 0.7 * (few.high - few.low)


@pytest.mark.parametrize("name", BOUNDS)
def test_reward_and_its_opposite_have_mirrored_bounds(name):
    log = drawn_log(1)
    opposite = type(log)(1 - log.reward, log.propensity, log.chosen, log.target, log.behaviour, 1 - log.q)
    there, back = BOUNDS[name](log), BOUNDS[name](opposite)
    assert (there.low, there.high) == pytest.approx((1 - back.high, 1 - back.low), abs=1e-6)


def test_a_sequence_holds_at_every_look_where_a_normal_bound_looked_at_often_does_not():
    random, looks = np.random.default_rng(0), np.arange(199, 2000, 50)
    missed_by_sequence = missed_by_normal = 0
    for _ in range(300):
        rows = random.normal(size=2000)
        missed_by_sequence += (asymptotic(rows).low[looks] > 0).any()
        missed_by_normal += any(intervals.normal(rows[: n + 1]).low > 0 for n in looks)
    assert missed_by_sequence <= 0.05 * 300 + 2 * np.sqrt(300 * 0.05 * 0.95)
    assert missed_by_normal > 0.1 * 300


def test_the_anytime_bound_misses_less_than_it_says():
    truth = [drawn_log(seed, 4000) for seed in range(3)]
    assert all(anytime(log).low <= e.self_normalised(log).mean() <= anytime(log).high for log in truth)
