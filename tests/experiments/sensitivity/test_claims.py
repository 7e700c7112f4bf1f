"""Claims judged in made-up cells, and the study run on a small center."""

import json

import numpy as np
import pytest

from experiments.judging import Judged
from experiments.sensitivity.claims import BEST, CLAIMS, FIFO, FIXED, INNER, OUTER, PPO, WEIGHTED, shares, verdict
from experiments.sensitivity.contest import Study, caps, frozen_cells
from experiments.sensitivity.table import _mark, _tested, figures, main
from maitred.configs.schema import PPOConfig
from maitred.envs.scenario_file import load_scenario
from maitred.training.validation import Difference

CASES = np.array([100.0, 200.0, 150.0])
BEATS_FIFO = next(claim for claim in CLAIMS if (claim.better, claim.worse) == (BEST, FIFO))


def judged(*per_case):
    ratios = (np.stack([value * CASES + [1, 0, -1], CASES], axis=1) for value in per_case)
    return [Judged("x", {"reward": each}, 1.0) for each in ratios]


def test_a_claim_holds_where_its_interval_is_clear_of_zero():
    said = [verdict(Difference(0, low, high)) for low, high in ((0.1, 0.2), (-0.1, 0.2), (-0.2, -0.1), (0, 0))]
    assert said == ["holds", "undecided", "opposite", "undecided"]
    found = [Difference(1, 0.5, 1.5)] * 3 + [Difference(-1, -1.5, -0.5)]
    assert shares(found) == {"holds": 0.75, "undecided": 0, "opposite": 0.25}


def test_learners_are_the_mean_over_their_seeds_and_claims_need_both_contestants():
    claim = next(claim for claim in CLAIMS if (claim.better, claim.worse) == (PPO, BEST))
    found = claim.difference({PPO: judged(1.0, 3.0), BEST: judged(1.5)})
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))
    assert claim.difference({BEST: judged(1.5)}) is None


def test_shares_and_every_cell_are_reported():
    grid = {"base": {BEST: judged(2.0), FIFO: judged(1.0)}, "elsewhere": {BEST: judged(0.0), FIFO: judged(1.0)}}
    assert list(_tested(grid)) == [BEATS_FIFO]
    told = {figure.name: figure.value for figure in figures("here", grid)}
    assert told["here: The best tuned rule beats FIFO: holds"] == 0.5
    assert told["here: The best tuned rule beats FIFO; elsewhere"] == pytest.approx(-1)
    assert _mark(BEATS_FIFO.difference(grid["elsewhere"])) == "-1.000±0.000"
    assert _mark(Difference(0.1, -0.1, 0.3)) == "+0.100±0.200?"


def test_caps_are_chosen_on_training_episodes(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.sensitivity.contest.CAP_EPISODES", 2)
    study = Study(tmp_path, seeds=(), episodes=2, budget=12, ppo=PPOConfig(minutes=0.1))
    cells = frozen_cells(load_scenario("bpo_chat"), ["switch overhead 0.10"], study)
    assert list(cells) == ["base", "switch overhead 0.10"]
    found = caps(cells["switch overhead 0.10"])
    assert found[INNER] in {"cap2", "cap3", "cap4", "cap5"} and found[OUTER] in {"cap1", "cap6"}
    assert found[FIXED] in (found[INNER], found[OUTER]) and found[WEIGHTED].startswith("weighted_capacity")


def test_the_study_runs_and_goes_on_from_its_parts(tmp_path, capsys, monkeypatch):
    told = ["--scenario", "w5_n", "--cells", "bot session 0.1", "--seeds", "0"]
    told += ["--episodes", "2", "--budget", "12", "--out", str(tmp_path), "--json", str(tmp_path / "figures.json")]
    assert main(told) == 0
    first = capsys.readouterr().out
    assert "Left out, for they change nothing: 1: bot session 0.1" in first
    written = json.loads((tmp_path / "figures.json").read_text())
    monkeypatch.setattr("experiments.judging.best_rule", None)
    assert main(told) == 0
    assert json.loads((tmp_path / "figures.json").read_text()) == written


def test_an_unknown_cell_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--cells", "moon"])
    assert "invalid choice" in capsys.readouterr().err
