"""What the audit takes, what it leaves out and says so, and how it compares."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.agents.rules import rule
from maitred.envs.kpi import Books
from maitred.envs.objective import Objective
from maitred.envs.simulator import simulate
from maitred.envs.traffic import draw_trace
from maitred.training.audit import DETECTORS, AuditError, Detector, Episode, Symptom, audit, left_out, watch
from maitred.training.audit.finding import find
from maitred.training.audit.lost_in_queue import OVERTAKEN, lost
from maitred.training.audit.slopes import slope
from tests.training.center import small_center

CENTER = small_center()
CENTER = replace(CENTER, routing=replace(CENTER.routing, may_hold=True))
TRACES = [draw_trace(CENTER, np.random.SeedSequence((5, i))) for i in range(4)]


@pytest.fixture(scope="module")
def seen():
    return watch(CENTER, TRACES, rule("incumbent"))


def test_a_policy_beside_itself_is_never_flagged(seen):
    found = audit(seen.ledgers, seen.ledgers, TRACES, CENTER, candidate_deeds=seen.deeds, reference_deeds=seen.deeds)
    assert not any(one.flagged for one in found)
    assert {one.id for one in found} == {d.id for d in DETECTORS} - set(left_out(CENTER))


def test_watching_changes_nothing(seen):
    for watched, ledger in zip(seen.ledgers, simulate(CENTER, TRACES, rule("incumbent")), strict=True):
        assert watched.contacts.tobytes() == ledger.contacts.tobytes()


def test_every_decision_with_a_choice_is_seen_in_order_of_time(seen):
    for ledger, deeds in zip(seen.ledgers, seen.deeds, strict=True):
        assert len(deeds) >= ledger.decisions > 0
        assert (np.diff(deeds["s"]) >= 0).all()
        assert deeds["agent_offered"].all() and not deeds["held"].any()


def test_a_scenario_without_bots_or_messages_has_those_detectors_left_out_and_says_so():
    reasons = left_out(CENTER)
    assert reasons["DG-1"] == "bot trap: small has no bots"
    assert {"DG-3", "DG-5", "DG-6", "DG-8", "DG-10", "DG-14"} < set(reasons)
    assert "DG-9" not in reasons


def test_without_decisions_the_detector_that_needs_them_is_left_out(seen):
    found = audit(seen.ledgers, seen.ledgers, TRACES, CENTER)
    assert "DG-9" not in {one.id for one in found}
    assert "not watched" in left_out(CENTER, watched=False)["DG-9"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_episodes_that_cannot_be_paired_are_refused(seen, count):
    with pytest.raises(AuditError, match="at least 2 episodes"):
        audit(seen.ledgers[:count], seen.ledgers[:count], TRACES, CENTER)


def detector(*symptoms):
    return Detector("DG-0", "made up", "does so", symptoms, lambda scenario: True, "")


def made(values, seen):
    """Episodes whose symptom is the number in the place of the deeds."""
    books = Books(seen.ledgers[0], CENTER, Objective())
    return [Episode(books, TRACES[0], value) for value in values]


NUMBER = Symptom("number", "share", lambda episode: (episode.deeds, 1.0), 0.1)
NOTHING = Symptom("nothing", "share", lambda episode: (0.0, 0.0), 0.0)


def test_worse_by_less_than_the_tolerance_is_not_flagged_however_certain(seen):
    reference = made([0.1, 0.2, 0.3, 0.4], seen)
    assert find(detector(NUMBER), made([0.25, 0.35, 0.45, 0.55], seen), reference, 0.01).flagged
    assert not find(detector(NUMBER), made([0.19, 0.29, 0.39, 0.49], seen), reference, 0.01).flagged


def test_worse_by_noise_is_not_flagged(seen):
    finding = find(detector(NUMBER), made([2.0, 0.1, 0.2, 0.1], seen), made([0.1, 0.2, 0.1, 0.2], seen), 0.01)
    assert finding.statistic > finding.reference + NUMBER.tolerance and not finding.flagged


def test_all_symptoms_must_show(seen):
    worse, better = made([0.5, 0.6, 0.7, 0.8], seen), made([0.1, 0.2, 0.3, 0.4], seen)
    assert find(detector(NUMBER, NUMBER), worse, better, 0.01).flagged
    assert not find(detector(NUMBER, replace(NUMBER, tolerance=0.5)), worse, better, 0.01).flagged


def test_where_nothing_was_counted_there_is_no_verdict_but_a_sentence(seen):
    finding = find(detector(NOTHING), made([1.0, 2.0], seen), made([1.0, 2.0], seen), 0.01)
    assert not finding.flagged and "none counted" in finding.sentence


def test_a_tolerance_may_be_a_share_of_the_reference(seen):
    relative = replace(NUMBER, tolerance=0.0, share=0.5)
    finding = find(detector(relative), made([0.2, 0.3], seen), made([0.2, 0.3], seen), 0.01)
    assert finding.symptoms[0].tolerance == pytest.approx(0.125)


def test_the_slope_is_that_of_least_squares():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=50), rng.normal(size=50)
    part, whole = slope(x, y)
    assert part / whole == pytest.approx(np.polyfit(x, y, 1)[0])


def test_lost_are_those_whom_ten_of_their_kind_overtook(seen):
    contacts = seen.ledgers[0].contacts[:30].copy()
    contacts["type"], contacts["level"], contacts["outcome"] = 0, 0, 1
    contacts["arrival_s"] = np.arange(30.0)
    contacts["answer_s"] = contacts["arrival_s"] + 0.5
    contacts["answer_s"][3] = 3 + OVERTAKEN + 0.4  # nine came and were answered meanwhile
    contacts["answer_s"][5] = 5 + OVERTAKEN + 0.6  # ten
    books = Books(replace(seen.ledgers[0], contacts=contacts), CENTER, Objective())
    assert np.nonzero(lost(books))[0].tolist() == [5]
