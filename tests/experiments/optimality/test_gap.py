import json
from dataclasses import replace

import pytest

from experiments.optimality import chain_learning, gap
from experiments.optimality.network import ChatNetwork
from experiments.optimality.network_file import load_network

SMALL = """
description: One queue for two agents of unlike speed.
kind: queue
preemptive: false
classes:
  contacts:
    arrivals_per_min: 1.1
    patience_min: 2
    waiting_cost_per_min: 1
    abandonment_cost: 1
    service_cost_per_min: 0
    queue_limit: 8
groups:
  fast: {agents: 1, services_per_min: {contacts: 2}}
  slow: {agents: 1, services_per_min: {contacts: 0.2}}
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture(autouse=True)
def short(monkeypatch):
    brief = {"imitated": 2_000, "n_envs": 16, "n_steps": 16, "batch_size": 256}
    monkeypatch.setattr(gap, "SETTINGS", replace(gap.SETTINGS, **brief))
    monkeypatch.setattr(chain_learning, "TICKS", 1_000)


def run(small, tmp_path, *more):
    arguments = ["--networks", str(small), "--loads", "0.6", "--seeds", "1", "--steps", "1", "--out", str(tmp_path)]
    return gap.main([*arguments, *more])


def test_any_network_s_file_gets_a_table_a_picture_and_its_figures(small, tmp_path, capsys):
    assert run(small, tmp_path, "--json", str(tmp_path / "gap.json")) == 0
    printed = capsys.readouterr().out
    assert "1 of 1 training runs to do" in printed and "Distance from the optimum" in printed
    figures = {one["name"]: one["value"] for one in json.loads((tmp_path / "gap.json").read_text())}
    gaps = {name: value for name, value in figures.items() if not name.endswith("optimum")}
    assert min(gaps.values()) > -1e-6 and figures["small, load 0.6, optimum"] > 0
    assert (tmp_path / "gaps.png").stat().st_size > 0


def test_a_second_run_finds_its_parts_finished(small, tmp_path, capsys):
    run(small, tmp_path)
    first = capsys.readouterr().out.splitlines()
    run(small, tmp_path)
    second = capsys.readouterr().out.splitlines()
    assert second[0].startswith("budget: 0 of 1 training runs to do")
    assert second[1] == first[1]


def test_the_same_seed_learns_the_same(small, tmp_path):
    for folder in ("one", "other"):
        run(small, tmp_path / folder)
    one, other = (json.loads((tmp_path / f / "small-0.6-ppo-1.json").read_text()) for f in ("one", "other"))
    assert one["content"]["cost_per_min"] == other["content"]["cost_per_min"]


@pytest.mark.parametrize("wrong", [["--seeds", "0"], ["--steps", "0"], ["--loads", "0.7", "-1"]])
def test_numbers_that_make_no_sense_are_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        gap.main(wrong)
    assert f"found {wrong[-1]}" in capsys.readouterr().err


def test_credit_outlasts_the_contacts_of_every_shipped_network():
    for name in gap.NETWORKS:
        network = load_network(name)
        work = (1 / network.services_per_min[network.services_per_min > 0]).max()
        chat = isinstance(network, ChatNetwork)
        thought = max(one.mean_turns * one.think_min for one in network.classes) if chat else 0.0
        assert gap._settings(network, steps=7).credit_min > work + thought
