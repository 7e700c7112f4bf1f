"""Every rule on decisions small enough to answer by hand, and what all rules promise."""

import re

import numpy as np
import pytest

from maitred.agents.candidates import usual
from maitred.agents.rules import RULES, UnknownRuleError, rule
from maitred.envs.decision import CONTEXT_NAMES, Action, Kind
from tests.agents.made import many, one

A, HOLD, BOT, CALLBACK, CAP = Action.ASSIGN, Action.HOLD, Action.BOT, Action.CALLBACK, Action.CAP
ROUTE, PULL = Kind.ROUTE, Kind.PULL
ALWAYS_USUAL = {
    Kind.REASSESS: set(RULES) - {"random", "quadrant", "on_by_voice"},
    Kind.CONCURRENCY: {name for name in RULES if not name.startswith("cap")}
    - {"random", "quadrant", "weighted_capacity"},
    Kind.OUTREACH: set(RULES) - {"random", "outreach_blind", "outreach_selective"},
}


@pytest.mark.parametrize(
    ("name", "kind", "actions", "columns", "answer"),
    [
        ("incumbent", ROUTE, (A, A, HOLD), {"handle_s": [300, 100, 0]}, 0),
        ("incumbent", PULL, (A, A, HOLD), {"priority": [0, 9, 0]}, 0),
        ("fastest", ROUTE, (A, A, A, HOLD), {"handle_s": [300, 100, 100, 0]}, 1),
        ("fastest", PULL, (A, A, HOLD), {"handle_s": [300, 100, 0]}, 0),
        ("priority", PULL, (A, A, A, A), {"priority": [0, 2, 2, 1], "wait_s": [90, 30, 40, 80]}, 2),
        ("priority", ROUTE, (A, A), {"priority": 2, "wait_s": 5, "handle_s": [9, 1]}, 0),
        ("cmu", PULL, (A, A, A), {"priority": [0, 3, 1], "handle_s": [100, 300, 400]}, 1),
        ("cmu", ROUTE, (A, A), {"priority": 1, "handle_s": [300, 100]}, 1),
        ("cmu(level_cost=0)", PULL, (A, A, A), {"priority": [0, 3, 1], "handle_s": [100, 300, 400]}, 0),
        ("cmu_theta", PULL, (A, A), {"handle_s": [100, 200], "abandon_hazard_per_min": [0.3, 0.1]}, 1),
        ("cmu_theta(least_per_min=1)", PULL, (A, A), {"handle_s": [1, 2], "abandon_hazard_per_min": [0.3, 0.1]}, 0),
        ("pmu", ROUTE, (A, A, A), {"handle_s": [300, 200, 100], "resolve_p": [0.9, 0.8, 0.3]}, 1),
        ("pmu(resolution_weight=4)", ROUTE, (A, A, A), {"handle_s": [300, 200, 100], "resolve_p": [0.9, 0.8, 0.3]}, 0),
        ("pmu", PULL, (A, A, HOLD), {"handle_s": [300, 100, 0], "resolve_p": 0.5}, 0),
        ("reservation", ROUTE, (A, HOLD), {"type_agents_idle": 1}, 1),
        ("reservation", ROUTE, (A, A, HOLD), {"type_agents_idle": 2, "agent_types": [2, 1, 0]}, 1),
        ("reservation", ROUTE, (A, HOLD), {"type_agents_idle": 1, "priority": 1}, 0),
        ("reservation", ROUTE, (A, HOLD), {"type_agents_idle": 1, "abandon_hazard_per_min": 0.2}, 0),
        ("reservation(reserve=0)", ROUTE, (A, HOLD), {"type_agents_idle": 1}, 0),
        ("reservation", PULL, (A, A, HOLD), {"type_agents_idle": 1, "urgency": [0.1, 0.9, 0]}, 1),
        ("reservation", PULL, (A, HOLD), {"type_agents_idle": 1}, 1),
        ("least_loaded", ROUTE, (A, A, A), {"occupancy": [0.9, 0.8, 0.7]}, 2),
        ("fifo", PULL, (A, A, HOLD), {"wait_s": [10, 40, 0], "priority": [9, 0, 0]}, 1),
        ("acd_longest_idle", ROUTE, (A, CALLBACK, HOLD), {"wait_s": 300}, 0),
        ("rules_skills", ROUTE, (A, A, HOLD), {"handle_s": [200, 100, 0], "type_handle_s": 100}, 1),
        ("rules_skills", ROUTE, (A, HOLD), {"handle_s": [200, 0], "type_handle_s": 100}, 1),
        ("rules_skills", ROUTE, (A, HOLD), {"handle_s": [200, 0], "type_handle_s": 100, "wait_s": 60}, 0),
        ("ai_scored", ROUTE, (A, A), {"handle_s": [100, 80], "type_handle_s": 90}, 1),
        ("rules_skills(overflow_after_s=90)", ROUTE, (A, HOLD), {"handle_s": 9, "type_handle_s": 1, "wait_s": 60}, 1),
        ("rules_skills(skilled=3)", ROUTE, (A, HOLD), {"handle_s": [200, 0], "type_handle_s": 100}, 0),
        ("ai_scored", ROUTE, (A, A), {"handle_s": [100, 80], "type_handle_s": 90, "occupancy": [0.5, 0.95]}, 0),
        ("ai_scored(overload_weight=0)", ROUTE, (A, A), {"handle_s": [9, 8], "type_handle_s": 9, "occupancy": 1}, 1),
        ("least_busy_first", ROUTE, (A, A), {"load": [2, 1]}, 1),
        ("most_busy_first", ROUTE, (A, A), {"load": [1, 2]}, 1),
        ("shortest_delay", ROUTE, (A, A), {"handle_s": [100, 120], "load": [1, 0]}, 1),
        ("shortest_delay", ROUTE, (A, A), {"handle_s": [100, 220], "load": [1, 0]}, 0),
        ("bot_first", ROUTE, (A, BOT, HOLD), {}, 1),
        ("bot_first", ROUTE, (BOT, BOT), {"resolve_p": [0.3, 0.6], "cost": [0.1, 1]}, 1),
        ("bot_first(price_weight=0.5)", ROUTE, (BOT, BOT), {"resolve_p": [0.3, 0.6], "cost": [0.1, 1]}, 0),
        ("bot_first(contained_at_least=0.5)", ROUTE, (BOT, HOLD), {"resolve_p": [0.3, 0]}, 1),
        ("bot_first(contained_at_least=0.5)", ROUTE, (BOT, A, Action.DEFER), {"resolve_p": [0.3, 0, 0]}, 1),
        ("cap4", Kind.CONCURRENCY, (CAP,) * 4, {"cap_set": [3, 1, 2, 4]}, 3),
        ("cap6", Kind.CONCURRENCY, (CAP,) * 3, {"cap_set": [3, 1, 2]}, 0),
        ("weighted_capacity", Kind.CONCURRENCY, (CAP,) * 4, {"cap_set": [3, 1, 2, 4], "open": 1, "mix": 1}, 2),
        ("weighted_capacity", Kind.CONCURRENCY, (CAP,) * 4, {"cap_set": [3, 1, 2, 4], "open": 1, "mix": 0.2}, 3),
        ("weighted_capacity(slots=2)", Kind.CONCURRENCY, (CAP,) * 3, {"cap_set": [3, 1, 2], "open": 0}, 2),
        ("cap4", Kind.CONCURRENCY, (CAP,) * 4, {"cap_set": [3, 1, 2, 4], "open": 1, "mix": 1}, 3),
        ("outreach_blind", Kind.OUTREACH, (Action.CONTINUE, Action.MESSAGE), {"need_p": 0.1}, 1),
        ("outreach_selective", Kind.OUTREACH, (Action.CONTINUE, Action.MESSAGE), {"need_p": 0.1}, 0),
        ("outreach_selective", Kind.OUTREACH, (Action.CONTINUE, Action.MESSAGE), {"need_p": 0.7}, 1),
    ],
)
def test_rule_answers_as_by_hand(name, kind, actions, columns, answer):
    choices = rule(name).act(one(kind, actions, **columns))
    assert choices.candidate.tolist() == [answer]
    assert choices.propensity.tolist() == [1.0]


