"""Frozen sets: planted regressions are caught wherever they are, and luck alone is seldom promoted."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from maitred.agents.rules import RULES
from maitred.envs.kpi import Kpi, applicable
from maitred.envs.objective import Objective
from maitred.envs.simulator import simulate
from maitred.envs.traffic import draw_trace
from maitred.training.gate.check import State
from maitred.training.gate.contender import contender
from maitred.training.gate.frozen_checks import Mode, guards_check, objective_check, segments_check
from maitred.training.gate.guard_rail import look_level
from maitred.training.gate.guards import Standing
from maitred.training.gate.on_frozen import (
    OnFrozen,
    Played,
    guard_kpis,
    look_number,
    on_frozen,
    paired,
    per_episode,
    replay,
)
from maitred.training.gate.segments import segment_names, segment_ratios
from maitred.training.gate.settings import GUARDS, Settings, Tolerance
from maitred.training.looks import Look
from maitred.training.paired import paired_difference, pooled
from tests.training.center import small_center

from .contenders import Anyone, as_contender, freeze_small
from .planted import EPISODES, everything, planted

APPLY = {kpi.name: kpi for kpi in applicable(everything()) if kpi.name in GUARDS}


def worse(kpi: Kpi, tolerances: float) -> float:
    """A shift of a KPI whose champion's value is 10, to the side that is worse."""
    amount = tolerances * GUARDS[kpi.name].of(10.0)
    return -amount if kpi.better == "higher" else amount


def test_every_guard_kpi_applies_somewhere() -> None:
    assert set(APPLY) == set(GUARDS)


@pytest.mark.parametrize("name", GUARDS)
def test_a_regression_on_any_guard_kpi_is_caught_and_on_no_other(name: str) -> None:
    evidence = planted({name: worse(APPLY[name], 2.0)})
    guarded = {one.guard.name: one.standing for one in guard_kpis(evidence, GUARDS)}
    assert guarded.pop(name) is Standing.BEYOND
    assert set(guarded.values()) == {Standing.WITHIN}
    assert guards_check(evidence, Settings()).state is State.FAILED


@pytest.mark.parametrize("name", GUARDS)
def test_a_regression_of_exactly_the_tolerance_is_seldom_let_pass(name: str) -> None:
    passed = [
        guards_check(planted({name: worse(APPLY[name], 1.0)}, seed), Settings()).state is State.PASSED
        for seed in range(10)
    ]
    assert sum(passed) <= 3  # 3 % each: more than 3 of 10 has a chance of 1e-4


def test_a_guard_that_is_better_or_as_it_was_is_within() -> None:
    better = planted({name: worse(kpi, -5.0) for name, kpi in APPLY.items()})
    assert guards_check(better, Settings()).state is State.PASSED
    assert guards_check(planted({}), Settings()).state is State.PASSED


def test_a_guard_that_may_be_taken_out_is() -> None:
    evidence = planted({"csat": worse(APPLY["csat"], 2.0)})
    without = {name: tolerance for name, tolerance in GUARDS.items() if name != "csat"}
    assert guards_check(evidence, Settings(guards=without)).state is State.PASSED
    assert guards_check(evidence, Settings(guards={"csat": Tolerance(1.0)})).state is State.PASSED


def test_too_few_episodes_are_held_and_not_passed() -> None:
    evidence = planted({})
    short = replace(evidence, candidate=_first(evidence.candidate, 2), champion=_first(evidence.champion, 2))
    assert guards_check(short, Settings()).state is State.UNCLEAR


def _first(played: Played, episodes: int) -> Played:
    return Played(played.watched, played.ratios[:episodes], played.segments[:episodes])


@pytest.mark.parametrize("group", segment_names(everything()))
def test_no_group_of_customers_loses_unnoticed(group: str) -> None:
    evidence = planted({}, segments={group: -0.6})
    check = segments_check(evidence, Settings())
    assert check.state is State.FAILED and group in check.sentence
    assert segments_check(planted({}, segments={group: +0.6}), Settings()).state is State.PASSED


def test_groups_too_small_are_not_judged() -> None:
    small = Settings(segment_contacts=EPISODES * 100 + 1)
    assert segments_check(planted({}), small).state is State.NOT_ASKED


@pytest.mark.parametrize(
    ("shift", "mode", "state"),
    [
        (+0.02, Mode.BETTER, State.PASSED),
        (-0.02, Mode.BETTER, State.FAILED),
        (0.0, Mode.NO_WORSE, State.PASSED),
        (-0.10, Mode.NO_WORSE, State.FAILED),
        (-0.0495, Mode.NO_WORSE, State.UNCLEAR),
    ],
)
def test_the_objective_is_better_or_no_worse(shift: float, mode: Mode, state: State) -> None:
    assert objective_check(planted({"reward": shift}), mode, 0.05).state is state


