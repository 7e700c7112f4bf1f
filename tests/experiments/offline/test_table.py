"""A short run of the study of offline learners: the behaviour rule beside itself, and what is kept."""

import json

import numpy as np
import pytest

from experiments.offline import center, table
from maitred.agents.rules import rule
from maitred.envs.kpi import REWARD, kpi_ratios
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import simulate
from maitred.envs.traffic import draw_trace
from maitred.training.frozen import FROZEN_BRANCH
from maitred.training.paired import pooled

pytestmark = pytest.mark.slow
ARGUMENTS = ["--logged-days", "6", "--episodes", "4", "--steps", "20"]


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("offline")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "METHODS", {"cloning": table.METHODS["cloning"]})
        patch.setattr(table, "BEHAVIOURS", {"poor": "incumbent"})
        patch.setattr(center, "OWN_DAYS", 2)
        out = folder / "figures.json"
        assert table.main([*ARGUMENTS, "--out", str(folder), "--json", str(out)]) == 0
    return {figure["name"]: figure for figure in json.loads(out.read_text())}


def test_the_truth_of_the_rule_is_what_the_simulator_books_on_the_frozen_days(figures):
    bank = load_scenario("bank")
    keys = (np.random.SeedSequence(center.FROZEN_SEED, spawn_key=(FROZEN_BRANCH, i)) for i in range(4))
    ledgers = simulate(bank, [draw_trace(bank, key) for key in keys], rule("incumbent"))
    reward = float(pooled(kpi_ratios(ledgers, bank, center.OBJECTIVE, (REWARD,))[:, 0]))
    assert figures[f"poor log, {table.RULE}: per case"]["value"] == pytest.approx(reward)


def test_the_rule_does_not_differ_from_itself_and_its_clone_does(figures):
    assert [figures[f"poor log, {table.RULE}: {what}"]["value"] for what in ("over the rule", "low", "high")] == [0] * 3
    assert figures["poor log, cloning: over the rule"]["value"] != 0
    low, high = (figures[f"poor log, cloning: {end}"]["value"] for end in ("low", "high"))
    assert low < figures["poor log, cloning: over the rule"]["value"] < high


def test_six_days_are_too_few_for_an_estimate(figures):
    assert not any(name.endswith("estimated") for name in figures)
