"""While routing is learned first, caps are the teacher's, whatever the learner would have set."""

import numpy as np
import pytest

from maitred.agents.candidates import feature
from maitred.agents.rules import rule
from maitred.configs.schema import EvaluationConfig, PPOConfig, TrainConfig
from maitred.envs.decision import Kind
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import load_scenario
from maitred.training.routing_first import FirstPart, RoutingFirst
from maitred.training.train import train
from maitred.training.training_centers import TrainingCenters

STEPS = 400


@pytest.fixture(scope="module")
def settings():
    return {
        "scenario": load_scenario("w3_chat"),
        "num_envs": 8,
        "seed": 1,
        "objective": Objective(),
        "scale": 1.0,
        "episode": 400,
        "siblings": 4,
    }


def is_cap(observed):
    return observed["context"][:, : len(Kind)].argmax(axis=1) == Kind.CONCURRENCY


def anyone(centers, rng):
    legal = centers.action_masks()
    return (rng.random(legal.shape) * legal).argmax(axis=1)


def test_the_caps_that_are_set_are_the_teachers(settings):
    ours = RoutingFirst(teacher=rule("cap2"), kept=lambda taken: True, **settings)
    plain, rng = TrainingCenters(**settings), np.random.default_rng(0)
    told, asked, met = plain.reset(), ours.reset(), 0
    for _ in range(STEPS):
        caps = is_cap(told)
        met += caps.sum()
        np.testing.assert_array_equal(asked["context"], told["context"])
        assert (asked["mask"][caps].sum(axis=1) == 1).all() and asked["mask"][caps, 0].all()
        np.testing.assert_array_equal(ours.action_masks(), asked["mask"] > 0)
        np.testing.assert_array_equal(asked["mask"][~caps], told["mask"][~caps])
        np.testing.assert_array_equal(asked["candidates"][~caps], told["candidates"][~caps])
        chosen = anyone(plain, rng)
        by_rule = rule("cap2").act(plain._episodes.simulator.decisions()).candidate
        told, rewards, dones, _ = plain.step(np.where(caps, by_rule, chosen))
        asked, our_rewards, our_dones, _ = ours.step(np.where(caps, 0, chosen))
        np.testing.assert_array_equal(our_rewards, rewards)
        np.testing.assert_array_equal(our_dones, dones)
    assert met > STEPS


def test_what_is_shown_of_a_cap_is_the_teachers_candidate(settings):
    centers, rng = RoutingFirst(teacher=rule("cap2"), kept=lambda taken: True, **settings), np.random.default_rng(0)
    observed, shown = centers.reset(), []
    for _ in range(STEPS):
        caps = is_cap(observed)
        decisions = centers._episodes.simulator.decisions(caps)
        theirs = rule("cap2").act(decisions).candidate[:, None]
        true = np.take_along_axis(decisions.candidates, theirs[..., None], axis=1)[:, 0]
        np.testing.assert_array_equal(observed["candidates"][caps, 0], true)
        shown += np.take_along_axis(feature(decisions, "cap_set"), theirs, axis=1).ravel().tolist()
        observed, *_ = centers.step(anyone(centers, rng))
    assert set(shown) == {2.0}


def test_after_that_the_learner_sets_them(settings):
    centers, rng = (
        RoutingFirst(teacher=rule("cap2"), kept=lambda taken: taken < 50, **settings),
        np.random.default_rng(0),
    )
    observed, before, after = centers.reset(), [], []
    for step in range(STEPS):
        legal = centers.action_masks()[is_cap(observed)].sum(axis=1).tolist()
        (before if step < 50 else after).extend(legal)
        observed, *_ = centers.step(anyone(centers, rng))
    assert set(before) == {1} and min(after) > 1


def test_siblings_brought_together_are_asked_alike(settings):
    centers, rng = RoutingFirst(teacher=rule("cap2"), kept=lambda taken: True, **settings), np.random.default_rng(0)
    centers.reset()
    met = 0
    for _ in range(STEPS):
        centers.step(anyone(centers, rng))
        observed = centers.gather()
        caps = is_cap(observed)
        met += caps.sum()
        assert all((array == array[centers.eldest]).all() for array in observed.values())
        assert (observed["mask"][caps].sum(axis=1) == 1).all()
        np.testing.assert_array_equal(centers.action_masks(), observed["mask"] > 0)
    assert met


def test_the_share_is_of_what_is_left_when_learning_begins():
    of_decisions = FirstPart(0.5, lambda share: share, step=0.01)
    assert [of_decisions(taken) for taken in (0, 49, 50, 99)] == [True, True, False, False]
    minutes = iter((0.6, 0.79, 0.81, 0.95))  # the first 0.6 went into tuning and imitation
    of_wall_clock = FirstPart(0.5, lambda share: next(minutes), step=0.01)
    assert [of_wall_clock(taken) for taken in range(4)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("caps_from", "sizes", "n_envs", "kept"),
    [(0.5, (1.0,), 8, [64]), (0.0, (1.0,), 8, []), (0.25, (1.0, 1.0), 10, [32, 32])],  # 10: two groups of four
)
def test_ppo_keeps_a_teachers_caps_for_the_share_that_it_is_told(monkeypatch, caps_from, sizes, n_envs, kept):
    begun = []

    class Seen(RoutingFirst):
        def __init__(self, **settings):
            super().__init__(**settings)
            self.answered = []
            begun.append(self)

        def step_wait(self):
            self.answered.append(self.kept(self.taken))
            return super().step_wait()

    monkeypatch.setattr("maitred.training.ppo_training.RoutingFirst", Seen)
    brief = {"steps": 1024, "minutes": None, "n_steps": 64, "batch_size": 64 * n_envs, "imitated": 1000}
    policy = PPOConfig(teacher="cap2", caps_from=caps_from, sizes=sizes, n_envs=n_envs, **brief)
    train(TrainConfig(scenario_file="w3_chat", policy=policy, evaluation=EvaluationConfig(validation_episodes=2)))
    assert [sum(one.answered) for one in begun] == kept
