"""Gradient-boosted regression trees on binned features: a reward model that finds its own interactions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.training.ope.logged import Floats, Integers
from maitred.training.ope.reward_model import Features, Fit, Predict

BINS = 32
_LEAST_GAIN = 1e-12

Bins = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Tree:
    """A full binary tree, its nodes numbered level by level: node i has the children 2i + 1 and 2i + 2.

    Attributes:
        feature: (2^depth - 1,) int64, that each inner node asks for.
        above: (2^depth - 1,) int64, the bin above which a row goes to the right; `BINS` where all go to the left.
        value: (2^depth,) float64, what each leaf adds.
    """

    feature: Integers
    above: Integers
    value: Floats

    def leaf(self, bins: Bins) -> Integers:
        """(m,) the leaf of each of (m, F) binned rows, from 0."""
        node, rows = np.zeros(len(bins), np.int64), np.arange(len(bins))
        while node.size and node[0] < len(self.feature):
            node = 2 * node + 1 + (bins[rows, self.feature[node]] > self.above[node])
        return node - len(self.feature)


def boosted_trees(count: int = 100, depth: int = 3, rate: float = 0.1, penalty: float = 20.0) -> Fit:
    """Squared loss, one tree after the other on what is left. Friedman 2001, "Greedy function approximation".

    Splits are at quantiles (Ke et al. 2017, "LightGBM", histograms) and leaves shrunk towards 0 by `penalty`
    decisions (Chen and Guestrin 2016, "XGBoost", eq. 5).

    Args:
        count: number of trees.
        depth: of each tree, in questions.
        rate: share of each tree's answer that is added.
        penalty: decisions of no effect that each leaf is averaged with, more than 0.
    """

    def fit(x: Features, y: Floats) -> Predict:
        edges = _edges(x)
        bins = _binned(x, edges)
        level, trees = float(y.mean()), []
        left = y - level
        for _ in range(count):
            tree, leaf = _grown(bins, left, depth, rate, penalty)
            left = left - tree.value[leaf]
            trees.append(tree)

        def predict(features: Features) -> Floats:
            rows = _binned(features.reshape(-1, features.shape[-1]), edges)
            total = np.full(len(rows), level)
            for tree in trees:
                total += tree.value[tree.leaf(rows)]
            return total.reshape(features.shape[:-1])

        return predict

    return fit


def _edges(x: Features) -> Floats:
    """(BINS - 1, F) quantiles between the bins."""
    return np.asarray(np.quantile(x, np.arange(1, BINS) / BINS, axis=0), np.float64)


def _binned(x: Features, edges: Floats) -> Bins:
    """(m, F) uint8, number of edges below each value."""
    bins = np.empty(x.shape, np.uint8)
    for f in range(x.shape[1]):
        bins[:, f] = np.searchsorted(edges[:, f], x[:, f])
    return bins


def _grown(bins: Bins, left: Floats, depth: int, rate: float, penalty: float) -> tuple[Tree, Integers]:
    """A tree on what is left, and the leaf of every row."""
    inner, node = 2**depth - 1, np.zeros(len(bins), np.int64)
    feature, above = np.zeros(inner, np.int64), np.full(inner, BINS, np.int64)
    rows = np.arange(len(bins))
    for level in range(depth):
        first, width = 2**level - 1, 2**level
        nodes = slice(first, first + width)
        feature[nodes], above[nodes] = _splits(bins, left, node - first, width, penalty)
        node = 2 * node + 1 + (bins[rows, feature[node]] > above[node])
    leaf = node - inner
    total, seen = np.bincount(leaf, left, inner + 1), np.bincount(leaf, minlength=inner + 1)
    return Tree(feature, above, rate * total / (seen + penalty)), leaf


def _splits(bins: Bins, left: Floats, node: Integers, width: int, penalty: float) -> tuple[Integers, Integers]:
    """The best feature and bin of every node of one level; bin `BINS` where no split gains."""
    best = np.full(width, _LEAST_GAIN)
    feature, above = np.zeros(width, np.int64), np.full(width, BINS, np.int64)
    for f in range(bins.shape[1]):
        place = node * BINS + bins[:, f]
        total = np.bincount(place, left, width * BINS).reshape(width, BINS).cumsum(axis=1)
        seen = np.bincount(place, minlength=width * BINS).reshape(width, BINS).cumsum(axis=1)
        right, unseen = total[:, -1:] - total, seen[:, -1:] - seen
        gain = total**2 / (seen + penalty) + right**2 / (unseen + penalty) - _whole(total, seen, penalty)
        bin_, better = gain.argmax(axis=1), gain.max(axis=1) > best
        best = np.maximum(best, gain.max(axis=1))
        feature[better], above[better] = f, bin_[better]
    return feature, above


def _whole(total: Floats, seen: NDArray[np.integer], penalty: float) -> Floats:
    """(width, 1) what each node is worth unsplit."""
    return np.asarray(total[:, -1:] ** 2 / (seen[:, -1:] + penalty))
