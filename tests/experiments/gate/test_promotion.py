"""The promotion study on a few short replications."""

import numpy as np
import pytest
from scipy.stats import binomtest

from experiments.gate import promotion, trials
from experiments.gate.world import build
from experiments.intervals import share_interval


@pytest.fixture(scope="module")
def world():
    return build(0.3)


@pytest.mark.parametrize("difference", [-0.01, 0.0, 0.02])
def test_a_candidate_differs_by_exactly_what_is_asked(world, difference):
    candidate = world.candidate(difference)
    assert world.value(candidate) - world.value(world.champion) == pytest.approx(difference)
    assert candidate.sum(axis=1) == pytest.approx(1.0)


def test_a_difference_out_of_reach_is_refused(world):
    with pytest.raises(ValueError, match=r"difference: expected one that a mixture reaches, found 0\.5"):
        world.candidate(0.5)


def test_the_log_follows_the_champion(world):
    log = world.log(np.random.default_rng(0), 20_000)
    assert log.outcome.mean() == pytest.approx(world.value(world.champion), abs=0.015)


def test_a_much_better_candidate_is_promoted_unless_it_harms_a_guard(world, monkeypatch):
    monkeypatch.setattr(trials, "BATCH", 3000)
    found = trials.guarded(world, np.random.default_rng(1), world.candidate(0.06))
    assert found["none"]
    assert not found["csat x2"]


def test_a_much_worse_one_is_not_even_as_the_best_of_some(world, monkeypatch):
    monkeypatch.setattr(trials, "BATCH", 500)
    candidates = [world.candidate(difference) for difference in (-0.05, -0.06, -0.07)]
    assert not trials.winner(world, np.random.default_rng(2), candidates)


def test_the_command_prints_every_table_and_keeps_its_blocks(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(trials, "BATCH", 100)
    monkeypatch.setattr(promotion, "BLOCK", 2)
    arguments = ["--replications", "2", "--selections", "2", "--out", str(tmp_path), "--json", str(tmp_path / "f.json")]
    promotion.main(arguments)
    first = capsys.readouterr().out
    assert "best of 20" in first
    promotion.main(arguments)
    assert capsys.readouterr().out.split("seed 2")[0] == first.split("seed 2")[0]
    assert len(list(tmp_path.glob("*-0.json"))) == 6


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10)])
def test_shares_have_the_exact_interval(hits, n):
    expected = binomtest(hits, n).proportion_ci(method="exact")
    assert share_interval(hits, n) == pytest.approx((expected.low, expected.high))
