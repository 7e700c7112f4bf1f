"""What joint learning is held against, and the control in which it can gain nothing."""

import numpy as np
import pytest

from experiments.joint.separate import EPISODES, _without_cap, homogeneous, separate
from experiments.joint.table import Comparison, _guard, _verdict, main
from experiments.judging import Judged
from maitred.agents.rules import rule
from maitred.envs.scenario_file import load_scenario

CASES = np.array([100.0, 200.0, 150.0])


def judged(per_case, aht_s=300.0):
    ratios = {"reward": per_case * CASES + [1, 0, -1], "aht_s": aht_s * CASES}
    return Judged("x", {name: np.stack([sums, CASES], axis=1) for name, sums in ratios.items()}, 1.0)


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("cap4+cmu(level_cost=2)", "cmu(level_cost=2)"),
        ("bot_first+cap4+fastest", "bot_first+fastest"),
        ("weighted_capacity(slots=4,complexity_weight=0.5)+pmu", "pmu"),
        ("cap3", "incumbent"),
        ("cmu", "cmu"),
    ],
)
def test_a_rule_without_its_cap_is_its_routing(name, rest):
    assert _without_cap(name) == rest
    assert rule(rest)


def test_the_best_of_either_kind_of_cap_is_chosen_on_training_episodes(monkeypatch):
    monkeypatch.setattr("experiments.joint.separate.EPISODES", 2)
    found = separate(load_scenario("bpo_chat"), {"fastest": "cap3+fastest"}, seed=1)
    assert found["fixed cap"].startswith("cap") and found["fixed cap"].endswith("+fastest")
    assert found["weighted capacity"].startswith("weighted_capacity")
    assert EPISODES > 2


def test_in_the_control_nobody_differs_from_anybody():
    alike = homogeneous(load_scenario("bpo_chat"))
    assert np.ptp(alike.agents.mean_s) == 0 and np.ptp(alike.agents.resolve_p, axis=0).max() == 0
    assert (np.asarray(alike.dialogue.share).max(axis=-1) == 1).all()


def test_the_verdict_follows_from_the_interval_and_guards_from_theirs():
    better = Comparison("here", "", {"fixed cap": judged(1.0)}, [judged(1.2, aht_s=310.0), judged(1.4, aht_s=310.0)])
    assert better.difference("fixed cap").value == pytest.approx(0.3)
    assert _verdict(better, "fixed cap") == "better"
    assert _guard(better, "aht_s").endswith("worse") and _guard(better, "fcr") == "-"


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ([0.1, 0.2, 0.15], "within 0.5 %"),
        ([9.0, -18.0, 13.5], "not shown within 0.5 %"),
        ([2.0, 4.0, 3.0], "not within 0.5 %"),
    ],
)
def test_the_control_needs_an_interval_that_is_within(extra, said):
    ours = judged(1.0)
    ours.rewards[:, 0] += extra  # money of each day
    control = Comparison("here_alike", "", {"fixed cap": judged(1.0)}, [ours])
    assert _verdict(control, "fixed cap") == said


def test_an_unknown_world_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--worlds", "nowhere"])
    assert "invalid choice" in capsys.readouterr().err
