"""A few generations of each regime, and what the system does with good and bad policies."""

import numpy as np
import pytest

from experiments.feedback_loop import gated, table
from experiments.feedback_loop.gated import System, Trial
from experiments.feedback_loop.generations import begin, naive, replayed
from experiments.feedback_loop.inversion import run
from experiments.feedback_loop.results import Runs, given_up
from experiments.feedback_loop.world import AGENTS, Setting, World, learn

STILL = Setting("still")


@pytest.fixture(scope="module")
def start():
    return begin(5, STILL)


@pytest.fixture(scope="module")
def best():
    """What could be learned from very many random decisions."""
    return learn([World(5, STILL).serve(0, 40_000, [], floor=1.0, again=3)])


def served(system, g):
    batch = system.start.world.serve(g, 2500, system.mix, floor=0.05)
    system.log.append(batch)
    return batch


def test_the_naive_loop_believes_in_itself_and_loses(start):
    left = naive(start, 3)
    assert all(g.own > g.truth + 0.05 for g in left)
    assert left[-1].truth < left[-1].first - 0.02


def test_replay_does_not(start):
    assert all(g.truth > g.first - 0.02 for g in replayed(start, 3))


def test_a_run_repeats_itself(start):
    assert gated.gated(start, 3) == gated.gated(begin(5, STILL), 3)


def test_champion_challenger_and_control_share_the_service(start, best):
    system = System(start, start.first, trial=Trial(1, 0.02, best))
    assert sum(share for _, share in system.mix) == pytest.approx(1.0)
    assert [share for _, share in system.mix] == pytest.approx([0.48, 0.48, 0.04])


def test_a_better_challenger_is_promoted(start, best):
    bad = np.random.default_rng(0).normal(size=(AGENTS, 7))
    system = System(start, bad, trial=Trial(1, 0.02, best))
    served(system, 1)
    assert gated._look(system, start.first, 1) > 0.1
    assert system.champion is best
    assert (system.trial, system.promoted) == (None, [1])


def test_a_worse_one_is_not_and_its_trial_ends(start):
    bad = np.random.default_rng(0).normal(size=(AGENTS, 7))
    system = System(start, start.first, trial=Trial(1, 0.02, bad))
    for g in range(1, 1 + gated.LOOKS):
        served(system, g)
        assert gated._look(system, start.first, g) is None
    assert system.trial is None


def test_a_champion_worse_than_generation_0_is_demoted(start):
    bad = np.random.default_rng(0).normal(size=(AGENTS, 7))
    system = System(start, bad)
    served(system, 1)
    assert gated._watch_champion(system, start.first, 1) > 0.1
    assert system.champion is start.first


def test_the_frozen_set_keeps_a_calamity_off_the_service(start):
    bad = np.random.default_rng(0).normal(size=(AGENTS, 7))
    system = System(start, bad)
    served(system, 1)
    assert not gated._admitted(system, -start.first, bad)


def test_learning_from_corrections_alone_turns_a_filter_round_and_weights_set_it_right():
    naive_filter, weighted = run(1, 6, weighted=False), run(1, 6, weighted=True)
    assert naive_filter.truth[1:].min() < 0.6
    assert weighted.truth[1:].min() > weighted.truth[0] - 0.06


def test_results_count_what_was_worse():
    def runs(truth, shipped):
        zero = {"truth": 0.8, "first": 0.8, "champion": 0.8, "shipped": None, "demoted": None}
        one = {**zero, "truth": truth, "champion": truth, "shipped": shipped}
        other = {**one, "truth": truth + 0.02, "shipped": None}
        return Runs.of("still", "x", [[zero, one], [zero, other]])

    ours, theirs = runs(0.77, -0.01), runs(0.80, 0.02)
    assert (ours.degraded, ours.worse, ours.largest_loss) == ((1, 2), (1, 1), -0.01)
    assert (theirs.worse, theirs.largest_loss) == ((0, 1), 0.0)
    assert ours.mean("truth") == pytest.approx(0.78)
    assert given_up(ours, theirs).estimate == pytest.approx(-0.03)


def test_the_command_prints_its_tables_and_draws(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(table, "PLAN", {table.STILL: table.REGIMES, table.SKILLS: table.REGIMES})
    out, figures = tmp_path / "loop.png", tmp_path / "loop.json"
    arguments = ["--seeds", "2", "--generations", "2", "--parts", str(tmp_path / "parts")]
    table.main([*arguments, "--out", str(out), "--json", str(figures)])
    assert "c gate" in capsys.readouterr().out
    assert out.read_bytes().startswith(b"\x89PNG")
    assert "skills drift, c gate: truth" in figures.read_text()
