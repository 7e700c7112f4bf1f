"""Short runs of the studies of off-policy evaluation: the truths are exact, and what is printed is what was counted."""

import json

import numpy as np
import pytest

from experiments.ope import coverage, dependence, simulator
from experiments.ope.worlds import SETTINGS, world
from maitred.training.ope.estimators import inverse_propensity, self_normalised_doubly_robust
from maitred.training.ope.intervals import normal


def figures_of(study, arguments, tmp_path):
    """The figures of one run, by name."""
    out = tmp_path / "figures.json"
    assert study.main([*arguments, "--out", str(tmp_path / "parts"), "--json", str(out)]) == 0
    return {figure["name"]: figure for figure in json.loads(out.read_text())}


def test_the_truth_of_a_world_is_what_many_decisions_of_the_target_earn():
    truth = world(SETTINGS[0])
    log = truth.draw(200_000, np.random.SeedSequence(0))
    assert self_normalised_doubly_robust(log).mean() == pytest.approx(truth.value, abs=0.008)
    assert dependence.value_over_days(truth, 0.0) == pytest.approx(truth.value, abs=1e-12)


def test_coverage_counts_the_misses_of_the_very_logs_that_its_seed_draws(tmp_path):
    arguments = ["--replications", "30", "--decisions", "500", "--bounds", "IPS normal", "--seed", "7"]
    found = figures_of(coverage, arguments, tmp_path)
    truth = world(SETTINGS[0])
    logs = [truth.draw(500, seed) for seed in np.random.SeedSequence((7, 500)).spawn(30)]
    low = np.array([normal(inverse_propensity(log)).low for log in logs])
    assert found["S1 500: IPS normal, low misses"]["value"] == (low > truth.value).mean()
    assert found["S1 500: IPS normal, low gap"]["value"] == pytest.approx((truth.value - low.clip(0)).mean())


def test_a_second_run_takes_its_finished_cells(tmp_path, capsys, monkeypatch):
    arguments = ["--replications", "3", "--decisions", "500", "--bounds", "IPS normal"]
    first = figures_of(coverage, arguments, tmp_path)
    monkeypatch.setattr(coverage, "_measured", lambda *_: 1 / 0)
    assert figures_of(coverage, arguments, tmp_path) == first


def test_where_days_differ_bounds_of_decisions_miss_more_than_those_of_days(tmp_path):
    arguments = ["--replications", "60", "--days", "20", "--effects", "1.5", "--per-day", "60"]
    found = figures_of(dependence, arguments, tmp_path)

    def missed(kind):
        return sum(found[f"S1, 20 days, effect 1.5: {kind}, {side} misses"]["value"] for side in ("low", "high"))

    assert missed("decisions") > 0.3 > missed("default")


def test_where_the_log_can_tell_of_no_policy_the_row_says_only_that(capsys):
    unknown, known = np.full(3, np.nan), np.arange(3.0)
    silent = simulator.Row(0.7, unknown, unknown, unknown, known, known, 1.0, 1.0, 1.0, 2.0)
    telling = simulator.Row(0.9, known, known - 1, known + 1, known, known, 1.0, 1.0, 1.0, 2.0)
    assert [(figure.name, figure.value) for figure in simulator.figures(silent)] == [("load 0.7: told", 0.0)]
    simulator.print_rows([silent, telling], "here")
    assert "inside" in capsys.readouterr().out


@pytest.mark.slow
def test_the_simulator_study_finds_what_its_rules_really_earn(tmp_path):
    arguments = ["--loads", "0.9", "--logged-days", "20", "--days", "2", "--seed", "2"]
    found = figures_of(simulator, arguments, tmp_path)
    values = {name.partition(": ")[2]: figure["value"] for name, figure in found.items()}
    assert 0 < values["told"] <= 1 and 0 <= values["inside"] <= 1
    assert values["best"] >= 0 and values["lost"] >= 0  # of all policies, and so of none worse than the best
    assert abs(values["bias, own"]) <= values["off, own"]  # a mean is no larger than its root mean square
