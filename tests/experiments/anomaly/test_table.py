"""What the table makes of days: rates with intervals, delays, and shares of what was found."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.anomaly import table
from experiments.anomaly.days import FACTOR, LEAST_PER_MIN, OUTAGE_S, Planted, center, ordinary_day, outage_day
from experiments.anomaly.table import figures
from maitred.envs.scenario_file import load_scenario, save_scenario
from maitred.training.drift.contacts import Contacts

CENTER = center("omni", 10.0)
CALM = {"alarms": 0, "auc": 0.5, "z_sd": 1.0}
FOUND = {
    "delay_s": 60.0, "delay_words_s": 60.0, "delay_volume_s": 60.0, "auc": 0.7, "words": 4, "affected": 90.0,
    "truly": 100.0, "past": 0.3, "calm": 0.01,
}  # fmt: skip


def test_an_outage_multiplies_a_busy_intent_for_an_hour() -> None:
    usual_days = [ordinary_day(CENTER, seed) for seed in np.random.SeedSequence(1).spawn(8)]
    for seed in np.random.SeedSequence(0).spawn(4):
        day, planted = outage_day(CENTER, seed)
        usual = np.mean([hour(each, planted) for each in usual_days], axis=0)
        ratio, busyness = hour(day, planted) / usual
        assert usual[0] / 60 > 0.8 * LEAST_PER_MIN
        assert ratio / busyness == pytest.approx(FACTOR, rel=0.15)


def hour(day: Contacts, planted: Planted) -> np.ndarray:
    """Contacts of the outage's intent, and of the others, at its time of day."""
    inside = day.between(planted.start_s, planted.start_s + OUTAGE_S).intent == planted.intent
    return np.array([inside.sum(), (~inside).sum()], float)


def test_figures_add_up() -> None:
    found = {**FOUND, "delay_words_s": None}
    missed = {**found, "delay_s": None, "words": 0, "past": 0.0, "calm": 0.5}
    values = {f.name: f.value for f in figures([CALM, {**CALM, "alarms": 1}], [found, missed], 0.05)}
    assert values["false alarms, measured"] == 0.5
    assert values["false alarms, to (95 %, exact Poisson)"] == pytest.approx(5.5716 / 2, rel=1e-4)  # Garwood 1936
    assert values["found within 300 s"] == 0.5 and values["found within 300 s by words alone"] == 0
    assert values["delay, longest"] == np.inf and values["affected, over the truth, median"] == 0.9
    assert values["past outage of the same kind found"] == values["ordinary past day taken for one"] == 0.5


def test_finished_days_are_taken_again_unless_the_center_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    monkeypatch.setattr(table, "HISTORY_DAYS", 1)
    monkeypatch.setattr(table, "_ordinary", lambda scenario, history, options, day: made.append(day) or CALM)
    monkeypatch.setattr(table, "_outage", lambda *_: FOUND)
    center = load_scenario("omni")
    for minutes, days in ((60, [0, 1]), (60, []), (50, [0, 1])):
        made.clear()
        arrivals = replace(center.arrivals, rate_per_h=center.arrivals.rate_per_h * minutes / 60)
        save_scenario(replace(center, arrivals=arrivals), tmp_path / "center.yaml")
        arguments = ["--scenario", str(tmp_path / "center.yaml"), "--days", "2", "--out", str(tmp_path / "days")]
        assert table.main(arguments) == 0 and made == days


@pytest.mark.slow
def test_a_day_with_an_outage_is_told_from_one_without(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    arguments = ["--days", "1", "--scale", "5", "--out", str(tmp_path / "days"), "--json", str(out)]
    assert table.main(arguments) == 0
    values = {figure["name"]: figure["value"] for figure in json.loads(out.read_text())}
    assert values["false alarms, measured"] == 0 and values["found within 300 s"] == 1
    assert values["days with a planted word among the top 8"] == values["past outage of the same kind found"] == 1
    assert values["ordinary past day taken for one"] == 0
