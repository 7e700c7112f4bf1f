"""The value of learning: who is chosen, and what a week comes to."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.learning_value.rules import LeastWork, NovicesFirst, handle_factor, settled, to_learn
from experiments.learning_value.table import main, ramp_weeks
from experiments.learning_value.weeks import MEASURES, OBJECTIVE, play
from maitred.agents.rules import RULES
from maitred.envs.blocks import People
from maitred.envs.decision import Action, Kind
from maitred.envs.kernel.layout import Term
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import simulate
from maitred.envs.traffic import draw_trace
from tests.agents.made import one

A, HOLD = Action.ASSIGN, Action.HOLD
LEARNING = People(learn_ratio=1.7, contacts_per_wk=150)
NAMES = list(MEASURES)


@pytest.fixture(scope="module")
def center():
    """Two weeks of new hires, and an episode of them."""
    scenario = replace(load_scenario("w7_new_hires"), days=14)
    return scenario, [draw_trace(scenario, np.random.SeedSequence(3))]


@pytest.fixture(scope="module")
def weeks(center):
    """What the platform and the myopic rule make of it."""
    scenario, traces = center
    return {
        "incumbent": play(scenario, traces, RULES["incumbent"]),
        "myopic": play(settled(scenario), traces, LeastWork(scenario.people, 0)),
    }


def choice(rule, experience_wk, handle_s, kind=Kind.ROUTE):
    columns = {"tenure_wk": [*experience_wk, 0], "handle_s": [*handle_s, 0]}
    return int(rule.act(one(kind, (*[A] * len(handle_s), HOLD), **columns)).candidate[0])


def test_a_novice_is_slower_by_the_learning_curve_and_the_copilot_helps():
    weeks = np.array([0.0, 5.0, 1e4])
    np.testing.assert_allclose(handle_factor(LEARNING, weeks), [1.7, 1.35, 1])
    followed_by_all = replace(LEARNING, copilot_novice=0.3)
    np.testing.assert_allclose(handle_factor(followed_by_all, weeks), [1.7 / 1.3, 1.35 / 1.15, 1])
    followed_by_some = replace(followed_by_all, copilot_adherence=0.5)
    np.testing.assert_allclose(handle_factor(followed_by_some, weeks)[0], 1.7 * (0.5 + 0.5 / 1.6))


def test_estimates_of_settled_agents_leave_out_what_is_still_to_learn(center):
    scenario, _ = center
    now = 1 + to_learn(scenario.people, scenario.agents.tenure_wk)
    np.testing.assert_allclose(settled(scenario).agents.mean_s * now[:, None], scenario.agents.mean_s)


def test_the_myopic_rule_takes_who_is_quickest_now():
    rule = LeastWork(LEARNING, 0)
    assert choice(rule, experience_wk=(100, 0), handle_s=(300, 200)) == 0  # 300 s against 340
    assert choice(rule, experience_wk=(100, 8), handle_s=(300, 200)) == 1  # against 246


def test_who_counts_the_lesson_takes_the_novice_until_there_is_little_to_learn():
    rule = LeastWork(LEARNING, 2000)
    assert choice(rule, experience_wk=(100, 0), handle_s=(300, 200)) == 1
    assert choice(rule, experience_wk=(100, 20), handle_s=(200, 240)) == 0


def test_novices_come_first_only_while_there_is_slack():
    rule = NovicesFirst(LEARNING, 3)
    assert choice(rule, experience_wk=(100, 0), handle_s=(100, 200)) == 0
    assert choice(rule, experience_wk=(100, 0, 100), handle_s=(100, 200, 100)) == 1


def test_a_freed_agent_takes_the_first_in_queue():
    for rule in (LeastWork(LEARNING, 1000), NovicesFirst(LEARNING, 1)):
        assert choice(rule, experience_wk=(0, 0), handle_s=(300, 100), kind=Kind.PULL) == 0


def test_weeks_add_up_to_the_episode(center, weeks):
    scenario, traces = center
    (ledger,) = simulate(scenario, traces, RULES["incumbent"])
    total = weeks["incumbent"][0].sum(axis=0)
    assert total[NAMES.index("cost"), 0] == pytest.approx(ledger.booked[Term.COST], rel=1e-6)
    assert total[NAMES.index("reward"), 0] == pytest.approx(ledger.booked @ OBJECTIVE.weights(), rel=1e-3)
    assert total[NAMES.index("reward"), 1] == (ledger.contacts["attempts"] == 0).sum()


def test_a_weeks_pay_is_booked_in_that_week(weeks):
    cost = weeks["incumbent"][0, :, NAMES.index("cost"), 0]
    assert cost[0] == pytest.approx(cost[1], rel=0.05)


def test_novices_learn_and_the_myopic_rule_gives_them_less_to_do(weeks):
    left = {name: ratios[0, :, NAMES.index("to_learn"), 0] for name, ratios in weeks.items()}
    share = {name: ratios[0, :, NAMES.index("novice_share"), 0].sum() for name, ratios in weeks.items()}
    assert left["incumbent"][1] < left["incumbent"][0]
    assert share["myopic"] < share["incumbent"]
    assert left["myopic"][1] > left["incumbent"][1]


def test_novices_are_ramped_up_in_the_first_week_that_leaves_a_tenth():
    ratios = np.ones((2, 3, len(MEASURES), 2))
    ratios[:, :, NAMES.index("to_learn"), 0] = [0.3, 0.09, 0.05]
    assert ramp_weeks(ratios) == 2
    assert ramp_weeks(ratios[:, :1]) is None


def test_the_command_prints_its_tables_and_leaves_picture_and_figures(tmp_path, capsys):
    (tmp_path / "out").mkdir()
    short = ["--episodes", "2", "--tuning-episodes", "1", "--weeks", "1", "--load", "0.2"]
    assert main([*short, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "lesson counted" in printed and "seed 0; 2 episodes of 1 weeks at load x 0.2" in printed
    assert (tmp_path / "out" / "weeks.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out" / "figures.json").is_file()


def test_settings_out_of_range_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--episodes", "1"])
    assert "at least 2 episodes" in capsys.readouterr().err
