"""Centers whose operators want different things are paid by what each wants."""

from dataclasses import asdict

import numpy as np
import pytest

from maitred.agents.network import CandidateNetwork
from maitred.agents.preference import ByPreference
from maitred.agents.rules import RULES, rule
from maitred.commands import policies
from maitred.configs.schema import ConfigError, EvaluationConfig, PPOConfig, TrainConfig
from maitred.envs.decision import PREFERENCE, PREFERRED, Choices
from maitred.envs.episodes import Episodes
from maitred.envs.objective import Objective
from maitred.envs.resized import resized
from maitred.envs.scenario_file import load_scenario, save_scenario
from maitred.envs.simulator import simulate
from maitred.serving.bundle import ModelCard
from maitred.training import ppo_training
from maitred.training.booked import Booked
from maitred.training.drift.encounters import encounters
from maitred.training.drift.familiarity import seen_in
from maitred.training.export import export_bundle
from maitred.training.frozen import freeze
from maitred.training.gate.contender import Contender
from maitred.training.gate.on_frozen import replay
from maitred.training.job import judge
from maitred.training.learning import training_traces
from maitred.training.paired import pooled
from maitred.training.preferences import (
    PreferenceError,
    best_by_preference,
    ends,
    preferring,
    spread_objectives,
    under_many,
)
from maitred.training.rehearsal import EPISODES, rehearse
from maitred.training.train import train
from maitred.training.tuning import Tuned
from maitred.training.validation import Difference, prepare_validation
from tests.training.center import small_center


def test_weights_lie_within_the_spread_and_follow_from_the_seed():
    objectives = spread_objectives(Objective(), 4.0, 200, np.random.SeedSequence(1))
    ratio = np.array([each.preference for each in objectives]) / Objective().preference
    assert ratio.min() > 1 / 4.001 and ratio.max() < 4.001
    assert (ratio < 0.5).any(axis=0).all() and (ratio > 2).any(axis=0).all()
    assert objectives == spread_objectives(Objective(), 4.0, 200, np.random.SeedSequence(1))
    assert all(each.abandonment == Objective().abandonment for each in objectives)


def test_a_few_objectives_cover_the_whole_range_of_every_weight():
    objectives = spread_objectives(Objective(), 4.0, 16, np.random.SeedSequence(1))
    ratio = np.array([each.preference for each in objectives]) / Objective().preference
    stratum = np.floor(16 * (np.log(ratio) / np.log(4.0) + 1) / 2)
    np.testing.assert_array_equal(np.sort(stratum, axis=0), np.tile(np.arange(16.0)[:, None], ratio.shape[1]))


def test_each_center_is_paid_by_its_own_objective_and_sees_it():
    objectives = [Objective(), Objective(csat=80.0), Objective(cost=3.0, focus_per_min=0.0)]
    alone = [Episodes(small_center(), 3, each) for each in objectives]
    together = Episodes(small_center(), 3, objectives)
    for episodes in (*alone, together):
        episodes.begin(np.ones(3, np.bool_))
    for _ in range(40):
        first = np.zeros(3, np.int64)
        rewards, _ = together.step(first)
        own = [episodes.step(first)[0][i] for i, episodes in enumerate(alone)]
        np.testing.assert_allclose(rewards, own)
        context = together.observation()["context"][:, PREFERRED]
        np.testing.assert_allclose(context, [each.preference for each in objectives])


def test_a_rehearsal_of_many_objectives_says_which_decision_was_under_which():
    objectives = spread_objectives(Objective(), 3.0, EPISODES, np.random.SeedSequence(2))
    lesson = rehearse(small_center(), RULES["cmu"], np.random.SeedSequence(3), 100, objective=objectives)
    seen = {tuple(row) for row in lesson.decisions.context[:, PREFERRED].tolist()}
    assert seen == {tuple(each.preference.tolist()) for each in objectives}


def test_the_ends_have_one_weight_lowered_or_raised_each():
    assert ends(Objective(), 4.0)[:2] == [Objective(cost=0.25), Objective(cost=4.0)]
    assert ends(Objective(), 4.0)[-1] == Objective(csat=32.0)


