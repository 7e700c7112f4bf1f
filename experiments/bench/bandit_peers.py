"""Peers on one set, in their own environment: `python bandit_peers.py SET ROUNDS SEED`, one JSON line per learner.

Progressive validation: each round the learner chooses a class, is told whether it was right, and learns from that.
Vowpal Wabbit and MABWiser choose by the interfaces they document, one decision at a time. Seconds are processor time of
choosing and learning, for Vowpal Wabbit with the writing of its text format, which is its way in from Python.
"""

import json
import sys
import time

import numpy as np


def vowpal(options):
    """A contextual bandit with action-dependent features: the class, crossed with the context."""

    def play(x, y, seed):
        from vowpalwabbit import Workspace

        arms, rng = int(y.max()) + 1, np.random.default_rng(seed)
        workspace = Workspace(f"--cb_explore_adf {options} -q sa --quiet --random_seed {seed}")
        for row, label in zip(x, y, strict=True):
            shared = "shared |s " + " ".join(f"{i}:{value:.5g}" for i, value in enumerate(row))
            lines = [f"|a {arm}" for arm in range(arms)]
            p = np.maximum(workspace.predict([shared, *lines]), 0)  # elimination leaves some a little below zero
            chosen = int(rng.choice(arms, p=p / p.sum()))
            right = chosen == label
            lines[chosen] = f"0:{float(not right)}:{p[chosen]} {lines[chosen]}"
            workspace.learn([shared, *lines])
            yield right

    return play


def vowpal_supervised(x, y, seed):
    """One against all, told the right class every time: what no bandit is told."""
    from vowpalwabbit import Workspace

    workspace = Workspace(f"--oaa {int(y.max()) + 1} --quiet --random_seed {seed}")
    for row, label in zip(x, y, strict=True):
        text = "|s " + " ".join(f"{i}:{value:.5g}" for i, value in enumerate(row))
        yield workspace.predict(text) == label + 1
        workspace.learn(f"{label + 1} {text}")


def mabwiser(policy, alpha):
    """MABWiser's linear policies, updated after every decision."""

    def play(x, y, seed):
        from mabwiser.mab import MAB, LearningPolicy

        learner = MAB(list(range(int(y.max()) + 1)), getattr(LearningPolicy, policy)(alpha=alpha), seed=seed)
        learner.fit([0], [float(y[0] == 0)], x[:1])  # it predicts nothing before it is fitted
        yield y[0] == 0
        for row, label in zip(x[1:, None], y[1:], strict=True):
            chosen = learner.predict(row)
            yield chosen == label
            learner.partial_fit([chosen], [float(chosen == label)], row)

    return play


LEARNERS = {
    "Vowpal Wabbit, one against all (supervised)": vowpal_supervised,
    "Vowpal Wabbit, SquareCB with elimination": vowpal("--squarecb --elim"),
    "Vowpal Wabbit, online cover": vowpal("--cover 4 --nounif"),
    "MABWiser, LinUCB alpha 0.25": mabwiser("LinUCB", 0.25),
}


def main(path, rounds, seed):
    """Play every learner; one that cannot be imported says so instead."""
    with np.load(path) as file:
        x, y = file["X"].astype(np.float64), file["y"]
    if seed:
        order = np.random.default_rng(seed).permutation(len(y))
        x, y = x[order], y[order]
    x, y = x[:rounds], y[:rounds]
    for name, play in LEARNERS.items():
        begin = time.process_time()
        try:
            right = sum(map(bool, play(x, y, seed)))
        except ImportError as missing:
            print(json.dumps({"learner": name, "failed": f"not installed: {missing}"}), flush=True)
            continue
        seconds = time.process_time() - begin
        print(json.dumps({"learner": name, "error": 1 - right / len(y), "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
