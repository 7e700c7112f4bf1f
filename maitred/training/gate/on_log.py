"""Evidence of decisions that were really made: candidate less champion on one log, look by look.

A log that is planned to n decisions is looked at k n / K decisions for k = 1 .. K, and what earlier looks saw are the
first rows of what the last one sees; what a reward model says of them it has learned from the rows before. So a look
needs no memory: the same log, grown, gives the same earlier looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from maitred.training.gate.difference import Differences, Estimate, Pair, differences, estimate, joined
from maitred.training.gate.logged_pair import LoggedPair
from maitred.training.gate.settings import Settings
from maitred.training.gate.spending import boundary, late
from maitred.training.ope.estimators import (
    clipped_doubly_robust,
    direct_method,
    doubly_robust,
    self_normalised,
    self_normalised_doubly_robust,
)
from maitred.training.ope.logged import Logged
from maitred.training.ope.reward_model import cross_fitted, folds, ridge

LEAST_EPISODES = 20  # for errors by episode
POWER = 0.8
AGREE = 2.0  # standard errors

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Named:
    """Candidate less champion by one estimator, in money per decision, with its standard error."""

    name: str
    mean: float
    error: float


@dataclass(frozen=True, eq=False)
class Sequential:
    """The paired test at every look so far.

    Attributes:
        rows: (L,) int64, decisions at each planned look.
        bounds: (L,) float64, what z must exceed at each; infinite where nothing is spent.
        found: candidate less champion at each look that was reached.
        asked: what the difference must be shown to exceed, money per decision.
    """

    rows: NDArray[np.int64]
    bounds: Floats
    found: tuple[Estimate, ...]
    asked: float

    @property
    def z(self) -> Floats:
        """(looks so far,) standard errors above what is asked."""
        return np.array([found.z(self.asked) for found in self.found])

    @property
    def proven(self) -> bool:
        """Whether a look was above its boundary."""
        return bool((self.z > self.bounds[: len(self.found)]).any())

    @property
    def contradicted(self) -> bool:
        """Whether a look was as far below what is asked as it had to be above."""
        return bool((self.z < -self.bounds[: len(self.found)]).any())

    @property
    def last(self) -> bool:
        """Whether no look is left."""
        return len(self.found) == len(self.rows)

    def detectable(self) -> float:
        """True difference above what is asked that the last look shows with a chance of 80 %, money per decision."""
        now = self.found[-1]
        error = now.error * float(np.sqrt(now.rows / self.rows[-1]))
        return (float(self.bounds[-1]) + float(norm.ppf(POWER))) * error


def predictions(pair: LoggedPair, outcome: Floats, seed: int) -> Floats:
    """(n, K) float64, an outcome (n,) of every candidate by a ridge that has not seen the decision's day."""
    days = len(np.unique(pair.episode))
    cluster = pair.episode if days > 1 else np.arange(len(pair))
    return cross_fitted(pair.features, pair.chosen, outcome, folds(cluster, seed=seed), ridge())


def terms(pair: LoggedPair, q: Floats) -> Differences:
    """Each decision's doubly robust term, candidate less champion.

    Raises:
        EvidenceError: a policy takes what the log never takes.
    """
    return differences(Pair(pair.chosen, pair.behaviour, pair.candidate, pair.champion), pair.reward, q)


def sequential(pair: LoggedPair, settings: Settings, asked: float) -> Sequential:
    """The paired test at every look that the log reaches; none if it is shorter than the first.

    Raises:
        EvidenceError: a policy takes what the log never takes.
    """
    planned, looks = (settings.planned, settings.log_looks) if settings.planned else (len(pair), 1)
    fractions = np.arange(1, looks + 1) / looks
    rows = np.round(fractions * planned).astype(np.int64)
    reached = [int(n) for n in rows if n <= len(pair)]
    found: list[Differences] = []
    estimates = []
    for before, until in pairwise([0, *reached]):
        found.append(terms(pair.rows_of(before, until), _from_before(pair, before, until, settings.seed)))
        estimates.append(clustered(joined(found), pair.episode[:until]))
    return Sequential(rows, boundary(late, fractions, settings.alpha), tuple(estimates), asked)


