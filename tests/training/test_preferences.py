"""Centers whose operators want different things are paid by what each wants."""

import numpy as np
import pytest

from maitred.agents.rules import RULES
from maitred.configs.schema import ConfigError, EvaluationConfig, PPOConfig, TrainConfig
from maitred.envs.decision import PREFERRED, Choices
from maitred.envs.episodes import Episodes
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import load_scenario, save_scenario
from maitred.training import ppo_training
from maitred.training.evaluate import evaluate
from maitred.training.frozen import freeze
from maitred.training.learning import training_traces
from maitred.training.paired import pooled
from maitred.training.played import Played
from maitred.training.preferences import (
    PreferenceError,
    best_by_preference,
    ends,
    judge_of_many,
    preferring,
    spread_objectives,
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
    played = Played(center, training_traces(center, 1, range(2)))
    either = best_by_preference(played, names, Objective(abandonment=1.0))
    some = spread_objectives(Objective(abandonment=1.0), 8.0, 24, np.random.SeedSequence(1))
    earned = np.array([pooled(played.rewards(names, 2, each).swapaxes(0, 1)) for each in some])
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
    judge = judge_of_many(validation, 4.0, np.random.SeedSequence(5))
    some = spread_objectives(Objective(), 4.0, 12, np.random.SeedSequence(5))
    turncoat = Turncoat()
    found = judge(turncoat).value
    assert turncoat.told == {tuple(each.preference.tolist()) for each in some}
    fast, chance = (judge(RULES[name]).value for name in ("fastest", "random"))
    assert chance < found < fast
    assert judge(RULES["incumbent"]).value == 0


@pytest.mark.parametrize(
    ("teacher", "imitated"),
    [("fastest", "fastest"), ("fastest | random", "fastest | random"), ("best", "priority | fastest")],
)
def test_the_teacher_is_one_rule_or_the_best_of_several_for_the_weights(teacher, imitated, monkeypatch):
    def tuned(played, objective, seed):
        best = "fastest" if objective.csat > 8 else "priority"
        return [Tuned("any", RULES[best], Difference(0.0, 0.0, 0.0), ())]

    monkeypatch.setattr(ppo_training, "tune_all", tuned)
    config = PPOConfig(teacher=teacher, preference_spread=3.0)
    assert ppo_training._teacher(config, small_center(), Objective(), 1).name == imitated


def test_several_teachers_need_preferences_that_differ():
    with pytest.raises(ConfigError, match=r"policy\.teacher: expected one rule"):
        PPOConfig(teacher="fastest | random")


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


def test_it_is_told_the_weights_that_it_is_judged_by(tmp_path):
    frozen = freeze(small_center(), tmp_path / "set", episodes=2, seed=9, purpose="tests", name="small")
    turncoat = Turncoat()
    evaluate([turncoat], frozen, Objective(csat=16.0), told=True, progress=False)
    assert turncoat.told == {tuple(Objective(csat=16.0).preference.tolist())}
    turncoat.told.clear()
    evaluate([turncoat], frozen, Objective(csat=16.0), progress=False)
    assert turncoat.told == {tuple(Objective().preference.tolist())}


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
    assert (normaliser.log[PREFERRED].abs() + normaliser.linear[PREFERRED].abs()).min() > 0
