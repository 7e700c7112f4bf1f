"""Rules tuned: settings side by side are as if alone, the budget is kept, the planted best setting is found."""

import json

import numpy as np
import pytest

from maitred.agents.families import CAP, Family, families, levers, without_cap
from maitred.agents.rules import RULES, rule
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import simulate
from maitred.envs.traffic import draw_trace
from maitred.training.learning import VALIDATION, branch, training_traces
from maitred.training.side_by_side import play
from maitred.training.tuning import best_levers, best_rule, to_tune_on, tune, tuned_json, tuned_table
from tests.training.center import small_center

MIXED = [
    "cap2+cmu",
    "rules_skills(overflow_after_s=60)",
    "quadrant",
    "cap2+cmu(level_cost=3)",
    "rules_skills",
    "weighted_capacity(slots=5)+ai_scored(occupancy_target=0.6)",
    "random",
]


@pytest.mark.parametrize("names", [MIXED, MIXED[:2]], ids=["some reassess", "none does"])
def test_side_by_side_is_as_if_alone(names):
    scenario = load_scenario("w3_chat")
    traces = training_traces(scenario, 3, range(2))
    together = play(scenario, traces, [rule(name) for name in names])
    for i, name in enumerate(names):
        for ledger, alone in zip(together[2 * i : 2 * i + 2], simulate(scenario, traces, rule(name)), strict=True):
            assert (ledger.booked == alone.booked).all(), name
            assert ledger.decisions == alone.decisions


def test_settings_hold_the_default_and_every_value():
    family = Family("x", "rules_skills", {"overflow_after_s": (20, 5, 60), "skilled": (1.15, 1, 0.8, 2)}, ("", "cap2"))
    assert len(family.settings(24, np.random.default_rng(0))) == 24
    some = [rule(name).name for name in family.settings(8, np.random.default_rng(0))]
    assert some[0] == "rules_skills"
    assert len(some) <= 8
    for part in ("cap2", "skilled=0.8", "skilled=2", "overflow_after_s=5"):
        assert any(part in name for name in some), part


@pytest.mark.parametrize("scenario", ["bank", "bpo_chat", "omni", "w6_outage", "w8_bots"])
def test_every_setting_of_every_family_is_a_rule(scenario):
    center = load_scenario(scenario)
    beside = [lever[0] for lever in levers(center)] or [""]
    for family in families(center, beside):
        for name in family.settings(10_000, np.random.default_rng(0)):
            assert rule(rule(name).name) == rule(name)


def test_families_cover_what_must_be_beaten():
    everything = {family.name for family in families(load_scenario("omni"))}
    everything |= {family.name for family in families(load_scenario("w6_outage"))}
    single = {name for name in RULES if not name.startswith(("cap", "outreach"))}
    assert everything == single | {"fixed_cap", "outreach"}


def test_budget_is_kept_and_the_quick_are_found():
    # Half of the agents are twice as fast on one type: c-mu and the fastest server must beat the platform's rule.
    tuned = {one.family: one for one in best_rule(small_center(), Objective(), seed=5, budget=48)}
    for one in tuned.values():
        assert sum(trial.episodes for trial in one.tried) <= 48, one.family
        best = max(trial.reward for trial in one.tried if trial.episodes == one.tried[-1].episodes)
        assert best == pytest.approx(next(t.reward for t in one.tried[::-1] if rule(t.name) == one.policy))
    assert tuned["fastest"].difference.low > 0
    assert tuned["incumbent"].difference.value == 0
    assert next(iter(tuned.values())).difference.value == max(one.difference.value for one in tuned.values())


def test_tuning_is_reproducible_and_needs_a_budget():
    family = Family("reservation", "reservation", {"reserve": (1, 0, 2, 3), "patient_per_min": (0.15, 1000)})
    one, other = (tune(family, to_tune_on(small_center(), 2, 12), Objective(), seed=2, budget=12) for _ in range(2))
    assert one == other
    with pytest.raises(ValueError, match="12 episodes or more, found 5"):
        to_tune_on(small_center(), 2, 5)
    with pytest.raises(ValueError, match="12 episodes or more, found -3"):
        best_rule(small_center(), Objective(), seed=2, budget=-3)


def test_training_episodes_are_not_those_that_validate():
    scenario = small_center()
    validating = {draw_trace(scenario, key).key[0] for key in branch(7, VALIDATION).spawn(8)}
    assert not {trace.key[0] for trace in training_traces(scenario, 7, range(8))} & validating


def test_levers_are_combined_with_their_best_values():
    beside = best_levers(to_tune_on(load_scenario("w3_chat"), 1, 12), Objective(), budget=12)
    assert len(beside) == 3
    assert all(rule(name).name.startswith(("cap", "weighted_capacity")) for name in beside)


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("cap4+cmu(level_cost=2)", "cmu(level_cost=2)"),
        ("bot_first+cap4+fastest", "bot_first+fastest"),
        ("weighted_capacity(slots=4,complexity_weight=0.5)+pmu", "pmu"),
        ("cap3", "incumbent"),
        ("cmu", "cmu"),
    ],
)
def test_a_rule_without_its_cap_is_its_routing(name, rest):
    assert without_cap(name) == rest
    assert rule(rest)


def test_where_caps_are_set_the_best_routing_is_tried_with_every_cap():
    tuned = best_rule(load_scenario("w3_chat"), Objective(), seed=1, budget=48)
    again = [one for one in tuned if one.family.endswith(", every cap")]
    assert len(again) == 2
    for one in again:
        assert len({trial.name for trial in one.tried}) == len(CAP)
        assert len({without_cap(rule(trial.name).name) for trial in one.tried}) == 1
    without_caps = best_rule(small_center(), Objective(), seed=5, budget=12)
    assert not any(one.family.endswith("every cap") for one in without_caps)


def test_what_was_tried_is_written_and_reads_back():
    tuned = best_rule(small_center(), Objective(), seed=5, budget=12)
    rows = json.loads(tuned_json(tuned))
    assert [rule(row["rule"]) for row in rows] == [one.policy for one in tuned]
    assert rows[0]["tried"][-1].keys() == {"name", "episodes", "reward"}
    assert tuned_table(tuned, "small").row_count == len(tuned)
