"""Every rule on decisions small enough to answer by hand, and what all rules promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maitred.agents.rules import RULES
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Decisions, Kind, Policy


def one(kind: Kind, **columns: list[float]) -> Decisions:
    """One decision among candidates with the given features, then a hold."""
    places = len(next(iter(columns.values()))) + 1
    context = np.zeros((1, len(CONTEXT_NAMES)), np.float32)
    context[0, kind] = 1
    candidates = np.zeros((1, places, len(CANDIDATE_NAMES)), np.float32)
    for name, values in columns.items():
        candidates[0, :-1, CANDIDATE_NAMES.index(name)] = values
    candidates[0, -1, CANDIDATE_NAMES.index("is_hold")] = 1
    return Decisions(np.array([7], np.uint64), context, candidates, np.ones((1, places), bool))


@pytest.mark.parametrize(
    ("rule", "kind", "columns", "answer"),
    [
        ("incumbent", Kind.ROUTE, {"handle_s": [300, 100]}, 0),
        ("incumbent", Kind.PULL, {"priority": [0, 9]}, 0),
        ("fastest", Kind.ROUTE, {"handle_s": [300, 100, 200]}, 1),
        ("fastest", Kind.ROUTE, {"handle_s": [300, 100, 100]}, 1),
        ("fastest", Kind.PULL, {"handle_s": [300, 100, 200]}, 0),
        ("priority", Kind.PULL, {"priority": [0, 2, 2, 1], "wait_s": [90, 30, 40, 80]}, 2),
        ("priority", Kind.ROUTE, {"priority": [2, 2], "wait_s": [5, 5], "handle_s": [9, 1]}, 0),
        ("cmu", Kind.PULL, {"priority": [0, 3, 1], "handle_s": [100, 300, 400]}, 1),
        ("cmu", Kind.ROUTE, {"priority": [1, 1], "handle_s": [300, 100]}, 1),
        ("least_loaded", Kind.ROUTE, {"occupancy": [0.9, 0.8, 0.7]}, 2),
        ("least_loaded", Kind.PULL, {"occupancy": [0.9, 0.9], "wait_s": [3, 9]}, 0),
    ],
)
def test_rule_answers_as_by_hand(rule, kind, columns, answer):
    choices = RULES[rule].act(one(kind, **columns))
    assert choices.candidate.tolist() == [answer]
    assert choices.propensity.tolist() == [1.0]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
@given(
    mask=arrays(bool, (30, 5)).filter(lambda mask: mask.any(axis=1).all()),
    kind=st.sampled_from([Kind.ROUTE, Kind.PULL]),
    seed=st.integers(0, 2**32),
)
def test_choice_is_legal_and_holds_only_if_it_must(rule: Policy, mask, kind, seed):
    rng = np.random.default_rng(seed)
    context = np.zeros((30, len(CONTEXT_NAMES)), np.float32)
    context[:, kind] = 1
    candidates = rng.random((30, 5, len(CANDIDATE_NAMES)), np.float32)
    candidates[:, :, CANDIDATE_NAMES.index("is_hold")] = np.arange(5) == 4
    key = rng.integers(2**64, size=30, dtype=np.uint64)
    choices = rule.act(Decisions(key, context, candidates, mask))
    assert mask[np.arange(30), choices.candidate].all()
    assert ((choices.candidate == 4) == ~mask[:, :4].any(axis=1)).all()
    assert ((choices.propensity > 0) & (choices.propensity <= 1)).all()


def test_random_is_uniform_over_legal_candidates_other_than_hold():
    n = 20_000
    base = one(Kind.ROUTE, handle_s=[1, 2, 3, 4])
    mask = np.tile([True, False, True, True, True], (n, 1))
    many = Decisions(
        np.arange(n, dtype=np.uint64),
        np.repeat(base.context, n, axis=0),
        np.repeat(base.candidates, n, axis=0),
        mask,
    )
    choices = RULES["random"].act(many)
    share = np.bincount(choices.candidate, minlength=5) / n
    np.testing.assert_allclose(share, [1 / 3, 0, 1 / 3, 1 / 3, 0], atol=0.015)
    np.testing.assert_allclose(choices.propensity, 1 / 3)


def test_registry_names_its_rules():
    assert list(RULES) == ["random", "incumbent", "fastest", "priority", "cmu", "least_loaded"]
    assert all(RULES[name].name == name for name in RULES)