def test_of_some_rules_each_objective_gets_the_one_that_earned_most_by_it():
    center, names = load_scenario("w8_bots"), ["bot_first(contained_at_least=2)", "bot_first", "fifo"]
    booked = Booked(center, training_traces(center, 1, range(2)))
    either = best_by_preference(booked, names, Objective(abandonment=1.0))
    some = spread_objectives(Objective(abandonment=1.0), 8.0, 24, np.random.SeedSequence(1))
    earned = np.array([pooled(booked.rewards(names, 2, each).swapaxes(0, 1)) for each in some])
    told = np.array([each.preference for each in some])
    np.testing.assert_allclose(told @ either.worth.T + either.rest, earned, rtol=1e-5)
    assert {0, 1} <= set(earned.argmax(axis=1).tolist())  # it does depend on the weights


class Turncoat:
    """Serves the fastest way where satisfaction counts for little, and by chance elsewhere; remembers what counted."""

    name = "turncoat"

    def __init__(self):
        self.told = set()

    def act(self, decisions):
        weights = decisions.context[:, PREFERRED]
        self.told |= {tuple(row) for row in weights.tolist()}
        fast, chance = (RULES[name].act(decisions).candidate for name in ("fastest", "random"))
        return Choices(np.where(weights[:, 2] < 8, fast, chance), np.ones(len(decisions)))


def test_what_serves_all_preferences_is_judged_under_many():
    validation = prepare_validation(small_center(), Objective(), np.random.SeedSequence(4), 12)
    many = under_many(validation, 4.0, np.random.SeedSequence(5))
    some = spread_objectives(Objective(), 4.0, 12, np.random.SeedSequence(5))
    turncoat = Turncoat()
    found = many.difference(turncoat).value
    assert turncoat.told == {tuple(each.preference.tolist()) for each in some}
    fast, chance = (many.difference(RULES[name]).value for name in ("fastest", "random"))
    assert chance < found < fast
    assert many.difference(RULES["incumbent"]).value == 0
    ledgers = simulate(small_center(), validation.traces, RULES["fastest"])
    worth = np.array([ledger.booked @ each.weights() for ledger, each in zip(ledgers, some, strict=True)])
    assert fast == pytest.approx((worth.sum() - many.incumbent[:, 0].sum()) / many.incumbent[:, 1].sum())


def tuned_for(objective):
    """Who is best by it, where nothing is simulated."""
    return "fastest" if objective.csat > 8 else "priority" if objective.cost > 1 else "cmu"


@pytest.mark.parametrize(
    ("teacher", "spread", "imitated"),
    [
        (None, 3.0, ppo_training.COLD_START.name),
        ("fastest", 3.0, "fastest"),
        (" fastest|random | fastest", 3.0, "fastest | random"),
        ("best", 3.0, "cmu | priority | fastest"),
        ("best", 1.0, "cmu"),
    ],
)
def test_the_teacher_is_one_rule_or_the_best_of_several_for_the_weights(teacher, spread, imitated, monkeypatch):
    def tuned(booked, objective, seed):
        return [Tuned("any", RULES[tuned_for(objective)], Difference(0.0, 0.0, 0.0), ())]

    monkeypatch.setattr(ppo_training, "tune_all", tuned)
    config = PPOConfig(teacher=teacher, preference_spread=spread)
    assert ppo_training._teacher(config, small_center(), Objective(), 1).name == imitated


@pytest.mark.parametrize(
    ("teacher", "spread", "expected"),
    [
        ("fastest|random", 1.0, "one rule"),
        ("fastest | ", 3.0, "best alone, or names of rules"),
        ("best | fastest", 3.0, "best alone, or names of rules"),
    ],
)
def test_teachers_that_cannot_be_are_refused(teacher, spread, expected):
    with pytest.raises(ConfigError, match=rf"policy\.teacher: expected {expected}"):
        PPOConfig(teacher=teacher, preference_spread=spread)


RECORD = {"config": {"policy": {"preference_spread": 4.0}}}


def test_a_trained_policy_can_be_asked_for_the_weights_of_its_training():
    asked = preferring(Objective(abandonment=1.0), {"csat": 32.0, "cost": 0.25}, RECORD)
    assert asked == Objective(abandonment=1.0, csat=32.0, cost=0.25)
    with pytest.raises(PreferenceError, match="csat: expected 2 to 32, as in the policy's training, found 33"):
        preferring(Objective(), {"csat": 33.0}, RECORD)
    for record in ({}, {"config": {"policy": {"preference_spread": 1.0}}}):
        assert preferring(Objective(csat=9.0), {}, record) == Objective(csat=9.0)
        with pytest.raises(PreferenceError, match=r"csat: expected 8 and no other, .* found 9"):
            preferring(Objective(), {"csat": 9.0}, record)


