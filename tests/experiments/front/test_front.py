"""The front of a small center, with rules in the place of trained policies, and of made-up judgements."""

import numpy as np
import pytest

from experiments.front.families import (
    CONDITIONED,
    DEFAULT,
    FAMILIES,
    FIXED,
    OWN,
    RULE,
    Study,
    judge_front,
    points,
    preferences,
)
from experiments.front.table import figures, hypervolumes, main
from experiments.judging import Judge, Judged, Kept
from maitred.agents.rules import rule
from maitred.configs.schema import PPOConfig
from maitred.envs.decision import PREFERRED, Choices
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import load_scenario, save_scenario
from maitred.training.paired import pooled
from tests.training.center import small_center

CASES = np.array([100.0, 200.0, 150.0])


class Obedient:
    """Serves the fastest way where satisfaction counts most, and by chance elsewhere."""

    name = "obedient"

    def act(self, decisions):
        kind = decisions.context[:, PREFERRED][:, 2] > 20
        fast, chance = (rule(name).act(decisions).candidate for name in ("fastest", "random"))
        return Choices(np.where(kind, fast, chance), np.ones(len(decisions)))


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Where every conditioned policy is obedient, and every other takes turns."""

    def trained(judge, ppo, seed, label):
        assert ppo.teacher == ("fastest | random" if ppo.preference_spread > 1 else best(judge))
        settings = {"label": label, "seed": seed, "spread": ppo.preference_spread}
        policy = Obedient() if ppo.preference_spread > 1 else rule("least_loaded")
        return Kept(policy, settings, {"seconds": 1.0})

    monkeypatch.setattr(Judge, "trained", trained)

    def best(judge):
        return "random" if judge.objective.csat > 8 else "fastest"

    monkeypatch.setattr(Judge, "tuned", lambda judge, budget: {"best": best(judge), "seconds": 1.0})
    return Study(out=tmp_path, seeds=(1, 2), episodes=2, budget=12, spread=4.0, ppo=PPOConfig(minutes=1.0))


def judged(reward, aht_s, csat, cost):
    per_case = {"reward": reward, "aht_s": aht_s, "csat": csat, "cost_per_contact": cost}
    return Judged("x", {kpi: np.stack([value * CASES, CASES], axis=1) for kpi, value in per_case.items()}, 1.0)


def test_preferences_raise_and_lower_one_weight_each():
    found = preferences(4.0)
    assert len(found) == 7 and found[DEFAULT] == Objective()
    assert found["csat_x4"] == Objective(csat=32.0) and found["cost_x0.25"] == Objective(cost=0.25)


def test_one_policy_answers_to_every_preference_and_the_others_to_none(study):
    save_scenario(small_center(), study.out / "small.yaml")
    center = load_scenario(study.out / "small.yaml")
    chosen = {name: preferences(4.0)[name] for name in (DEFAULT, "csat_x4")}
    front = judge_front(center, study.out / "small.yaml", study, chosen)
    assert [len(front[DEFAULT][family]) for family in FAMILIES] == [2, 2, 2, 1]
    aht = {family: points(front, family)[0, :, 0] for family in FAMILIES}
    assert aht[CONDITIONED][1] < aht[CONDITIONED][0] - 10  # told to, it serves faster
    assert aht[FIXED][0] == aht[FIXED][1]  # only what it is paid for differs
    paid = [pooled(front[name][FIXED][0].rewards) for name in front]
    assert paid[1] > paid[0]


def test_a_family_that_reaches_more_has_the_larger_volume():
    front = {
        name: {
            CONDITIONED: [judged(3.0, aht, csat, 1.0), judged(4.0, aht, csat, 1.0)],
            OWN: [judged(2.0, aht, csat, 1.0)],
            FIXED: [judged(1.0, 200.0, 0.5, 1.0)],
            RULE: [judged(1.0, 300.0, 0.4, 2.0)],
        }
        for name, aht, csat in ((DEFAULT, 200.0, 0.5), ("csat_x4", 250.0, 0.6))
    }
    volumes = hypervolumes(front)
    assert volumes[CONDITIONED] == pytest.approx(volumes[OWN] * 2)
    # in units of the spans: AHT 200 to 300, CSAT 0.6 to 0.4, cost 1 to 2; the second point adds half of 0.6 x 0.5
    assert volumes[FIXED][0] == pytest.approx(1.1 * 0.6 * 1.1 / 1.1**3)
    assert volumes[OWN][0] == pytest.approx((1.1 * 0.6 + 0.6 * 0.5) * 1.1 / 1.1**3)
    assert volumes[RULE][0] == pytest.approx(0.1**3 / 1.1**3)
    value = {figure.name: figure.value for figure in figures(front)}
    assert value["csat_x4: conditioned less one per weight, value"] == pytest.approx(1.5)


def test_the_whole_study_prints_and_draws(study, capsys):
    save_scenario(small_center(), study.out / "small.yaml")
    told = ["--scenario", str(study.out / "small.yaml"), "--out", str(study.out), "--json", str(study.out / "x.json")]
    assert main([*told, "--episodes", "2", "--budget", "12", "--seeds", "1", "--preferences", "csat_x4"]) == 0
    said = capsys.readouterr().out
    assert "conditioned 10 min, one per weight 2 times 10 min" in said and "csat_x4" in said and "cost_x4" not in said
    assert (study.out / "front.png").read_bytes().startswith(b"\x89PNG") and (study.out / "x.json").is_file()


@pytest.mark.parametrize("wrong", [["--spread", "1"], ["--preferences", "csat_x3"]])
def test_preferences_out_of_range_are_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        main(wrong)
    assert "expected" in capsys.readouterr().err