def test_a_call_back_is_offered_after_a_long_wait_for_nobody():
    for wait_s, answer in ((60, 1), (300, 0)):
        decision = one(ROUTE, (CALLBACK, HOLD), usual=1, wait_s=wait_s)
        assert RULES["acd_longest_idle"].act(decision).candidate[0] == answer


def test_going_on_by_voice_is_offered_while_enough_agents_have_room():
    for idle, answer in ((4, 0), (5, 1)):
        decision = one(Kind.REASSESS, (Action.CONTINUE, Action.LIVE))
        decision.context[:, CONTEXT_NAMES.index("agents_idle")] = idle
        decision.context[:, CONTEXT_NAMES.index("agents_on_duty")] = 20
        assert RULES["on_by_voice"].act(decision).candidate[0] == answer


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_gets_a_legal_answer_with_its_probability(name, kind):
    decisions = many(kind, 200, seed=3)
    choices = RULES[name].act(decisions)
    assert decisions.mask[np.arange(200), choices.candidate].all()
    assert ((choices.propensity > 0) & (choices.propensity <= 1)).all()


@pytest.mark.parametrize("kind", ALWAYS_USUAL)
def test_a_rule_without_an_opinion_does_what_is_usual(kind):
    decisions = many(kind, 200, seed=4)
    for name in ALWAYS_USUAL[kind]:
        assert (RULES[name].act(decisions).candidate == usual(decisions)).all(), name


