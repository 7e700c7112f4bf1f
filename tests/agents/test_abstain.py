"""Who abstains: decisions unlike what was seen, and hardly any others (AC-11)."""

import numpy as np
import pytest

from maitred.agents.abstain import Abstain, familiar
from maitred.agents.rules import RULES
from maitred.envs.decision import CANDIDATE_NAMES, Kind
from tests.agents.made import many

RATE = 0.01
SEEN = many(Kind.ROUTE, 4_000, seed=1)
FAMILIAR = familiar(SEEN, RATE)


def test_in_distribution_hardly_anything_is_strange():
    assert FAMILIAR.strange(SEEN).mean() == pytest.approx(RATE, abs=0.002)
    assert FAMILIAR.strange(many(Kind.ROUTE, 4_000, seed=2)).mean() < 3 * RATE


@pytest.mark.parametrize(("name", "shift"), [("wait_s", 3600.0), ("sentiment", -30.0), ("open", 40.0)])
def test_out_of_distribution_most_is_strange(name, shift):
    far = many(Kind.ROUTE, 500, seed=2)
    far.candidates[:, :, CANDIDATE_NAMES.index(name)] += shift
    assert FAMILIAR.strange(far).mean() > 0.9


def test_a_feature_that_never_varied_is_strange_when_it_does():
    far = many(Kind.ROUTE, 50, seed=2)
    far.context[:, -1] = 5
    assert FAMILIAR.strange(far).all()


def test_a_kind_that_was_never_seen_is_strange():
    assert FAMILIAR.strange(many(Kind.PULL, 50, seed=2)).all()


def test_the_fallback_answers_what_is_strange_and_the_policy_the_rest():
    policy = Abstain(RULES["random"], RULES["incumbent"], FAMILIAR)
    mixed = many(Kind.ROUTE, 400, seed=9)
    mixed.candidates[::2, :, CANDIDATE_NAMES.index("wait_s")] += 3600
    choices, strange = policy.act(mixed), FAMILIAR.strange(mixed)
    by_rule, by_policy = RULES["incumbent"].act(mixed), RULES["random"].act(mixed)
    np.testing.assert_array_equal(choices.candidate, np.where(strange, by_rule.candidate, by_policy.candidate))
    np.testing.assert_array_equal(choices.propensity, np.where(strange, by_rule.propensity, by_policy.propensity))
    assert policy.name == "random or incumbent" and 0.4 < strange.mean() < 0.6


def test_a_rate_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match="rate: expected a share"):
        familiar(SEEN, 1.0)
