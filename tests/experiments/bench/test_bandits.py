"""The bandit benchmark counts every wrong choice, and refuses what is no labelled set."""

import sys
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.bench.bandit_learners import LEARNERS, LINEAR, LabelledSet, Score, SetError, load_set, validate
from experiments.bench.bandits import Group, peers, report


def easy(n: int = 600) -> LabelledSet:
    """Three classes that a linear bandit can tell apart."""
    x = np.random.default_rng(0).standard_normal((n, 4))
    return LabelledSet("easy", x, x[:, :3].argmax(axis=1))


@pytest.mark.parametrize("name", LEARNERS)
def test_learners_learn(name: str) -> None:
    torch.set_num_threads(1)
    score = validate(LEARNERS[name], easy(), seed=1)
    assert score.rounds == 600 and 0 < score.error < 0.35


def test_every_round_counts_from_the_first() -> None:
    data, play = easy(), LEARNERS["maitred, LinUCB"]
    wrong = [not right for right in play(data, 0)]
    assert len(wrong) == 600 and validate(play, data, 0).error == pytest.approx(np.mean(wrong))


@pytest.mark.parametrize("name", LINEAR)
def test_a_choice_depends_on_no_later_label(name: str) -> None:
    data = easy()
    changed = LabelledSet("changed", data.x, np.r_[data.y[:100], (data.y[100:] + 1) % 3])
    first, second = (list(islice(LEARNERS[name](one, 0), 100)) for one in (data, changed))
    assert first == second


def test_seed_zero_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    data = easy(50)
    np.savez(tmp_path / "set.npz", X=data.x, y=data.y)
    np.testing.assert_array_equal(load_set(tmp_path / "set.npz", 0, 20).x, data.x[:20])
    shuffled = load_set(tmp_path / "set.npz", 1, 50)
    np.testing.assert_array_equal(shuffled.x, data.x[np.random.default_rng(1).permutation(50)])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.zeros((3, 2))}, "arrays X and y, found X"),
        ({"X": np.zeros((3, 2)), "y": np.zeros(2, int)}, r"y \(n,\), found \(3, 2\) and \(2,\)"),
        ({"X": np.full((3, 2), np.nan), "y": np.zeros(3, int)}, "finite"),
        ({"X": np.zeros((3, 2)), "y": np.ones(3, int)}, "integer classes from 0"),
        ({"X": np.zeros((3, 2)), "y": np.zeros(3)}, "integer classes from 0"),
    ],
)
def test_what_is_no_labelled_set_is_refused(arrays: dict[str, np.ndarray], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises(SetError, match=message):
        load_set(tmp_path / "set.npz", 0, 10)


def test_means_are_over_seeds_then_sets(capsys: pytest.CaptureFixture[str]) -> None:
    group = Group(("a", "b"), (0, 1), 10, linear=20.0)
    errors = (0.1, 0.3, 0.4, 0.4)
    each = {"maitred, LinUCB": [Score(error, 10, 0.1) for error in errors]}
    (figure,) = report("made", group, each, {"a peer": "not installed"})
    assert (figure.value, figure.ratio) == (pytest.approx(30), pytest.approx(1.5))
    assert "not installed" in capsys.readouterr().out


@pytest.mark.skipif(find_spec("vowpalwabbit") is not None, reason="the peer is installed beside the tests")
def test_a_peer_that_is_not_installed_says_so(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", X=easy(20).x, y=easy(20).y)
    found = peers(Path(sys.executable), tmp_path / "set.npz", 20, 0)
    assert "not installed" in str(found["Vowpal Wabbit, SquareCB with elimination"])


def test_peers_that_stop_tell_why(tmp_path: Path) -> None:
    (why,) = peers(Path(sys.executable), tmp_path / "missing.npz", 20, 0).values()
    assert "missing.npz" in str(why)
