"""The world of the feedback loop: what drifts in it, what is logged, and what is true."""

import numpy as np
import pytest

from experiments.feedback_loop.world import AGENTS, Setting, World, greedy, learn, mixed

STILL = World(3, Setting("still"))


def test_every_contact_may_be_taken_by_someone_and_only_by_who_may():
    batch = STILL.serve(1, 400, [], floor=1.0)
    assert batch.contacts.eligible.any(axis=1).all()
    assert batch.contacts.eligible[np.arange(400), batch.chosen].all()
    assert batch.behaviour.sum(axis=1) == pytest.approx(1.0)


def test_a_mix_of_policies_keeps_the_floor():
    contacts = STILL.contacts(1, 300)
    one, other = np.random.default_rng(0).normal(size=(2, AGENTS, 7))
    probability = mixed(contacts, [(one, 0.7), (other, 0.3)], floor=0.1)
    assert probability.sum(axis=1) == pytest.approx(1.0)
    assert (probability[contacts.eligible] > 0).all()
    assert (probability[np.arange(300), greedy(one, contacts)] >= 0.63).all()


def test_skills_come_round_after_twenty_generations():
    world = World(3, Setting("skills", skills=0.75))
    policy = np.ones((AGENTS, 7))
    assert world.truth(policy, 3) == pytest.approx(world.truth(policy, 23))
    assert world.truth(policy, 3) != pytest.approx(world.truth(policy, 13))
    assert STILL.truth(policy, 3) == STILL.truth(policy, 13)


def test_the_mix_of_contacts_swings_about_where_it_began():
    world = World(3, Setting("mix", mix=1.0))
    means = [world.contacts(g, 4000).features[:, 1:].mean(axis=0) for g in (0, 5)]
    assert np.linalg.norm(means[0]) == pytest.approx(0.0, abs=0.1)
    assert np.linalg.norm(means[1]) == pytest.approx(1.0, abs=0.1)


def test_a_survey_reports_some_outcomes_and_the_others_are_left_out():
    batch = World(3, Setting("surveyed", surveyed=0.2)).serve(1, 1000, [], floor=1.0)
    assert len(batch.reported()) == pytest.approx(200, abs=40)


def test_the_learner_is_a_ridge_regression_per_agent():
    batch = STILL.serve(1, 500, [], floor=1.0)
    mine = batch.chosen == 4
    x, y = batch.contacts.features[mine], batch.outcome[mine]
    weights = learn([batch])[4]
    gradient = x.T @ (x @ weights - y) + np.array([0.3, *[3.0] * 6]) * weights
    assert gradient == pytest.approx(np.zeros(7), abs=1e-9)
