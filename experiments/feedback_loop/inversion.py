"""Learning from corrections alone: a filter that is re-trained on its mistakes learns the opposite of the truth.

A filter says which contacts a bot can resolve. Where it is wrong a human corrects it, mostly; where it is right
nobody says anything, but for a small random audit. The contacts with a known answer are then those that the filter
gets wrong, and a model learned from them as they come is the filter turned round. Weighted by one over the chance
that the answer came to be known, which depends on whether it was a correction, they stand for all contacts again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from experiments.feedback_loop.world import Floats

FEATURES, CONTACTS, JUDGED = 6, 2500, 8000
CORRECTED, AUDITED = 0.9, 0.05  # chance that the answer comes to be known, where the filter was wrong and right
SHARPNESS = 1.5


class Filter(NamedTuple):
    """(G + 1,) accuracy, the first before any re-training: true, and as the answers that came to be known say."""

    truth: Floats
    own: Floats


def run(seed: int, generations: int, weighted: bool) -> Filter:
    """Filter, correct, re-train on the known answers of the last generation.

    Args:
        seed: of everything random.
        generations: how often it is re-trained.
        weighted: whether by one over the chance that the answer came to be known.
    """
    draw = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(4,)))
    slopes = draw.normal(size=1 + FEATURES) * SHARPNESS

    def contacts(n: int) -> tuple[Floats, Floats]:
        x = np.column_stack([np.ones(n), draw.normal(size=(n, FEATURES))])
        return x, np.where(draw.random(n) < expit(x @ slopes), 1.0, -1.0)

    judged = contacts(JUDGED)
    model = _fit(*contacts(CONTACTS), np.ones(CONTACTS))
    truth, own = [_accuracy(model, *judged)], [np.nan]
    for _ in range(generations):
        x, answer = contacts(CONTACTS)
        chance = np.where(np.sign(x @ model) == answer, AUDITED, CORRECTED)
        known = draw.random(CONTACTS) < chance
        weight = 1 / chance if weighted else np.ones(CONTACTS)
        model = _fit(x[known], answer[known], weight[known])
        truth.append(_accuracy(model, *judged))
        own.append(_accuracy(model, x[known], answer[known]))
    return Filter(np.array(truth), np.array(own))


def _fit(x: Floats, answer: Floats, weight: Floats) -> Floats:
    xw = x * (weight / weight.mean())[:, None]
    return np.asarray(np.linalg.solve(xw.T @ x + np.eye(x.shape[1]), xw.T @ answer))


def _accuracy(model: Floats, x: Floats, answer: Floats) -> float:
    return float((np.sign(x @ model) == answer).mean())
