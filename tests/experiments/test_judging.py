"""Policies are tuned, trained and judged by the objective of their judge, and what is finished is kept."""

import argparse
from dataclasses import replace

import numpy as np
import pytest

from experiments.judging import Judge, Judged, at_least, budget_of, difference, ppo, ppo_options, word
from maitred.configs.schema import PPOConfig
from maitred.envs.kpi import applicable
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import load_scenario, save_scenario
from maitred.training.gate.settings import GUARDS
from maitred.training.paired import pooled
from maitred.training.validation import Difference
from tests.decisions import sample_decisions
from tests.training.center import small_center

TINY = PPOConfig(
    steps=1024, minutes=None, n_envs=16, n_steps=64, batch_size=1024, width=8, teacher="fastest", imitated=1000
)
CASES = np.array([100.0, 200.0, 150.0])


@pytest.fixture
def judge(tmp_path):
    save_scenario(small_center(), tmp_path / "small.yaml")
    return Judge(load_scenario(tmp_path / "small.yaml"), tmp_path / "small.yaml", tmp_path, episodes=2)


def judged(*per_case):
    rewards = (np.stack([value * CASES + [1, 0, -1], CASES], axis=1) for value in per_case)
    return [Judged("x", {"reward": each}, 1.0) for each in rewards]


def test_a_trained_policy_is_kept_and_tried_in_several_places(judge, monkeypatch):
    trained = judge.trained(TINY, seed=1, label="tiny")
    here = judge.kept("tiny-1", trained)
    monkeypatch.setattr("experiments.judging.train", None)  # nothing is trained again
    again = judge.trained(TINY, seed=1, label="tiny")
    assert again.settings == trained.settings
    busy = small_center(1.2)
    there = replace(judge, center=replace(busy, name="busy")).kept("tiny-1", again)
    assert there.rewards.shape == here.rewards.shape and (there.rewards != here.rewards).any()
    np.testing.assert_array_equal(judge.kept("other", again).rewards, here.rewards)


def test_a_policy_of_another_center_never_takes_its_place_in_the_same_folder(judge, tmp_path):
    other = replace(small_center(1.2), name="busy")
    save_scenario(other, tmp_path / "busy.yaml")
    decisions = sample_decisions(200, 6, seed=1)
    first = judge.trained(TINY, seed=1, label="tiny").policy.act(decisions).candidate
    elsewhere = replace(judge, center=other, file=tmp_path / "busy.yaml").trained(TINY, seed=1, label="tiny")
    again = judge.trained(TINY, seed=1, label="tiny").policy.act(decisions).candidate
    assert (elsewhere.policy.act(decisions).candidate != first).any()
    np.testing.assert_array_equal(again, first)


def test_every_guard_of_the_gate_that_applies_is_kept(judge):
    of_the_gate = {kpi.name for kpi in applicable(judge.center) if kpi.name in GUARDS}
    assert "repeat_rate" in of_the_gate and of_the_gate <= set(judge.rule("fastest").kpis)  # which is no headline


@pytest.mark.parametrize("text", ["1", "-3", "2.5", "two", ""])
def test_too_few_days_are_refused_by_what_was_expected(text):
    with pytest.raises(argparse.ArgumentTypeError, match="at least 2, found"):
        at_least(2)(text)
    assert at_least(2)("2") == 2


def test_a_rule_is_judged_by_what_the_judge_values(judge):
    plain = judge.rule("fastest")
    cheap = replace(judge, objective=Objective(csat=0.0), out=judge.out / "cheap").rule("fastest")
    satisfaction = pooled(plain.rewards) - pooled(cheap.rewards)
    assert 0.3 * Objective().csat < satisfaction < Objective().csat
    assert pooled(plain.kpis["aht_s"]) == pooled(cheap.kpis["aht_s"])


def test_rules_are_tuned_to_the_objective(judge):
    dear = replace(judge, objective=Objective(csat=0.0, abandonment=0.0, focus_per_min=100.0), out=judge.out / "dear")
    assert judge.tuned(12)["on_training_episodes"] != dear.tuned(12)["on_training_episodes"]


def test_learners_are_compared_as_the_mean_over_their_seeds():
    found = difference(judged(4.5, 5.5), judged(3.0))
    assert (found.value, found.low, found.high) == pytest.approx((2, 2, 2))


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.1, 0.2, "better"), (-0.2, -0.1, "worse"), (-0.1, 0.1, "no difference shown")]
)
def test_a_verdict_needs_an_interval_clear_of_zero(low, high, said):
    assert word(Difference((low + high) / 2, low, high)) == said


@pytest.mark.parametrize(
    ("asked", "budget"),
    [
        ([], "10 min"),
        (["--minutes", "0.5"], "0.5 min"),
        (["--steps", "2000000"], "2,000,000 decisions"),
    ],
)
def test_a_run_of_ppo_may_spend_minutes_or_decisions(asked, budget):
    parser = argparse.ArgumentParser()
    ppo_options(parser)
    assert budget_of(ppo(parser.parse_args(asked))) == budget


def test_minutes_and_decisions_are_not_both_given(capsys):
    parser = argparse.ArgumentParser()
    ppo_options(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--minutes", "1", "--steps", "9"])
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "soon"])
def test_minutes_must_be_a_number_above_0(capsys, minutes):
    parser = argparse.ArgumentParser()
    ppo_options(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([f"--minutes={minutes}"])
    assert f"expected a number above 0, found {minutes}" in capsys.readouterr().err