def test_an_equal_candidate_is_promoted_as_seldom_as_is_stated() -> None:
    draw = np.random.default_rng(1)
    times, episodes = 1500, 40
    day = draw.gamma(4, 25, (times, episodes))
    ours, theirs = (np.stack([day + draw.normal(0, 5, day.shape), day], axis=-1) for _ in range(2))
    for look in (1, 3):
        level = look_level(look, 0.05)
        found = [paired(o, t, level) for o, t in zip(ours, theirs, strict=True)]
        promoted = np.mean([one.lower(level) > 0 for one in found])
        assert abs(promoted - level) < 4 * np.sqrt(level / times)


@pytest.mark.slow
def test_two_policies_that_differ_in_luck_alone_are_promoted_as_seldom_as_is_stated() -> None:
    level, times = look_level(1, 0.05), 200
    promoted = guarded = 0
    for seed in range(times):
        evidence = lucky(seed)
        promoted += objective_check(evidence, Mode.BETTER, 0.05).state is State.PASSED
        guarded += guards_check(evidence, Settings()).state is State.FAILED
    assert abs(promoted / times - level) < 3 * np.sqrt(level / times)
    assert guarded / times < level + 3 * np.sqrt(level / times)


def lucky(seed: int) -> OnFrozen:
    """Two policies that give contacts to anyone, on 30 days."""
    scenario = small_center()
    traces = [draw_trace(scenario, np.random.SeedSequence(seed, spawn_key=(day,))) for day in range(30)]
    frozen: Any = SimpleNamespace(name="small", scenario=scenario)
    ours, theirs = (replay(frozen, traces, as_contender(Anyone(salt)), Objective()) for salt in (1, 2))
    return OnFrozen(frozen, 1, look_level(1, 0.05), ours, theirs)


def test_bounds_are_students() -> None:
    draw = np.random.default_rng(2)
    ours, theirs = draw.normal(1, 1, (2, 12))
    level = 0.01
    found = paired(*(np.stack([x, np.ones(12)], axis=-1) for x in (ours, theirs)), level)
    apart = ours - theirs
    exact = apart.mean() - student.isf(level, 11) * apart.std(ddof=1) / np.sqrt(12)
    assert found.lower(level) == pytest.approx(exact)


def test_episodes_have_values_whose_mean_is_the_pooled_ratio() -> None:
    ratios = np.random.default_rng(3).gamma(2, 1, (30, 2))
    values = per_episode(ratios)
    assert values.mean() == pytest.approx(float(pooled(ratios)))
    found = paired_difference(ratios, np.ones_like(ratios))
    half = student.ppf(0.975, 29) * values.std(ddof=1) / np.sqrt(30)
    assert float(found.high - found.value) == pytest.approx(half)


def look(number: int, policy_id: str) -> Look:
    return Look(number=number, time="", policy="", policy_id=policy_id, command="", kpis_sha256="", previous="")


def test_each_policy_costs_one_look_however_often_it_is_judged() -> None:
    ids = ["rule:incumbent", "a", "rule:cmu", "b", "a", "c", "a"]
    looks = [look(i, policy_id) for i, policy_id in enumerate(ids, start=1)]
    learned = replace(contender("cmu"), id="new")
    assert look_number([], learned) == 1
    assert look_number(looks, learned) == 4  # after a, b and c; rules were there before the set
    assert look_number(looks, replace(learned, id="a")) == 3
    assert look_number(looks, contender("fastest")) == 6  # a rule may have been picked from rules


def test_the_levels_of_all_looks_sum_to_alpha() -> None:
    assert sum(look_level(k, 0.05) for k in range(1, 100_000)) == pytest.approx(0.05, abs=1e-6)


def test_both_policies_look_at_the_set_and_a_replay_does_not(tmp_path) -> None:
    frozen = freeze_small(tmp_path / "small", episodes=4)
    candidate, champion = contender("fastest"), contender("incumbent")
    evidence = on_frozen(frozen, candidate, champion, Objective(), 0.05, "test")
    replay(frozen, frozen.traces(), candidate, Objective())
    looks = frozen.looks.read()
    assert [one.policy_id for one in looks] == ["rule:incumbent", "rule:fastest"]
    assert (evidence.look, evidence.level) == (1, look_level(1, 0.05))


def test_groups_partition_the_contacts_and_their_worth() -> None:
    scenario = small_center()
    ledgers = simulate(scenario, [draw_trace(scenario, np.random.SeedSequence(i)) for i in range(3)], RULES["random"])
    ratios = segment_ratios(ledgers, scenario, Objective())
    assert segment_names(scenario) == ("type loans", "type cards")
    np.testing.assert_array_equal(ratios[:, :, 1].sum(axis=1), [len(ledger.contacts) for ledger in ledgers])
    weights = Objective(cost=0.0).weights()
    free = segment_ratios(ledgers, scenario, Objective(cost=0.0))
    np.testing.assert_allclose(free[:, :, 0].sum(axis=1), [ledger.booked @ weights for ledger in ledgers])
