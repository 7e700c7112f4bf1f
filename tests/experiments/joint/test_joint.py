"""What joint learning is held against, and the control in which it can gain nothing."""

import numpy as np
import pytest

from experiments.joint.separate import EPISODES, homogeneous, longest_wait_s, separate, with_cap_of
from experiments.joint.table import LEARNED, Comparison, _guard, _guards, _verdict, _waits, main
from experiments.judging import Judged, frozen_days
from maitred.agents.rules import rule
from maitred.envs.kpi import KPIS
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import simulate
from maitred.training.learning import training_traces

AHT = next(kpi for kpi in KPIS if kpi.name == "aht_s")
CASES = np.array([100.0, 200.0, 150.0])


def judged(per_case, aht_s=300.0, fcr=0.8):
    ratios = {"reward": per_case * CASES + [1, 0, -1], "aht_s": aht_s * CASES, "fcr": fcr * CASES}
    return Judged("x", {name: np.stack([sums, CASES], axis=1) for name, sums in ratios.items()}, 1.0)


def test_the_best_of_either_kind_of_cap_is_chosen_on_training_episodes(monkeypatch):
    monkeypatch.setattr("experiments.joint.separate.EPISODES", 2)
    found = separate(load_scenario("bpo_chat"), {"fastest": "cap3+fastest"}, seed=1)
    assert found["fixed cap"].startswith("cap") and found["fixed cap"].endswith("+fastest")
    assert found["weighted capacity"].startswith("weighted_capacity")
    assert EPISODES > 2


@pytest.mark.parametrize("better", ["fixed cap", "weighted capacity"])
def test_the_better_kind_of_cap_comes_first(monkeypatch, better):
    def rewards(booked, names, episodes, objective):
        return np.array([[[float(name.startswith("cap") == (better == "fixed cap")), 1.0]] for name in names])

    monkeypatch.setattr("experiments.joint.separate.Booked.rewards", rewards)
    assert next(iter(separate(load_scenario("bpo_chat"), {"fastest": "fastest"}, seed=1))) == better


def test_answers_may_take_as_long_as_by_the_rule_and_half_of_what_the_gate_tolerates(monkeypatch):
    monkeypatch.setattr("experiments.joint.separate.EPISODES", 2)
    center, name = load_scenario("bpo_chat"), "cap2+fastest"
    ledgers = simulate(center, training_traces(center, 1, range(2)), rule(name))
    asa, time_to_help = (
        np.sum([kpi.ratio(ledger, center, Objective()) for ledger in ledgers], axis=0)
        for kpi in KPIS
        if kpi.name in ("asa_s", "time_to_help_s")
    )
    expected = asa[0] / asa[1] + 0.05 * time_to_help[0] / time_to_help[1]
    assert longest_wait_s(center, name, 1) == pytest.approx(expected)


def test_in_the_control_nobody_differs_from_anybody():
    alike = homogeneous(load_scenario("bpo_chat"))
    assert np.ptp(alike.agents.mean_s) == 0 and np.ptp(alike.agents.resolve_p, axis=0).max() == 0
    assert (np.asarray(alike.dialogue.share).max(axis=-1) == 1).all()


def test_where_caps_are_fixed_a_rule_does_what_it_does_with_that_cap():
    center, name = load_scenario("bpo_chat"), "cap4+shortest_delay"
    capped = with_cap_of(center, name)
    ours, theirs = (simulate(each, frozen_days(each, 1), rule(name))[0] for each in (capped, center))
    np.testing.assert_array_equal(ours.booked, theirs.booked)
    assert 0 < ours.decisions < theirs.decisions


def test_a_rule_without_a_fixed_cap_fixes_none():
    with pytest.raises(ValueError, match="expected a rule with a fixed cap, found weighted_capacity"):
        with_cap_of(load_scenario("bpo_chat"), "weighted_capacity+cmu")


def test_guards_are_held_against_rules_only():
    learned, best = judged(3.0, aht_s=200.0), judged(1.0, aht_s=300.0)
    found = Comparison("here", "", {"fixed cap": [best], LEARNED: [learned]}, [judged(2.0, aht_s=299.0)], 20.0)
    assert found.better_rule == "fixed cap" and _guard(found, AHT)[2] == "better"
    assert found.difference(LEARNED).value == pytest.approx(-1.0)


def test_the_verdict_follows_from_the_interval():
    better = Comparison("here", "", {"fixed cap": [judged(1.0)]}, [judged(1.2), judged(1.4)], 20.0)
    assert better.difference("fixed cap").value == pytest.approx(0.3)
    assert _verdict(better, "fixed cap") == "better"


@pytest.mark.parametrize(
    ("more", "said", "kept"),  # of AHT, by day; 5 % of 300 s is tolerated
    [
        ([-10.0, -10.0, -10.0], "better", "within"),
        ([-4.0, 0.0, 2.0], "no difference shown", "within"),
        ([10.0, 10.0, 10.0], "worse", "within"),
        ([8.0, 12.0, 16.0], "worse", "not shown within"),
        ([-60.0, 60.0, 10.0], "no difference shown", "not shown within"),
        ([40.0, 41.0, 40.0], "worse", "beyond"),
    ],
)
def test_a_guard_is_within_or_beyond_what_is_tolerated_by_its_whole_interval(more, said, kept):
    ours, theirs = judged(1.2, aht_s=300.0 + np.array(more)), judged(1.0, aht_s=300.0)
    by_rule, _, *verdict = _guard(Comparison("here", "", {"fixed cap": [theirs]}, [ours], 20.0), AHT)
    assert by_rule == "300" and verdict == [said, "15", kept]


@pytest.mark.parametrize(("fcr", "said"), [(0.9, "better"), (0.7, "worse")])
def test_of_some_guards_more_is_better(fcr, said):
    ours, theirs = judged(1.2, fcr=fcr), judged(1.0, fcr=0.8)
    guard = next(kpi for kpi in KPIS if kpi.name == "fcr")
    found = Comparison("here", "", {"fixed cap": [theirs]}, [ours], 20.0)
    assert _guard(found, guard)[2] == said


@pytest.mark.parametrize(("longest", "allowed"), [(None, "any"), (20.04, "20.0")])
def test_speed_of_answer_is_the_mean_over_seeds_beside_what_is_allowed(longest, allowed):
    rule_, *learned = judged(1.0), judged(1.2), judged(1.4)
    for one, asa_s in zip((rule_, *learned), (10.0, 20.0, 30.0), strict=True):
        one.kpis["asa_s"] = np.stack([asa_s * CASES, CASES], axis=1)
    assert _waits(Comparison("here", "", {"fixed cap": [rule_]}, learned, longest)) == [allowed, "10.0", "25.0"]


def test_what_the_rule_never_counted_is_no_guard():
    theirs = judged(1.0)
    theirs.kpis["fcr"][:] = 0.0
    found = Comparison("here", "", {"fixed cap": [theirs]}, [judged(1.2)], 20.0)
    assert _guards(found) == [AHT]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ([0.1, 0.2, 0.15], "within 0.5 %"),
        ([9.0, -18.0, 13.5], "not shown within 0.5 %"),
        ([2.0, 4.0, 3.0], "not within 0.5 %"),
    ],
)
def test_the_control_needs_an_interval_that_is_within(extra, said):
    ours = judged(1.0)
    ours.rewards[:, 0] += extra  # money of each day
    control = Comparison("here_alike", "", {"fixed cap": [judged(1.0)]}, [ours], 20.0)
    assert _verdict(control, "fixed cap") == said


def test_an_unknown_world_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--worlds", "nowhere"])
    assert "invalid choice" in capsys.readouterr().err
