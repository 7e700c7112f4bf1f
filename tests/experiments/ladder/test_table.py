"""The ladder on a scenario without decisions, with made-up judgements, and resumed."""

import numpy as np
import pytest

from experiments.judging import FROZEN_SEED, Judged, difference, frozen_days, per_case, word
from experiments.ladder.picture import draw_ladder
from experiments.ladder.rungs import RUNGS, Study, climb
from experiments.ladder.table import _step, figures, gains
from maitred.configs.schema import PPOConfig
from maitred.envs.scenario_file import load_scenario
from maitred.training.frozen import freeze
from maitred.training.validation import Difference

CASES = np.array([100.0, 200.0, 150.0])


def judged(*per_case: float) -> list[Judged]:
    rewards = (np.stack([value * CASES + [1, 0, -1], CASES], axis=1) for value in per_case)
    return [Judged("x", {"reward": each}, 1.0) for each in rewards]


RUNGS_MADE = {rung: judged(float(i)) for i, rung in enumerate(RUNGS)} | {"PPO": judged(4.5, 5.5)}


def test_learners_are_the_mean_over_their_seeds():
    assert per_case(RUNGS_MADE["PPO"]) == pytest.approx(5)
    found = difference(RUNGS_MADE["PPO"], RUNGS_MADE["best rule"])
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))
    assert gains(RUNGS_MADE)["ACD"].value == pytest.approx(1)


def test_a_step_of_the_ladder_is_doubted_where_its_interval_is_not_clear_of_zero():
    assert _step(RUNGS_MADE, "FIFO", "ACD") == "+1.000"
    unsure = {"FIFO": judged(1.0), "ACD": judged(np.array([3.0, -1.0, 1.5]))}
    assert _step(unsure, "FIFO", "ACD").endswith("?")


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.1, 0.2, "better"), (-0.2, -0.1, "worse"), (-0.1, 0.1, "no difference shown")]
)
def test_a_verdict_needs_an_interval_clear_of_zero(low, high, said):
    assert word(Difference((low + high) / 2, low, high)) == said


def test_every_rung_is_reported_and_drawn(tmp_path):
    names = [figure.name for figure in figures({"here": RUNGS_MADE})]
    assert {f"here: {rung}" for rung in RUNGS} <= set(names)
    draw_ladder({"here": gains(RUNGS_MADE), "there": gains(RUNGS_MADE)}, tmp_path / "ladder.png")
    assert (tmp_path / "ladder.png").read_bytes().startswith(b"\x89PNG")


def test_where_nothing_is_decided_there_is_no_ladder(tmp_path):
    study = Study(out=tmp_path, seeds=(1,), episodes=2, budget=12, bandit_episodes=1, ppo=PPOConfig(minutes=0.1))
    assert climb("level0", study) == {}


def test_the_days_judged_on_are_a_frozen_sets(tmp_path):
    scenario = load_scenario("level0")
    frozen = freeze(scenario, tmp_path / "set", episodes=2, seed=FROZEN_SEED, purpose="a test", name="set")
    assert [t.key.tolist() for t in frozen.traces()] == [t.key.tolist() for t in frozen_days(scenario, 2)]
