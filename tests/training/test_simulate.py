"""A day to look at: what is recorded, what is drawn, and what is said when there is nothing to see."""

import io
import json
import re

import numpy as np
import pytest
from rich.console import Console

from maitred.agents.rules import RULES
from maitred.cli import main
from maitred.envs.scenario_file import load_scenario
from maitred.training.day_page import PICTURES, write_simulation
from maitred.training.day_record import DayRecord, Instant, trend
from maitred.training.simulate import Simulation, simulate_days


def day(name: str, policy: str, *, terminal: bool = False) -> tuple[Simulation, str]:
    console = Console(file=io.StringIO(), width=100, force_terminal=terminal)
    simulation = simulate_days(load_scenario(name), RULES[policy], None, 0, console)
    return simulation, console.file.getvalue()


@pytest.fixture(scope="module")
def chat() -> tuple[Simulation, str]:
    return day("bpo_chat", "quadrant")


def test_a_day_is_recorded_every_five_minutes(chat):
    record = chat[0].record
    assert len(record.instants) == 24 * 12 and record.hours[-1] == pytest.approx(24 - 1 / 12)
    held = record.stacked("open")
    assert held.shape == (288, len(chat[0].scenario.agents.names)) and np.nanmax(held) > 1
    assert len(record.talks) == sum(len(moment.talks) for moment in record.seen) > 100


def test_moments_long_after_a_decision_are_blank(chat):
    waiting = chat[0].record.stacked("waiting")
    assert np.isnan(waiting[:12]).all()  # nobody is there at midnight
    assert not np.isnan(waiting[12 * 12]).any()


def test_without_a_terminal_progress_is_a_line_every_two_hours(chat):
    assert re.search(r"^12:\d\d:\d\d  \d+ waiting, \d+ agents on duty", chat[1], re.M)
    assert len(chat[1].splitlines()) < 16


def test_on_a_terminal_agents_queues_and_kpis_are_drawn():
    text = day("bpo_chat", "incumbent", terminal=True)[1]
    for word in ("agents on shift", "waiting", "With no agent", "So far", "service level"):
        assert word in text


def test_the_page_holds_every_picture_and_needs_nothing_from_outside(chat, tmp_path):
    page = write_simulation(chat[0], tmp_path / "new").read_text()
    assert page.count("data:image/png;base64,") == len(PICTURES) and "http" not in page.replace("http-equiv", "")
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == sorted(
        ["day.html", "kpis.json", *(f"{picture.name}.png" for picture in PICTURES)]
    )
    content = json.loads((tmp_path / "new" / "kpis.json").read_text())
    assert content["policy"] == "quadrant" and content["kpis"]["occupancy"] == pytest.approx(chat[0].kpis["occupancy"])


def test_a_center_without_decisions_says_so(tmp_path):
    page = write_simulation(day("level0", "fastest")[0], tmp_path)
    assert "No decision was asked for" in page.read_text()


def test_the_trend_is_spearmans():
    product, held = np.array([0.1, 0.4, 0.2, 0.9]), np.array([5.0, 2, 4, 1])
    talks = np.column_stack([np.arange(4), product, np.ones(4), held])
    moment = Instant(np.zeros(1, int), np.zeros(1, int), np.zeros(1, int), np.zeros(1), 0, 0, talks)
    assert trend(DayRecord((moment, None, moment), np.empty((0, 3)))) == pytest.approx(-1)
    assert np.isnan(trend(DayRecord((None,), np.empty((0, 3)))))


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["scenario=nowhere"], "nowhere"),
        (["scenario=bank", "policy=quadrants"], "policy: expected one of random, incumbent"),
        (["scenario=bank", "days=0"], "days"),
    ],
)
def test_a_mistake_is_named(argv, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["simulate", *argv]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line and list(tmp_path.iterdir()) == []


def test_the_command_prints_kpis_and_the_page_and_single_calls_have_no_quadrants(capsys, tmp_path):
    assert main(["simulate", "scenario=bank", "policy=cap2+fastest", f"out={tmp_path / 'x'}"]) == 0
    out = capsys.readouterr().out
    assert "Service level" in out and out.splitlines()[-1] == str(tmp_path / "x" / "day.html")
    assert (tmp_path / "x" / "queues.png").exists() and not (tmp_path / "x" / "quadrants.png").exists()