def _from_before(pair: LoggedPair, before: int, until: int, seed: int) -> Floats:
    """Predictions for the rows of one look by a model of the rows of all earlier ones; of the first, cross-fitted."""
    now = pair.rows_of(before, until)
    if before == 0:
        return predictions(now, now.reward, seed)
    taken = pair.features[np.arange(before), pair.chosen[:before]]
    predicted = ridge()(taken, pair.reward[:before])(now.features)
    return np.clip(predicted, pair.reward[:before].min(), pair.reward[:before].max())


def clustered(found: Differences, episode: NDArray[np.int64]) -> Estimate:
    """The estimate with an error that allows for decisions of one day to depend on each other.

    What a decision does to the queue reaches the decisions after it; days are independent. The error is the larger of
    that of independent rows and that of sums by day (Liang and Zeger 1986), where there are enough days.
    """
    independent = estimate(found)
    days = len(np.unique(episode))
    if days < LEAST_EPISODES:
        return independent
    by_day = _error_by_day(found.terms, episode, days)
    return Estimate(independent.rows, independent.mean, max(independent.error, by_day))


def by_day(values: Floats, episode: NDArray[np.int64]) -> Floats:
    """(days,) sums of values (n,) by day; the values themselves where there are too few days."""
    days, place = np.unique(episode, return_inverse=True)
    return np.asarray(np.bincount(place, values), np.float64) if len(days) >= LEAST_EPISODES else values


def _error_by_day(values: Floats, episode: NDArray[np.int64], days: int) -> float:
    sums = np.bincount(episode, values - values.mean())
    return float(np.sqrt((sums**2).sum() * days / (days - 1))) / len(values)


def estimates(pair: LoggedPair, q: Floats, clip: float) -> tuple[Named, ...]:
    """Candidate less champion by several estimators, the model's own opinion first."""
    ours, theirs = logged(pair, q)
    by = {
        "direct method": (direct_method(ours), direct_method(theirs)),
        "SNIPS": (self_normalised(ours), self_normalised(theirs)),
        "SNDR": (self_normalised_doubly_robust(ours), self_normalised_doubly_robust(theirs)),
        "DR": (doubly_robust(ours), doubly_robust(theirs)),
        f"DR, weights of at most {clip:g}": (clipped_doubly_robust(ours, clip), clipped_doubly_robust(theirs, clip)),
    }
    days = len(np.unique(pair.episode))
    return tuple(_named(name, one - other, pair.episode, days) for name, (one, other) in by.items())


def logged(pair: LoggedPair, q: Floats) -> tuple[Logged, Logged]:
    """The log as estimators take it, with the candidate and with the champion as the target."""
    known = pair.behaviour if pair.behaviour_known else None
    fitted = pair.estimated > 0
    ours, theirs = (
        Logged(pair.reward, pair.propensity, pair.chosen, target, known, q, fitted)
        for target in (pair.candidate, pair.champion)
    )
    return ours, theirs


def disagreement(found: tuple[Named, ...]) -> float:
    """Largest distance between two estimates, in standard errors of the less sure of the two."""
    distances = [
        abs(one.mean - other.mean) / max(one.error, other.error)
        for i, one in enumerate(found)
        for other in found[:i]
        if max(one.error, other.error) > 0
    ]
    return max(distances, default=0.0)


def _named(name: str, rows: Floats, episode: NDArray[np.int64], days: int) -> Named:
    independent = float(rows.std(ddof=1) / np.sqrt(len(rows)))
    by_day = _error_by_day(rows, episode, days) if days >= LEAST_EPISODES else 0.0
    return Named(name, float(rows.mean()), max(independent, by_day))
