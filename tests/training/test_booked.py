"""What rules booked is simulated once, and is what it would be anywhere."""

import numpy as np
import pytest

from maitred.agents.rules import rule
from maitred.envs.kpi import REWARD, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.simulator import simulate
from maitred.training import booked
from maitred.training.booked import Booked
from maitred.training.learning import training_traces
from tests.training.center import small_center

NAMES = ["fastest", "cmu(level_cost=2)", "random"]


@pytest.fixture
def simulated(monkeypatch):
    """(rules, episodes) of every batch that is simulated."""
    batches = []

    def play(scenario, traces, policies):
        batches.append(([policy.name for policy in policies], len(traces)))
        return real(scenario, traces, policies)

    real = booked.play
    monkeypatch.setattr(booked, "play", play)
    return batches


@pytest.mark.parametrize("objective", [Objective(), Objective(cost=4.0, csat=1.0)], ids=["default", "thrifty"])
def test_rewards_are_those_of_each_rule_alone(objective):
    traces = training_traces(small_center(), 3, range(4))
    found = Booked(small_center(), traces).rewards(NAMES, 4, objective)
    for ours, name in zip(found, NAMES, strict=True):
        ledgers = simulate(small_center(), traces, rule(name))
        np.testing.assert_array_equal(ours, kpi_ratios(ledgers, small_center(), objective, [REWARD])[:, 0])


def test_nothing_is_simulated_twice(simulated):
    episodes = Booked(small_center(), training_traces(small_center(), 3, range(4)))
    few = episodes.rewards(NAMES, 2, Objective())
    some = episodes.rewards([*NAMES[1:], "priority"], 4, Objective())
    np.testing.assert_array_equal(some[:2, :2], few[1:])
    episodes.rewards(NAMES[1:], 3, Objective(csat=0.0))
    assert simulated == [(NAMES, 2), (NAMES[1:], 2), (["priority"], 4)]


def test_a_setting_by_another_name_is_the_same_rule(simulated):
    episodes = Booked(small_center(), training_traces(small_center(), 3, range(2)))
    default = rule("reservation").reserve
    one, other = episodes.rewards(["reservation", f"reservation(reserve={default})"], 2, Objective())
    np.testing.assert_array_equal(one, other)
    assert simulated == [(["reservation"], 2)]


def test_more_episodes_than_there_are_is_refused(simulated):
    episodes = Booked(small_center(), training_traces(small_center(), 3, range(2)))
    with pytest.raises(ValueError, match="episodes: expected at most 2, found 4"):
        episodes.rewards(NAMES, 4, Objective())
    assert simulated == []
