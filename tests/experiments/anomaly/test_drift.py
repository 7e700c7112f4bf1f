"""A short run of the drift study: what was planted is what is found, and waits of a day are never familiar."""

import json

import numpy as np
import pytest

from experiments.anomaly import drift
from maitred.training.drift.monitor import SIGNALS, Cases


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    out = tmp_path_factory.mktemp("drift") / "figures.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drift, "DAYS", 7)
        arguments = ["--streams", "3", "--logged", "64", "--reference", "36", "--watched", "28", "--per-alarm", "20"]
        assert drift.main([*arguments, "--json", str(out)]) == 0
    return {figure["name"]: figure["value"] for figure in json.loads(out.read_text())}


def test_outcomes_that_become_rarer_are_found_by_calibration_and_by_nothing_else(figures):
    assert figures["resolved - 10 points: calibration, alarms"] == 1.0
    assert figures["resolved - 10 points: reward, alarms"] == figures["no drift: reward, alarms"]


def test_what_is_strange_goes_to_the_fallback_and_ordinary_days_do_not(figures):
    assert figures["abstains: waits of a day"] > 0.99
    assert figures["abstains: new days"] < 0.03 < 0.3 < figures["abstains: twice the contacts, forecast"]


def test_a_drifted_day_has_lost_what_was_planted():
    n = 20_000
    day = Cases(np.zeros((n, 1)), np.tile([1.0, 5.0], n // 2), np.zeros(n), np.full(n, 0.8),
                np.arange(n) % 5 > 0, np.zeros(n, int), np.zeros(n, int))  # fmt: skip
    found = drift._drifted(day, {"reward": 0.25, "outcome": 0.10}, np.random.default_rng(0))
    assert day.reward.mean() - found.reward.mean() == pytest.approx(0.25 * 2.0)
    assert day.outcome.mean() - found.outcome.mean() == pytest.approx(0.10, abs=0.01)


def test_alarms_are_counted_with_their_interval_and_the_first_of_any_signal():
    quiet = dict.fromkeys(SIGNALS)
    found = {f.name: f for f in drift._summarised("x", [quiet, {**quiet, "reward": 9}, {**quiet, "features": 4}])}
    assert found["x: anything, alarms"].value == pytest.approx(2 / 3) and found["x: reward, median delay"].value == 9
    assert found["x: calibration, alarms"].unit == "of streams (<= 0.71)"  # 1 - 0.025 ** (1 / 3)
