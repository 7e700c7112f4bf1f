from dataclasses import replace

import numpy as np
import pytest

from maitred.training.ope.estimate import CannotTell, Estimate, estimate
from maitred.training.ope.estimators import self_normalised_doubly_robust
from maitred.training.ope.support import support
from tests.training.ope.stored import PAIRS, drawn_log, log_a, oracle, record

REWARDS = (0.0, 1.0)


def test_a_supported_policy_has_a_value_between_its_bounds():
    log = drawn_log(0, n=2000)
    answer = estimate(log, REWARDS)
    assert isinstance(answer, Estimate)
    assert answer.value == self_normalised_doubly_robust(log).mean()
    assert answer.low < answer.value < answer.high
    assert answer.support == support(log)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_stored_truth_is_within_the_bounds(pair):
    answer = estimate(log_a(pair), REWARDS, alpha=0.025)
    assert isinstance(answer, Estimate)
    assert answer.low <= record(oracle("oracle_A.json")["results"], pair)["truth"] <= answer.high


def test_a_policy_that_the_log_hardly_ever_follows_gets_reasons_instead_of_a_number():
    answer = estimate(drawn_log(0, n=300, floor=0.02), REWARDS)
    assert isinstance(answer, CannotTell)
    assert "effective sample size" in answer.reasons[0]


def test_candidates_that_were_never_tried_are_a_reason():
    log = drawn_log(0, n=2000)
    behaviour = np.eye(4)[log.chosen]
    answer = estimate(replace(log, behaviour=behaviour, propensity=np.ones(len(log))), REWARDS)
    assert isinstance(answer, CannotTell)
    assert any(reason.startswith("never chosen") for reason in answer.reasons)


def test_estimated_propensities_stay_marked():
    answer = estimate(replace(drawn_log(0, n=2000), propensity_estimated=True), REWARDS)
    assert isinstance(answer, Estimate)
    assert answer.propensity_estimated


def test_the_reward_range_is_that_of_the_log_unless_said():
    log = drawn_log(0, n=2000)
    assert estimate(log) == estimate(log, REWARDS)
