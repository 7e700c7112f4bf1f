"""What the operator wants is part of a decision, so that one policy can serve several operators."""

import numpy as np

from maitred.agents.preference import ByPreference, Preferring, prefer
from maitred.agents.rules import RULES
from maitred.envs.decision import CONTEXT_NAMES, PREFERENCE, PREFERRED, Choices
from maitred.envs.objective import Objective
from tests.decisions import sample_decisions


class Thrifty:
    """Holds (the last candidate) wherever money counts for more than satisfaction."""

    name = "thrifty"

    def act(self, decisions):
        cost, _, csat = decisions.context[:, PREFERRED].T
        last = decisions.mask.sum(axis=1) - 1
        return Choices(np.where(cost > csat, last, 0), np.ones(len(decisions)))


def test_the_weights_are_the_last_context_features_in_the_order_of_the_objective():
    assert CONTEXT_NAMES[PREFERRED] == tuple(f"weight_{name}" for name in PREFERENCE)
    np.testing.assert_array_equal(Objective(cost=2, focus_per_min=3, csat=4).preference, np.float32([2, 3, 4]))
    np.testing.assert_allclose(Objective().preference, list(PREFERENCE.values()))


def test_a_policy_follows_what_it_is_told_and_not_what_the_decision_says():
    decisions = sample_decisions(50, 6, seed=1)
    cheap = Preferring(Thrifty(), Objective(cost=9, csat=1).preference)
    kind = Preferring(Thrifty(), Objective(cost=1, csat=9).preference)
    assert (cheap.act(decisions).candidate == decisions.mask.sum(axis=1) - 1).all()
    assert (kind.act(decisions).candidate == 0).all()
    assert cheap.name == "thrifty"


def test_the_decision_itself_stays_as_it_is():
    decisions = sample_decisions(5, 6, seed=1)
    before = decisions.context.copy()
    told = prefer(decisions, np.float32([1, 2, 3]))
    np.testing.assert_array_equal(decisions.context, before)
    np.testing.assert_array_equal(told.context[:, PREFERRED], np.tile(np.float32([1, 2, 3]), (5, 1)))
    np.testing.assert_array_equal(RULES["cmu"].act(told).candidate, RULES["cmu"].act(decisions).candidate)


def test_of_several_policies_the_one_answers_that_earns_most_by_the_weights_of_the_decision():
    decisions = prefer(sample_decisions(60, 6, seed=1), np.repeat(np.float32([[9, 0, 1], [1, 0, 9]]), 30, axis=0))
    worth = np.array([[-1.0, 0.0, 0.5], [-3.0, 0.0, 1.0]])  # spends less; satisfies more
    either = ByPreference((RULES["random"], RULES["cmu"]), worth, np.zeros(2))
    answered = either.act(decisions)
    for rows, name in ((slice(30), "random"), (slice(30, 60), "cmu")):
        alone = RULES[name].act(decisions[rows])
        np.testing.assert_array_equal(answered.candidate[rows], alone.candidate)
        np.testing.assert_array_equal(answered.propensity[rows], alone.propensity)
    richer = ByPreference(either.policies, worth, np.array([100.0, 0.0]))
    np.testing.assert_array_equal(richer.act(decisions).candidate, RULES["random"].act(decisions).candidate)
    assert either.name == "random | cmu"
