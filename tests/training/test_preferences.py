"""Centers whose operators want different things are paid by what each wants."""

import numpy as np

from maitred.agents.rules import RULES
from maitred.configs.schema import EvaluationConfig, PPOConfig, TrainConfig
from maitred.envs.decision import PREFERRED
from maitred.envs.episodes import Episodes
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import save_scenario
from maitred.training.preferences import spread_objectives
from maitred.training.rehearsal import EPISODES, rehearse
from maitred.training.train import train
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


def test_one_policy_is_trained_for_many_preferences(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_scenario(small_center(), "small.yaml")
    budget = {"steps": 4096, "minutes": None, "n_envs": 16, "n_steps": 128, "batch_size": 1024}
    policy = PPOConfig(
        **budget, teacher="fastest", imitated=4000, imitation_epochs=2, preference_spread=3.0, sizes=(1.0, 2.0)
    )
    evaluation = EvaluationConfig(validation_episodes=8)
    result = train(TrainConfig(seed=5, scenario_file="small.yaml", policy=policy, evaluation=evaluation))
    normaliser = result.learned.policy.network.context_normaliser
    assert (normaliser.log[PREFERRED].abs() + normaliser.linear[PREFERRED].abs()).min() > 0
