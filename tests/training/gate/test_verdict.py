"""What promotes, what forbids, and what demotes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maitred.training.gate.difference import Estimate
from maitred.training.gate.guard_rail import Rail, look_level
from maitred.training.gate.guards import Guard, Standing, holm, watch
from maitred.training.gate.selection import best
from maitred.training.gate.verdict import Decision, judge_candidate, judge_champion

BETTER = Estimate(1000, 0.03, 0.01)
EQUAL = Estimate(1000, 0.0, 0.01)
Z = 1.7


def guard(change, tolerance=0.02, error=0.002, name="csat"):
    return Guard(name, tolerance, Estimate(1000, change, error))


def test_clear_fresh_evidence_promotes():
    verdict = judge_candidate(BETTER, Z, 0.0, last=False)
    assert verdict.decision is Decision.PROMOTE
    assert verdict.reasons == ("fresh evidence: +0.03 +- 0.01 on 1000 decisions, shown above 0 (boundary z 1.700)",)


def test_without_it_the_candidate_is_held_while_looks_are_left_and_then_rejected():
    assert judge_candidate(EQUAL, Z, 0.0, last=False).decision is Decision.HOLD
    assert judge_candidate(EQUAL, Z, 0.0, last=True).decision is Decision.REJECT


def test_non_inferiority_asks_for_less():
    assert judge_candidate(EQUAL, Z, 0.02, last=False).decision is Decision.PROMOTE
    assert judge_candidate(EQUAL, Z, 0.01, last=False).decision is Decision.HOLD


def test_the_frozen_set_forbids_but_does_not_promote():
    calamity, fine = (Rail(Estimate(4000, mean, 0.01), margin=0.05, look=1) for mean in (-0.1, 0.1))
    assert judge_candidate(BETTER, Z, 0.0, last=False, rail=calamity).decision is Decision.REJECT
    assert judge_candidate(EQUAL, Z, 0.0, last=False, rail=fine).decision is Decision.HOLD


@pytest.mark.parametrize(
    ("change", "standing", "decision"),
    [
        (0.0, Standing.WITHIN, Decision.PROMOTE),
        (-0.019, Standing.UNCLEAR, Decision.HOLD),
        (-0.03, Standing.BEYOND, Decision.REJECT),
    ],
)
def test_a_guard_must_be_shown_within_its_tolerance(change, standing, decision):
    guards = watch([guard(0.0), guard(change, name="no transfer")], Z)
    assert guards[1].standing is standing
    verdict = judge_candidate(BETTER, Z, 0.0, last=False, guards=guards)
    assert verdict.decision is decision
    assert verdict.reasons[2].startswith("guard no transfer: ")


def test_many_guards_are_corrected_before_one_is_called_harmful():
    alone, many = watch([guard(-0.0236)], Z), watch([guard(-0.0236), *[guard(0.0)] * 9], Z)
    assert (alone[0].standing, many[0].standing) == (Standing.BEYOND, Standing.UNCLEAR)


def test_holm_is_the_textbook_one():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_the_p_value_and_bonferroni(p):
    corrected = np.array(holm(np.array(p)))
    assert (corrected >= p).all()
    assert (corrected <= np.minimum(np.array(p) * len(p), 1) + 1e-12).all()


def test_looks_at_a_frozen_set_wear_it_out_and_never_spend_more_than_alpha():
    assert sum(look_level(look, 0.05) for look in range(1, 10_000)) < 0.05
    assert [Rail(EQUAL, 0.03, look).holds for look in (1, 2, 30)] == [True, True, False]


@pytest.mark.parametrize(("mean", "decision"), [(-0.03, Decision.DEMOTE), (-0.01, Decision.KEEP), (0.1, Decision.KEEP)])
def test_a_champion_shown_to_be_below_its_fallback_is_demoted(mean, decision):
    assert judge_champion(Estimate(1000, mean, 0.01), Z).decision is decision


def test_the_best_candidate_is_not_the_luckiest():
    lucky, steady = Estimate(100, 0.05, 0.04), Estimate(100, 0.03, 0.005)
    assert best([lucky, steady]) == 1
