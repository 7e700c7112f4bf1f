"""Where policies are tried that were trained elsewhere, with rules in their place."""

import numpy as np
import pytest

from experiments.generalise.cases import AS_IS, INCUMBENT, LARGE, LOADS, RANDOMISED, RULE, SIZES, Study, grid, others
from experiments.generalise.picture import draw_gains
from experiments.generalise.table import figures, gains, main
from experiments.judging import Judge, Judged, Kept
from maitred.agents.rules import rule
from maitred.configs.schema import PPOConfig
from maitred.envs.scenario_file import load_scenario, save_scenario
from maitred.training.validation import Difference
from tests.training.center import small_center

CASES = np.array([100.0, 200.0, 150.0])


@pytest.fixture
def study(tmp_path):
    return Study(out=tmp_path, seeds=(1, 2), episodes=3, large_episodes=2, budget=12, ppo=PPOConfig(minutes=1.0))


def judged(*per_case):
    rewards = (np.stack([value * CASES + [1, 0, -1], CASES], axis=1) for value in per_case)
    return [Judged("x", {"reward": each}, 1.0) for each in rewards]


def test_the_grid_holds_every_size_at_every_load(study):
    cases = grid(small_center(), (0.5, 2 * LARGE), (0.8, 1.1), study)
    assert [case.place for case in cases] == [(0.5, 0.8), (0.5, 1.1), (2 * LARGE, 0.8), (2 * LARGE, 1.1)]
    assert [len(case.center.agents.names) for case in cases] == [6, 6, 48, 48]
    assert [case.center.staffing.shift_agents.sum() for case in cases] == [3, 3, 48, 48]
    assert [case.episodes for case in cases] == [3, 3, 2, 2]
    assert cases[1].center.name == "small_agents50_load110"
    assert [case.seen_by for case in cases] == ["", RANDOMISED, "", ""]


def test_other_scenarios_have_equal_short_lists_and_decisions(monkeypatch):
    center = load_scenario("bpo_chat")
    names = ("bpo_chat", "level0", "bank", "w7_new_hires")  # level0 has 2 places
    monkeypatch.setattr("experiments.generalise.cases.simulate", lambda *_: [Ledgers(decisions=1)])
    found = others(center, names, 2)
    assert [(case.center.name, case.center.days, case.place) for case in found] == [
        ("bank", 1, None),
        ("w7_new_hires", 7, None),
    ]
    monkeypatch.setattr("experiments.generalise.cases.simulate", lambda *_: [Ledgers(decisions=0)])
    assert others(center, names, 2) == []


class Ledgers:
    def __init__(self, decisions):
        self.decisions = decisions


def test_the_gain_over_the_rule_is_told_by_place(study):
    rules = {RULE: judged(1.0), INCUMBENT: judged(0.5)}
    found = [
        (case, {AS_IS: judged(1.0 + case.place[0]), RANDOMISED: judged(2.0, 3.0), **rules})
        for case in grid(small_center(), (0.5, 1.0), (1.0,), study)
    ]
    assert {place: one.value for place, one in gains(found, AS_IS).items()} == pytest.approx(
        {(0.5, 1.0): 0.5, (1.0, 1.0): 1.0}
    )
    value = {figure.name: figure.value for figure in figures(found)}
    assert value["small_agents50_load100: randomised less incumbent, low"] == pytest.approx(2.0)


def test_the_picture_has_a_cell_for_every_place(tmp_path):
    places = [(size, load) for size in (1, 2) for load in (1, 2)]
    each = {(size, load): Difference(size - load, size - load - 0.1, size - load + 0.1) for size, load in places}
    draw_gains({"here": each, "there": each}, tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_the_whole_study_trains_twice_and_prints(study, monkeypatch, capsys):
    configs = []

    def trained(judge, ppo, seed, label):
        configs.append(ppo)
        return Kept(rule("cmu"), {"label": label}, {"seconds": 1.0})

    monkeypatch.setattr(Judge, "trained", trained)
    monkeypatch.setattr(Judge, "tuned", lambda judge, budget: {"best": "fastest"})
    save_scenario(small_center(), study.out / "small.yaml")
    told = ["--scenario", str(study.out / "small.yaml"), "--out", str(study.out), "--others", "--seeds", "1"]
    assert main([*told, "--agents", "0.5", "1", "--loads", "1", "--episodes", "2"]) == 0
    assert [(config.sizes, config.loads) for config in configs] == [((1.0,), (1.0,)), (SIZES, LOADS)]
    said = capsys.readouterr().out
    assert "small_agents50_load100" in said and (study.out / "generalise.png").is_file()
