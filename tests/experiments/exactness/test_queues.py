"""The study of classic queues, in short: its worlds come to their exact values, and would not under another rule."""

import json
from dataclasses import replace

import numpy as np
import pytest

from experiments.exactness import queues
from experiments.exactness.queues import (
    by_head_start,
    by_rule,
    compare,
    erlang_queues,
    level0_queue,
    measure,
    shared,
    stations,
    two_stations,
)
from maitred.envs.kernel.layout import LOGGED, Mark
from maitred.envs.simulator import Ledger

LEVEL = 0.999


@pytest.mark.parametrize("queue", erlang_queues(), ids=lambda queue: queue.name)
def test_busy_signals_waiting_and_giving_up(queue):
    for comparison in compare(queue, days=4, episodes=20, seed=1, level=LEVEL):
        assert comparison.inside, comparison.row


def test_callers_of_level0_who_try_again_raise_its_load():
    queue = level0_queue()
    assert queue.exact.blocked_p > replace(queue, retrial_p=0.0).exact.blocked_p > 0.01


@pytest.mark.parametrize("world", [by_head_start(), two_stations()], ids=lambda world: world.name)
def test_classes_and_stations_wait_as_long_as_they_must_and_obey_littles_law(world):
    for comparison in measure(world, days=4, episodes=12, seed=2, level=LEVEL):
        assert comparison.inside, comparison.row


def test_the_priority_rule_is_strict():
    exact_s = by_rule().exact
    first, second = (c for c in measure(by_rule(), 1, 12, seed=3, level=LEVEL) if c.quantity.startswith("wait"))
    assert first.inside and second.inside
    unranked = measure(replace(by_rule(), policy=None), 1, 12, seed=3, level=LEVEL)
    assert not unranked[0].inside
    assert exact_s["wait, 2"] > 2 * exact_s["wait, 1"]


@pytest.mark.parametrize(("phases", "share", "length"), [(20, (1.0,), (1.0,)), (1, (0.9, 0.1), (0.5, 5.5))])
def test_fine_turns_share_an_agent_and_first_come_first_served_does_not(phases, share, length, monkeypatch):
    monkeypatch.setattr(queues, "TURNS", 40)
    world = shared("sharing", phases, share, length)
    sojourn, occupancy = measure(world, days=4, episodes=12, seed=4, level=LEVEL)
    assert sojourn.inside and occupancy.inside
    one_at_a_time = replace(
        world.scenario, concurrency=replace(world.scenario.concurrency, cap_slots=0.1, open_limit=1)
    )
    in_turn = measure(replace(world, scenario=one_at_a_time), days=4, episodes=12, seed=4, level=LEVEL)[0]
    assert not in_turn.inside
    assert (in_turn.interval.estimate > sojourn.exact) == (len(share) > 1)  # more irregular than exponential, or less


def test_visits_to_stations_are_read_off_the_log():
    entries = [
        (10, 0, Mark.ARRIVE, 0), (12, 0, Mark.START_TURN, 5), (15, 1, Mark.ARRIVE, 0), (17, 0, Mark.END_TURN, 0),
        (17, 0, Mark.TRANSFER, 1), (18, 1, Mark.START_TURN, 9), (20, 0, Mark.START_TURN, 6), (26, 0, Mark.END_TURN, 0),
        (26, 0, Mark.CLOSE, 1),
    ]  # fmt: skip
    log = np.zeros(len(entries), LOGGED)
    for i, (s, contact, mark, value) in enumerate(entries):
        log[i]["s"], log[i]["contact"], log[i]["mark"], log[i]["value"] = s, contact, mark, value
    none = np.zeros(0)
    sums = stations(Ledger(none, none, none, none, none, none, none, none, log, 0, 100.0))
    assert sums["wait, 1"] == pytest.approx((2 + 3, 2)) and sums["wait, 2"] == pytest.approx((3, 1))
    assert sums["Little in service, 2"] == pytest.approx((6 / 88, 6 / 88))
    assert sums["Little in service, 1"] == pytest.approx(((5 + 80) / 88, (5 + 82) / 88))


def test_the_study_prints_its_table_and_writes_its_figures(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(queues, "EPISODES", 6)
    monkeypatch.setattr(queues, "worlds", lambda: [two_stations()])
    assert queues.main(["--days", "1", "--json", str(tmp_path / "queues.json")]) == 0
    printed, figures = capsys.readouterr().out, json.loads((tmp_path / "queues.json").read_text())
    assert "front and back office" in printed and "outside" in printed
    assert {f["unit"] for f in figures} >= {"s", "1", "share"}


def test_the_study_fails_where_the_kernel_does_not_come_to_the_exact_values(monkeypatch):
    world = two_stations()
    wrong = replace(world, exact={name: 1.5 * value for name, value in world.exact.items()})
    monkeypatch.setattr(queues, "EPISODES", 6)
    monkeypatch.setattr(queues, "erlang_queues", list)
    monkeypatch.setattr(queues, "worlds", lambda: [wrong])
    assert queues.main(["--days", "1"]) == 1


@pytest.mark.parametrize("days", ["0", "400"])
def test_an_impossible_length_is_refused(days, capsys):
    with pytest.raises(SystemExit):
        queues.main(["--days", days])
    assert "--days" in capsys.readouterr().err
