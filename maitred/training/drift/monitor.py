"""Drift of what a policy sees, of what it earns, and of what it expects (GV-7), a day at a time.

Contacts of one day share its load and its staff, so a day is one piece of evidence, however many contacts it has. Each
is compared with the same hours of the week of reference days: a night is no drift of a noon. Three streams of bets:
that a day's features are farther from usual than those of other days; and so its rewards less their predictions, and
its outcomes less their stated chances.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from maitred.training.drift.betting import evidence, first_alarm

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOURS = 168  # of the week
LEAST_DAYS = 12  # of the reference
LEAST_TOLD = 2  # days that tell a signal, of those fitted and of those compared with
REACH = 10.0  # standard deviations beyond which a number counts as that far
SIGNALS = ("features", "reward", "calibration")


class DriftError(ValueError):
    """Cases that cannot be watched: what was expected and found."""


@dataclass(frozen=True, slots=True)
class Cases:
    """N cases in the order they came.

    Attributes:
        features: (N, F) float64, in any units.
        reward: (N,) float64, what came of each; NaN where it is not known.
        predicted: (N,) float64, what was expected, in the same unit.
        chance: (N,) float64 in 0..1, stated of an outcome; NaN where none was.
        outcome: (N,) bool, whether it came; anything where no chance was stated.
        day: (N,) int64, number of the day, never falling.
        hour: (N,) int64, hour of the week, 0 to 167.
    """

    features: Floats
    reward: Floats
    predicted: Floats
    chance: Floats
    outcome: NDArray[np.bool_]
    day: Ints
    hour: Ints

    def days(self) -> list[Cases]:
        """The cases of each day."""
        places = np.split(np.arange(len(self.day)), np.flatnonzero(np.diff(self.day)) + 1)
        return [Cases(*(getattr(self, field.name)[own] for field in fields(self))) for own in places if len(own)]


@dataclass(frozen=True, slots=True)
class Drift:
    """What a monitor found.

    Attributes:
        evidence: (D,) float64 by signal, after each day.
        alarm: by signal, the day, from 1, at which drift was found; None where it was not.
        unusual: features by how far they are from usual on average, in standard deviations of days, the farthest first.
    """

    evidence: dict[str, Floats]
    alarm: dict[str, int | None]
    unusual: tuple[tuple[int, float], ...]


def monitor(reference: Cases, now: Cases, days_per_alarm: float, seed: int) -> Drift:
    """Watch days for drift from reference days.

    A third of the reference days says what is usual; how far a day is from it is compared with the other days of the
    reference, and with those watched before.

    Args:
        reference: cases of `LEAST_DAYS` days or more.
        now: cases to watch.
        days_per_alarm: at most one false alarm in so many days on average, the three signals together, as long as days
            are exchangeable.
        seed: of what breaks ties.

    Raises:
        DriftError: too few reference days, or none to watch; a rate that is none.
    """
    if not 0 < days_per_alarm < np.inf:
        raise DriftError(f"days_per_alarm: expected a number above 0, found {days_per_alarm}")
    before, days = reference.days(), now.days()
    if len(before) < LEAST_DAYS or not days:
        raise DriftError(
            f"days: expected {LEAST_DAYS} of reference and one to watch or more, found {len(before)} and {len(days)}"
        )
    fitted, compared = before[::3], [day for place, day in enumerate(before) if place % 3]
    usual = _Usual(fitted)
    away = {signal: _away(profile, fitted, compared, days) for signal, profile in usual.profiles().items()}
    random, found = np.random.default_rng(seed), dict[str, Floats]()
    for signal in SIGNALS:
        strangeness = np.sqrt((away[signal] ** 2).mean(axis=1))
        found[signal] = evidence(conformal_ranks(strangeness, len(compared), random))
    farthest = away["features"][len(compared) :].mean(axis=0)
    return Drift(
        found,
        {signal: first_alarm(found[signal], days_per_alarm * len(SIGNALS)) for signal in SIGNALS},
        tuple((int(f), float(farthest[f])) for f in np.argsort(-np.abs(farthest))),
    )


class _Usual:
    """Means of features by hour of the week, and what a day is beside them."""

    def __init__(self, days: list[Cases]) -> None:
        features, hour = (np.concatenate([getattr(day, name) for day in days]) for name in ("features", "hour"))
        count = np.bincount(hour, minlength=HOURS).astype(np.float64)
        totals = np.stack([np.bincount(hour, column, HOURS) for column in features.T], axis=1).astype(np.float64)
        of_day = _by_hour_of_day(totals) / np.maximum(_by_hour_of_day(count[:, None]), 1)
        known = count[:, None] > 0  # elsewhere the hour of the day must do, of any weekday
        self._mean = np.where(known, totals / np.maximum(count, 1)[:, None], of_day)
        self._spread = np.maximum((features - self._mean[hour]).std(axis=0), 1e-9)

    def profiles(self) -> dict[str, Callable[[Cases], Floats]]:
        """By signal, the numbers that a day comes to: features beside those of the same hours, and mean surprises."""
        return {
            "features": self._features,
            "reward": lambda day: _mean(day.reward - day.predicted),
            "calibration": lambda day: _mean(day.outcome - day.chance),
        }

    def _features(self, day: Cases) -> Floats:
        away = (day.features - self._mean[day.hour]) / self._spread
        return np.asarray(away.clip(-REACH, REACH).mean(axis=0))


def _by_hour_of_day(totals: Floats) -> Floats:
    """(HOURS, F) sums over the weekdays of each hour of the day."""
    return np.tile(totals.reshape(7, 24, -1).sum(axis=0), (7, 1))


def _away(profile: Callable[[Cases], Floats], fitted: list[Cases], compared: list[Cases], days: list[Cases]) -> Floats:
    """(C + D, F) profiles of days to compare with and to watch, in standard deviations of the days that were fitted.

    A day that does not tell is as usual; so are all where the reference has too few that do to say what is usual.
    """
    own, others, now = (np.array([profile(day) for day in part]) for part in (fitted, compared, days))
    told = own[np.isfinite(own).all(axis=1)]
    if min(len(told), int(np.isfinite(others).all(axis=1).sum())) < LEAST_TOLD:
        return np.zeros((len(compared) + len(days), own.shape[1]))
    scale = np.maximum(told.std(axis=0), 1e-3 * (1 + np.abs(told.mean(axis=0))))
    away = (np.concatenate([others, now]) - told.mean(axis=0)) / scale
    return np.where(np.isfinite(away), away.clip(-REACH, REACH), 0.0)


def _mean(values: Floats) -> Floats:
    """(1,) of those that are known; NaN of none."""
    known = values[np.isfinite(values)]
    return np.array([known.mean() if len(known) else np.nan])


def conformal_ranks(strangeness: Floats, reference: int, rng: np.random.Generator) -> Floats:
    """(D - reference,) share of days up to each, itself included, that are as strange; uniform where days are alike.

    Each day watched is one of those that the next are compared with, so the ranks are independent (Vovk, Gammerman and
    Shafer 2005, "Algorithmic learning in a random world", ch. 8); ties and the day's own place are drawn.

    Args:
        strangeness: (D,) of reference days first, then of those watched; by a rule that saw neither.
        reference: how many come first.
        rng: of the ties.
    """
    found = np.empty(len(strangeness) - reference)
    for place, own in enumerate(strangeness[reference:]):
        seen = strangeness[: reference + place + 1]
        found[place] = ((seen > own).sum() + rng.random() * (seen == own).sum()) / len(seen)
    return found
