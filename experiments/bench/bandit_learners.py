"""This project's bandits on a classification set: progressive validation, one decision at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from maitred.agents.bandits.arm_network import ArmNetwork
from maitred.agents.bandits.inverse_gap import InverseGap
from maitred.agents.bandits.linear import LinearBandit, OnlineBandit, Rule
from maitred.agents.bandits.neural_linear import Fit, NeuralLinear
from maitred.agents.bandits.ridge import Ridge
from maitred.agents.bandits.thompson import Thompson
from maitred.agents.bandits.upper_bound import UpperBound

PENALTY, ALPHA = 3.0, 1.4  # chosen in hindsight, once for all sets, as the peers' settings were
NOISE = 0.5  # first guess of the deviation of a reward that is 0 or 1
FIRST_REFIT, GROWTH = 250, 1.3  # rounds until the network is fitted first, and between fits as a factor

Right = Iterator[bool]


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Contexts x (n, d) float64, standardised, and classes y (n,) int64 from 0."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.int64]

    @property
    def arms(self) -> int:
        """Number of classes."""
        return int(self.y.max()) + 1


@dataclass(frozen=True)
class Score:
    """Share of wrong choices over all rounds, exploration included, and processor seconds."""

    error: float
    rounds: int
    seconds: float


class SetError(ValueError):
    """A file that is no labelled set; the message names what was expected."""


def load_set(path: Path, seed: int, rounds: int) -> LabelledSet:
    """The first rounds of a set in the order of a seed; seed 0 is the file's own order.

    Raises:
        SetError: the file lacks X (n, d) of finite numbers, or y (n,) of classes 0, 1, ...
    """
    with np.load(path, allow_pickle=False) as file:
        missing = {"X", "y"} - set(file.files)
        if missing:
            raise SetError(f"{path}: expected arrays X and y, found {', '.join(file.files)}")
        x, y = np.asarray(file["X"], np.float64), file["y"]
    if x.ndim != 2 or y.shape != x.shape[:1] or not np.isfinite(x).all():
        raise SetError(f"{path}: expected finite X (n, d) and y (n,), found {x.shape} and {y.shape}")
    if y.dtype.kind not in "iu" or y.min() != 0:
        raise SetError(f"{path}: expected y of integer classes from 0, found {y.dtype} from {y.min()}")
    order = np.random.default_rng(seed).permutation(len(y)) if seed else np.arange(len(y))
    return LabelledSet(path.stem, x[order][:rounds], y[order][:rounds].astype(np.int64))


def linear(rule: Rule) -> Callable[[LabelledSet, int], Right]:
    """A bandit with a ridge regression for each class, updated after every decision."""

    def play(data: LabelledSet, seed: int) -> Right:
        x = np.hstack([np.ones((len(data.x), 1)), data.x])
        ridge = Ridge.prior(x.shape[1], data.arms, penalty=PENALTY, noise=NOISE)
        bandit = LinearBandit(ridge, rule).online()
        for i, (candidate, right) in enumerate(rounds(bandit, x[:, None, :], data, _keys(data, seed))):
            bandit.learn(x[i], right, candidate)
            yield right

    return play


def neural(rule: Rule) -> Callable[[LabelledSet, int], Right]:
    """The same on the last layer of a network that is fitted anew from time to time."""

    def play(data: LabelledSet, seed: int) -> Right:
        torch.manual_seed(seed)
        inputs, keys = data.x.astype(np.float32), _keys(data, seed)
        network = ArmNetwork(inputs.shape[1], data.arms)
        bandit = NeuralLinear.prior(network, [inputs], rule, regressions=data.arms, penalty=PENALTY)
        chosen, reward, begin = np.zeros(len(keys), np.int64), np.zeros(len(keys)), 0
        while begin < len(keys):
            end = min(max(begin + FIRST_REFIT, int(begin * GROWTH)), len(keys))
            part = LabelledSet(data.name, data.x[begin:end], data.y[begin:end])
            x, online = bandit.regressors([inputs[begin:end]]), bandit.learner.online()
            for i, (candidate, right) in enumerate(rounds(online, x, part, keys[begin:end])):
                online.learn(x[i, 0], right, candidate)
                chosen[begin + i], reward[begin + i] = candidate, right
                yield right
            past = slice(0, end)
            bandit = bandit.refit(
                [inputs[past]], chosen[past], reward[past], Fit(), regression=chosen[past], penalty=PENALTY
            )
            begin = end

    return play


def rounds(
    bandit: OnlineBandit, x: NDArray[np.float64], data: LabelledSet, keys: NDArray[np.uint64]
) -> Iterator[tuple[int, bool]]:
    """Choices of a bandit on regressors (n, 1, d), and whether each was right; it must learn before the next."""
    legal = np.ones(len(bandit.state.weights), np.bool_)
    for row, label, key in zip(x, data.y, keys, strict=True):
        candidate, _ = bandit.choose(row, legal, key)
        yield candidate, candidate == label


def _keys(data: LabelledSet, seed: int) -> NDArray[np.uint64]:
    return np.random.default_rng(seed).integers(2**64, size=len(data.y), dtype=np.uint64)


LINEAR = {
    "maitred, LinUCB": linear(UpperBound(ALPHA, epsilon=0.0)),
    "maitred, LinTS": linear(Thompson(spread=0.5)),
    "maitred, SquareCB": linear(InverseGap(gamma=10.0)),
}
NEURAL = {
    "maitred, neural LinUCB": neural(UpperBound(ALPHA, epsilon=0.0)),
    "maitred, neural SquareCB": neural(InverseGap(gamma=10.0)),
}
LEARNERS = {**LINEAR, **NEURAL}


def validate(play: Callable[[LabelledSet, int], Right], data: LabelledSet, seed: int) -> Score:
    """Progressive validation of one learner."""
    begin = time.process_time()
    right = sum(play(data, seed))
    return Score(1 - right / len(data.y), len(data.y), time.process_time() - begin)