@pytest.mark.parametrize(
    "name", ["fastest", "priority", "cmu", "least_loaded", "ai_scored", "least_busy_first", "shortest_delay"]
)
def test_who_compares_agents_leaves_bots_to_the_platform(name):
    decision = one(ROUTE, (A, A, BOT), usual=2)
    assert RULES[name].act(decision).candidate[0] == 2


def test_random_is_uniform_over_all_that_is_legal():
    decisions = many(ROUTE, 20_000, seed=5)
    decisions.mask[:] = [True, False, True, True, False, True]
    choices = RULES["random"].act(decisions)
    share = np.bincount(choices.candidate, minlength=6) / 20_000
    np.testing.assert_allclose(share, [0.25, 0, 0.25, 0.25, 0, 0.25], atol=0.015)
    np.testing.assert_allclose(choices.propensity, 0.25)


def test_fifo_lets_chance_pick_the_agent():
    decisions = many(ROUTE, 4_000, seed=6)
    decisions.mask[:] = True
    decisions.candidates[:, :, :] = one(ROUTE, (A, A, BOT, Action.DEFER, CALLBACK, HOLD)).candidates
    share = np.bincount(RULES["fifo"].act(decisions).candidate, minlength=6) / 4_000
    np.testing.assert_allclose(share[:2], 0.5, atol=0.03)


def test_a_cap_combines_with_any_rule():
    policy = rule("cap2+fastest")
    assert policy.name == "cap2+fastest"
    assert policy.act(one(ROUTE, (A, A), handle_s=[9, 1])).candidate[0] == 1
    assert policy.act(one(Kind.CONCURRENCY, (CAP, CAP, CAP), cap_set=[3, 1, 2])).candidate[0] == 2


def test_what_is_kept_from_bots_goes_to_the_rule_for_the_rest():
    policy = rule("bot_first(contained_at_least=0.5)+fastest")
    for contained, answer in ((0.6, 0), (0.4, 2)):
        decision = one(ROUTE, (BOT, A, A), handle_s=[9, 300, 100], resolve_p=[contained, 0.9, 0.9])
        assert policy.act(decision).candidate[0] == answer


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("cmu(level_cost=0.25)", "cmu(level_cost=0.25)"),
        ("cmu(level_cost=1)", "cmu"),
        ("weighted_capacity(slots=4,complexity_weight=0)+pmu", "cap4+pmu"),
        ("cap2+bot_first(contained_at_least=0.5)+outreach_selective(threshold=0)+fifo",) * 2,
        ("rules_skills( overflow_after_s=40 , skilled=1 )", "rules_skills(overflow_after_s=40,skilled=1)"),
    ],
)
def test_a_name_says_what_is_not_default_and_reads_back(name, short):
    short = short.replace("outreach_selective(threshold=0)", "outreach_blind")
    assert rule(name).name == short
    assert rule(short) == rule(name)


@pytest.mark.parametrize("name", ["quadrants", "cap2+nothing", "cap9", "", "cmu(level_cost=1", "__import__('os')"])
def test_an_unknown_rule_is_named_with_those_there_are(name):
    with pytest.raises(UnknownRuleError, match=r"expected one of random, incumbent.*found " + re.escape(name)):
        rule(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fastest+cap2", "fastest leaves nothing to another rule"),
        ("cmu(weight=2)", "cmu has level_cost, found weight=2"),
        ("fastest(speed=2)", "fastest has no parameters, found speed=2"),
        ("cmu(level_cost=-1)", "a number of 0 or more, found '-1'"),
        ("cmu(level_cost=nan)", "found 'nan'"),
        ("cmu(level_cost=)", "found ''"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_refused(name, message):
    with pytest.raises(UnknownRuleError, match=message):
        rule(name)


def test_registry_names_its_rules():
    assert all(RULES[name].name == name for name in RULES)
    assert {"fifo", "acd_longest_idle", "rules_skills", "ai_scored", "quadrant", "cap1", "cap6"} <= set(RULES)
