"""Exploring now and then, with a propensity that is exact."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maitred.agents.exploring import Exploring, ExploringError
from maitred.agents.rules import RULES
from maitred.envs.decision import Decisions
from tests.decisions import sample_decisions

USUAL = RULES["incumbent"]


def repeated(decisions: Decisions, times: int) -> Decisions:
    """The same decisions under many keys."""
    rows = np.repeat(np.arange(len(decisions)), times)
    key = np.random.default_rng(0).integers(0, 2**63, len(rows)).astype(np.uint64)
    return Decisions(key, decisions.context[rows], decisions.candidates[rows], decisions.mask[rows])


def test_every_legal_candidate_is_taken_as_often_as_it_says():
    decisions = sample_decisions(5, 6, seed=1)
    times = 20_000
    many = repeated(decisions, times)
    choices = Exploring(USUAL, 0.3).act(many)
    for row in range(len(decisions)):
        own = slice(row * times, (row + 1) * times)
        taken, p = choices.candidate[own], choices.propensity[own]
        for candidate in np.flatnonzero(decisions.mask[row]):
            said = np.unique(p[taken == candidate].round(12))
            assert len(said) == 1
            assert abs((taken == candidate).mean() - said[0]) < 5 * np.sqrt(said[0] / times)


@settings(deadline=None, max_examples=30)
@given(floor=st.floats(0, 1), seed=st.integers(0, 1000))
def test_propensities_lie_between_what_the_floor_leaves_and_one(floor, seed):
    decisions = sample_decisions(40, 6, seed=seed)
    choices, own = Exploring(USUAL, floor).act(decisions), USUAL.act(decisions).candidate
    legal = decisions.mask.sum(axis=1)
    assert decisions.mask[np.arange(40), choices.candidate].all()
    np.testing.assert_allclose(choices.propensity, floor / legal + (1 - floor) * (choices.candidate == own))


def test_answers_depend_on_the_key_alone_and_not_on_the_batch():
    decisions = sample_decisions(50, 6, seed=2)
    together = Exploring(USUAL, 0.5).act(decisions)
    half = Decisions(*(getattr(decisions, name)[25:] for name in ("key", "context", "candidates", "mask")))
    np.testing.assert_array_equal(Exploring(USUAL, 0.5).act(half).candidate, together.candidate[25:])


def test_a_policy_that_draws_its_answers_is_refused():
    with pytest.raises(ExploringError, match="random draws its answers already"):
        Exploring(RULES["random"], 0.1).act(sample_decisions(10, 6, seed=0))


@pytest.mark.parametrize("floor", [-0.1, 1.1, float("nan")])
def test_a_floor_that_is_no_probability_is_refused(floor):
    with pytest.raises(ExploringError, match="a probability from 0 to 1"):
        Exploring(USUAL, floor)