@pytest.mark.parametrize("spread", [1.5, 3.0, 4.0, 7.0])
def test_the_ends_of_training_can_be_asked_for_as_they_are_shown(spread):
    record = {"config": {"policy": {"preference_spread": spread}}}
    for end in ends(Objective(), spread):
        asked = {name: getattr(end, name) for name in PREFERENCE}
        shown = {name: float(f"{weight:.4g}") for name, weight in asked.items()}
        assert preferring(Objective(), asked, record) == end
        assert preferring(Objective(), shown, record) == Objective(**shown)


@pytest.mark.parametrize("record", [RECORD, {}], ids=["varied", "fixed"])
def test_where_it_is_judged_it_is_told_the_weights_if_its_training_varied_them(record, tmp_path, monkeypatch):
    monkeypatch.setattr("maitred.training.job.write_report", lambda *args, **named: None)
    frozen = freeze(small_center(), tmp_path / "set", episodes=2, seed=9, purpose="tests", name="small")
    objective = Objective(csat=16.0)
    expected = {tuple((objective if record else Objective()).preference.tolist())}
    evaluated, gated = Turncoat(), Turncoat()
    evaluation = judge([evaluated], frozen, objective, tmp_path / "out", curve=None, provenance=record)
    assert evaluated.told == expected
    assert "unexported:turncoat" in evaluation.policy_ids
    replay(frozen, frozen.traces(), Contender(gated, "x", 1, training=record), objective)
    assert gated.told == expected


def test_a_bundle_is_judged_under_the_weights_asked_for(tmp_path, monkeypatch):
    seen = []

    def judge(policies, frozen, objective, folder, **rest):
        seen.append(objective)
        raise StopIteration

    freeze(small_center(), tmp_path / "set", episodes=2, seed=9, purpose="tests", name="small")
    card = ModelCard(
        name="many", version="1", training=RECORD, objective=asdict(Objective(cost=2.0)), governance_sha256="none"
    )
    decisions = rehearse(small_center(), RULES["random"], np.random.SeedSequence(1), 100).decisions
    export_bundle(CandidateNetwork(), tmp_path / "bundle", card=card, parity_decisions=decisions)
    monkeypatch.setattr("maitred.training.job.judge", judge)
    with pytest.raises(StopIteration):
        policies.evaluate(str(tmp_path / "bundle"), str(tmp_path / "set"), csat=16.0)
    assert seen == [Objective(cost=2.0, csat=16.0)]
    with pytest.raises(PreferenceError, match="csat: expected 2 to 32"):
        policies.evaluate(str(tmp_path / "bundle"), str(tmp_path / "set"), csat=40.0)


def test_what_a_policy_of_many_preferences_does_under_any_of_them_is_familiar_to_it(monkeypatch):
    monkeypatch.setattr("maitred.training.drift.familiarity.DAYS", 5)
    center, seed = resized(load_scenario("w8_bots"), 0.2, 1.0), np.random.SeedSequence(3)
    rules = tuple(rule(name) for name in ("bot_first+cmu", "bot_first(contained_at_least=2)+cmu"))
    either = ByPreference(rules, np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.array([12.0, 0.0]))
    one, many = seen_in([center], either, seed), seen_in([center], either, seed, Objective(), 4.0)
    for csat in (2.0, 32.0):  # with bots first, and without
        told = np.tile(Objective(csat=csat).preference, (3, 1))
        met = encounters(center, either, np.random.SeedSequence(8), 3, preference=told)
        assert many.strange(met).mean() < 0.05
    assert one.strange(met).mean() > 0.3


def test_one_policy_is_trained_for_many_preferences(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_scenario(small_center(), "small.yaml")
    budget = {"steps": 4096, "minutes": None, "n_envs": 16, "n_steps": 128, "batch_size": 1024}
    policy = PPOConfig(
        **budget, teacher="fastest | random", imitated=4000, imitation_epochs=2, preference_spread=3.0, sizes=(1.0, 2.0)
    )
    evaluation = EvaluationConfig(validation_episodes=8)
    result = train(TrainConfig(seed=5, scenario_file="small.yaml", policy=policy, evaluation=evaluation))
    normaliser = result.learned.policy.network.context_normaliser
    scale = normaliser.log[PREFERRED] + normaliser.linear[PREFERRED]
    assert (scale != 1).all()  # that of what never varied
