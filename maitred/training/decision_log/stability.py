"""Whether the decisions of a log look like those of a reference log, feature by feature."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Kind
from maitred.training.decision_log.read import decisions_of, open_log, read_groups

SAMPLE = 20_000  # rows of each log that are compared
BINS = 10
MOVED = 0.25  # stability index from which on a feature counts as moved, the rule of thumb of its inventors

Floats = NDArray[np.float64]

FEATURES = (*CONTEXT_NAMES[len(Kind) :], *(f"mean {name}" for name in CANDIDATE_NAMES))


class Moved(NamedTuple):
    """How far a feature has moved."""

    feature: str
    distance: float


def moved_features(log: str | Path, reference: str | Path) -> list[Moved]:
    """Population stability index of each feature, the largest first.

    sum over bins of (p - q) log(p / q), the bins being tenths of the reference (Lewis 1994, "An introduction to
    credit scoring"; the symmetrised divergence of Jeffreys 1946). Candidates enter by their mean over the legal ones.

    Raises:
        DecisionLogError: one of them is no decision log.
    """
    now, before = summaries(log), summaries(reference)
    indices = [stability_index(now[:, i], before[:, i]) for i in range(len(FEATURES))]
    return sorted((Moved(f, i) for f, i in zip(FEATURES, indices, strict=True)), key=lambda moved: -moved.distance)


def stability_index(now: Floats, before: Floats) -> float:
    """The index of one feature, (n,) values against (m,) of the reference; 0 where either is empty."""
    if not len(now) or not len(before):
        return 0.0
    edges = np.unique(np.quantile(before, np.arange(1, BINS) / BINS))
    p, q = (
        (np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) + 0.5)
        / (len(values) + 0.5 * (len(edges) + 1))
        for values in (now, before)
    )
    return float(((p - q) * np.log(p / q)).sum())


def summaries(log: str | Path) -> Floats:
    """(at most about SAMPLE, features) the context, and the mean of the legal candidates, of evenly spaced rows."""
    with open_log(log) as file:
        every = max(1, file.metadata.num_rows // SAMPLE)
    found, passed = [np.zeros((0, len(FEATURES)))], 0
    for rows in read_groups(log, ["key", "context", "candidates", "mask"]):
        decisions = decisions_of(rows.take(np.arange(-passed % every, rows.num_rows, every)))
        legal = decisions.mask[:, :, None]
        mean = (decisions.candidates * legal).sum(axis=1) / np.maximum(legal.sum(axis=1), 1)
        found.append(np.concatenate([decisions.context[:, len(Kind) :], mean], axis=1).astype(np.float64))
        passed += rows.num_rows
    return np.concatenate(found)
