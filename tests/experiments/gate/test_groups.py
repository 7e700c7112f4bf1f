"""The study of groups' margins on a few short days."""

import argparse

import numpy as np
import pytest

from experiments.gate import groups
from maitred.envs.scenario_file import load_scenario

ASKED = {"replications": 20, "seed": 1}


def made(own: float, group: float = 0.0) -> np.ndarray:
    """(60, 8, 2) days of the bank's groups, each contact worth 3 with luck of its own; the first group loses."""
    worth = np.random.default_rng(int(own)).normal(3, 0.02, (60, 8)) - group * (np.arange(8) == 0)
    contacts = np.full((60, 8), 100.0)
    return np.stack([worth * contacts, contacts], axis=-1)


def test_harm_takes_five_points_of_satisfaction_from_one_group():
    whole, draw = made(1), np.random.default_rng(0)
    lost = [(whole - groups._harmed(whole, draw))[:, :, 0].sum(axis=0) for _ in range(20)]
    assert all((one > 0).sum() == 1 for one in lost)
    assert np.mean([one.max() for one in lost]) / whole[:, 0, 1].sum() == pytest.approx(8 * 0.05, rel=0.05)


def test_equals_pass_and_harm_is_found_where_days_are_alike():
    found = groups._shares(load_scenario("bank"), made(1), made(2), 50, argparse.Namespace(**ASKED))
    assert found["equal, held"] == [(0, 20)] * 5
    assert [hits for hits, _ in found["harmful, passed"]][:3] == [0, 0, 0]
    assert [hits for hits, _ in found["harmful, rejected"]][:2] == [20, 20]
    assert found["harmful, passed"][-1][0] > 15  # a margin of .5 tolerates a loss of .4


def test_the_command_prints_a_table_and_keeps_what_was_played(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(groups, "CHUNK", 2)
    monkeypatch.setattr(groups, "CENTERS", {"bank": (4,)})
    arguments = ["--centers", "bank", "--episodes", "6", "--replications", "3", "--out", str(tmp_path)]
    groups.main(arguments)
    first = capsys.readouterr().out
    assert "bank x 4" in first
    groups.main([*arguments, "--json", str(tmp_path / "figures.json")])
    assert capsys.readouterr().out.split("seed 2")[0] == first.split("seed 2")[0]
    assert len(list(tmp_path.glob("bank-*.json"))) == 6
