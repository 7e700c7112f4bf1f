import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.training.ope.support import (
    effective_sample_size,
    generalised_pareto_shape,
    pareto_k,
    reasons_to_refuse,
    support,
)
from tests.training.ope.stored import PAIRS, drawn_log, log_a, oracle, record

FINE = support(drawn_log(0, n=2000, floor=0.5))


@pytest.mark.parametrize("pair", PAIRS)
def test_the_effective_sample_size_is_the_stored_one(pair):
    stored = record(oracle("oracle_A.json")["results"], pair)
    found = support(log_a(pair))
    assert found.effective == pytest.approx(stored["ess"])
    assert (found.largest_weight, found.mean_weight) == pytest.approx((stored["w_max"], stored["w_mean"]))


@given(st.integers(1, 50), st.integers(0, 50))
def test_the_effective_sample_size_counts_decisions_of_equal_weight(some, none):
    assert effective_sample_size(np.repeat([2.0, 0.0], [some, none])) == pytest.approx(some)


@pytest.mark.parametrize("shape", [-0.3, 0.2, 0.7, 1.2])
def test_the_shape_of_a_pareto_tail_is_found(shape):
    uniform = np.random.default_rng(0).random(20_000)
    exceedances = np.sort((uniform**-shape - 1) / shape)
    assert generalised_pareto_shape(exceedances) == pytest.approx(shape, abs=0.05)


@pytest.mark.parametrize("shape", [0.3, 0.9])
def test_k_is_that_of_the_tail_whatever_the_body(shape):
    random = np.random.default_rng(0)
    weights = np.concatenate([random.random(10_000), 1 + (random.random(3_000) ** -shape - 1) / shape])
    assert pareto_k(weights) == pytest.approx(shape, abs=0.15)


def test_equal_weights_have_no_tail_and_a_handful_of_large_ones_cannot_be_judged():
    assert pareto_k(np.ones(1000)) == 0
    assert pareto_k(np.repeat([1.0, 900.0], [997, 3])) == np.inf


def test_enough_support_gives_no_reason_to_refuse():
    assert reasons_to_refuse(FINE) == ()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"effective": 150.0}, "effective sample size: expected at least 200, found 150"),
        ({"decisions": 100_000, "effective": 900.0}, "effective sample size: expected at least 1000, found 900"),
        ({"pareto_k": 0.8, "top_share": 0.3}, "Pareto k of the weights: expected below 0.7, found 0.80"),
        ({"mean_weight": 1.2, "mean_weight_error": 0.01}, "mean weight: expected 1 within"),
        ({"uncovered": 0.2}, "never chosen by the behaviour policy: expected at most 1% .* found 20.0%"),
    ],
)
def test_too_little_support_is_refused_with_the_reason(found, said):
    (reason,) = reasons_to_refuse(replace(FINE, **found))
    assert re.match(said, reason)


@pytest.mark.parametrize(
    "found", [{"mean_weight": 1.2, "mean_weight_error": 0.2}, {"pareto_k": 0.9, "top_share": 0.02}]
)
def test_what_may_be_noise_or_decides_nothing_is_not_refused(found):
    assert reasons_to_refuse(replace(FINE, **found)) == ()


def test_wrong_propensities_are_noticed():
    log = drawn_log(0, n=5000, floor=0.5)
    wrong = replace(log, propensity=log.propensity * 0.8, behaviour=None)
    assert any(reason.startswith("mean weight") for reason in reasons_to_refuse(support(wrong)))


def test_a_tail_of_equal_weights_has_a_shape_that_is_a_number():
    assert np.isfinite(pareto_k(np.repeat([1.0, 8.0], [1895, 105])))
