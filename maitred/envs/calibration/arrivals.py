"""Arrivals of a log: a profile per type of day, and how far real days stray from it.

Contacts in a half hour = Poisson(profile x day factor x half-hour factor), both factors of mean 1, the second
an AR(1) along the day. The profile is a mean over days; the factors are fitted by moments, net of Poisson
noise. Contacts that left in the menu are not counted; contacts that came back are (`calibrate` takes them off).
Axes: d days of the log, D day types, T types, N half-hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import ndimage, optimize

from maitred.envs.calibration import log_arrays
from maitred.envs.calibration.levels import LEVELS, priority_level
from maitred.envs.scenario import DAY_S, Floats, Ints

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOW_DAY = 0.6  # a day below this share of its weekday's median is a holiday or a gap in the records
SAME_VOLUME = 0.7  # weekdays whose median volumes differ by less are one type of day
LAGS = 17  # covariances up to 8 hours apart: beyond, few pairs of open half-hours are left
RESAMPLES = 200

_SHARE_WINDOW = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
_FITTING_ROUNDS = 50


@dataclass(frozen=True)
class Estimate:
    """A fitted figure, its standard error and its 95 % interval (percentiles of resampled days)."""

    value: float
    se: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class DayCounts:
    """Contacts that queued or were served, per day of the log."""

    day: Ints  # (d,) days since 1970, without gaps
    contacts: Ints  # (d, T, N)

    @property
    def weekday(self) -> Ints:
        """(d,) 0 Monday .. 6 Sunday."""
        return (self.day + 3) % 7  # 1970 began on a Thursday


@dataclass(frozen=True)
class ArrivalFit:
    """The fitted profile and factors; rates are of all logged contacts, returns included."""

    day_type_names: tuple[str, ...]
    day_type_of_weekday: Ints  # (7,)
    rate_per_h: Floats  # (D, T, N)
    day_factor_cv: Estimate
    period_factor_cv: Estimate
    period_factor_ar1: Estimate
    used: NDArray[np.bool_]  # (d,) days that entered the fit
    counts: DayCounts

    @property
    def day_type(self) -> Ints:
        """(d,) day type of every day of the log."""
        return self.day_type_of_weekday[self.counts.weekday]

    @property
    def excluded(self) -> dict[str, int]:
        """Date and contacts of the days left out as holidays or gaps."""
        days, total = self.counts.day[~self.used], self.counts.contacts.sum(axis=(1, 2))[~self.used]
        return {str(np.datetime64(int(day), "D")): int(n) for day, n in zip(days, total, strict=True)}


def fit_arrivals(
    log: pa.Table, types: tuple[str, ...], day_types: Mapping[str, tuple[str, ...]] | None = None
) -> ArrivalFit:
    """Fit the profile of every day type, and the factors' spread and correlation over all of them.

    Args:
        log: contact log with queue_enter and type.
        types: (T) names.
        day_types: weekdays ("mon" .. "sun") by name of the day type; by volume if not given.
    """
    counts = count_days(log, types)
    used = ordinary_days(counts)
    names, of_weekday = _named(day_types) if day_types else detect_day_types(counts, used)
    day_type = of_weekday[counts.weekday][used]
    contacts = counts.contacts[used]
    factors = _factors_with_errors(contacts.sum(axis=1), day_type)
    return ArrivalFit(
        day_type_names=names,
        day_type_of_weekday=of_weekday,
        rate_per_h=np.stack([profile(contacts[day_type == d]) for d in range(len(names))]),
        day_factor_cv=factors[0],
        period_factor_cv=factors[1],
        period_factor_ar1=factors[2],
        used=used,
        counts=counts,
    )


def count_days(log: pa.Table, types: tuple[str, ...]) -> DayCounts:
    """Count the contacts that joined the queue by day, type and half-hour."""
    clock, kind = log_arrays.clock_s(log, "queue_enter"), log_arrays.codes(log, "type", types)
    queued = np.isfinite(clock) & (kind >= 0)
    day = (clock[queued] // DAY_S).astype(np.int64)
    days = np.arange(day.min(), day.max() + 1)
    contacts = np.zeros((len(days), len(types), log_arrays.PERIODS), dtype=np.int64)
    np.add.at(contacts, (day - days[0], kind[queued], log_arrays.period_of(clock[queued])), 1)
    return DayCounts(days, contacts)


def ordinary_days(counts: DayCounts) -> NDArray[np.bool_]:
    """(d,) False where a day has under `LOW_DAY` of the median contacts of its weekday."""
    total = counts.contacts.sum(axis=(1, 2))
    return np.asarray(total >= LOW_DAY * _weekday_medians(counts, total)[counts.weekday])


def _weekday_medians(counts: DayCounts, total: Ints) -> Floats:
    present = [total[counts.weekday == w] for w in range(7)]
    return np.array([np.median(days) if len(days) else 0.0 for days in present])


def detect_day_types(counts: DayCounts, used: NDArray[np.bool_]) -> tuple[tuple[str, ...], Ints]:
    """Group weekdays of like volume: (D) names, busiest first, and (7,) the group of each weekday.

    A weekday joins the busiest group of whose largest median it has at least `SAME_VOLUME`. Weekdays of one
    volume and different hours need an explicit mapping.
    """
    total = counts.contacts.sum(axis=(1, 2))
    medians = _weekday_medians(DayCounts(counts.day[used], counts.contacts[used]), total[used])
    of_weekday = np.zeros(7, dtype=np.int64)
    group, largest = -1, np.inf
    for weekday in np.argsort(-medians, kind="stable"):
        if medians[weekday] < SAME_VOLUME * largest:
            group, largest = group + 1, medians[weekday]
        of_weekday[weekday] = group
    names = tuple(_day_type_name(np.nonzero(of_weekday == g)[0]) for g in range(group + 1))
    return names, of_weekday


def _day_type_name(weekdays: Ints) -> str:
    """Name a run of weekdays (round the week's end if need be) by its ends, others by all their names."""
    for first in weekdays:
        run = (first + np.arange(len(weekdays))) % 7
        if set(run) == set(weekdays):
            ends = dict.fromkeys((WEEKDAYS[run[0]], WEEKDAYS[run[-1]]))
            return "_".join(ends)
    return "_".join(WEEKDAYS[w] for w in weekdays)


def _named(day_types: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], Ints]:
    of_weekday = {day: d for d, days in enumerate(day_types.values()) for day in days}
    if sorted(day for days in day_types.values() for day in days) != sorted(WEEKDAYS):
        raise ValueError(f"day_types: expected each of {', '.join(WEEKDAYS)} once, found {dict(day_types)}")
    return tuple(day_types), np.array([of_weekday[day] for day in WEEKDAYS])


def profile(contacts: Ints) -> Floats:
    """(T, N) mean contacts per hour over days of one type, (d, T, N).

    The half-hour's total is the plain mean, so opening and closing stay sharp; its division among types,
    where rare types are mostly noise, is smoothed over two hours and a half.
    """
    mean = contacts.mean(axis=0) * 3600 / log_arrays.PERIOD_S
    total = mean.sum(axis=0)
    rate = ndimage.convolve1d(mean, _SHARE_WINDOW, axis=1, mode="constant") * (total > 0)
    # Iterative proportional fitting: every type keeps its daily total, every half-hour its own.
    for _ in range(_FITTING_ROUNDS):
        rate *= _ratio(mean.sum(axis=1), rate.sum(axis=1))[:, None]
        rate *= _ratio(total, rate.sum(axis=0))
    return np.asarray(rate)


def _ratio(a: Floats, b: Floats) -> Floats:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def _factors_with_errors(contacts: Ints, day_type: Ints) -> list[Estimate]:
    """Estimates of the day factor's cv, the period factor's cv and its AR(1), by resampling days."""
    fitted = busyness_factors(contacts, day_type)
    rng = np.random.default_rng(0)
    groups = [np.nonzero(day_type == d)[0] for d in np.unique(day_type)]
    resampled = np.empty((RESAMPLES, 3))
    for i in range(RESAMPLES):
        days = np.concatenate([rng.choice(group, len(group)) for group in groups])
        resampled[i] = busyness_factors(contacts[days], day_type[days])
    se = resampled.std(axis=0, ddof=1)
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    return [Estimate(float(v), float(s), float(a), float(b)) for v, s, a, b in zip(fitted, se, low, high, strict=True)]


def busyness_factors(contacts: Ints, day_type: Ints) -> tuple[float, float, float]:
    """Fit cv of the day factor, cv of the period factor and its AR(1), by moments.

    With mu the profile, half-hours k apart covary as mu_n mu_(n+k) ((1 + v_day)(1 + v_period ar1^k) - 1), plus
    mu_n on the diagonal for Poisson noise (Ibrahim et al. 2016, section 3, for the product of two factors).
    The left side is summed over half-hours and day types, so busy ones weigh most, and fitted over the lags
    by least squares.

    Args:
        contacts: (d, N) per day and half-hour.
        day_type: (d,) index of the day's profile.
    """
    excess, weight = np.zeros(LAGS), np.zeros(LAGS)
    for d in np.unique(day_type):
        sample = contacts[day_type == d]
        if len(sample) < 2:
            continue
        mean, covariance = sample.mean(axis=0), np.cov(sample.T)
        excess += [np.trace(covariance, k) for k in range(LAGS)]
        excess[0] -= mean.sum()
        weight += [mean[: len(mean) - k] @ mean[k:] for k in range(LAGS)]
    if not weight.all():
        return 0.0, 0.0, 0.0
    observed, lag = excess / weight, np.arange(LAGS)

    def misfit(x: Floats) -> Floats:
        return np.asarray(np.sqrt(weight) * ((1 + x[0]) * (1 + x[1] * x[2] ** lag) - 1 - observed))

    v_day, v_period, ar1 = optimize.least_squares(misfit, x0=[0.02, 0.05, 0.5], bounds=([0, 0, 0], [4, 4, 0.99])).x
    return float(np.sqrt(v_day)), float(np.sqrt(v_period)), float(ar1)


def priority_shares(log: pa.Table, types: tuple[str, ...]) -> Floats:
    """(T, P) share of each priority level among the contacts of each type that had to wait.

    Those answered at once are left out: their priority may not have been looked up (the Technion logs record
    customers and their class only for callers who waited).
    """
    kind = log_arrays.codes(log, "type", types)
    waited = (log_arrays.numbers(log, "wait_s") > 0) & (kind >= 0)
    level = priority_level(log_arrays.numbers(log, "priority"))
    count = np.zeros((len(types), LEVELS))
    np.add.at(count, (kind[waited], level[waited]), 1)
    count[:, 0] += count.sum(axis=1) == 0  # a type that never waited is taken as regular
    return np.asarray(count / count.sum(axis=1, keepdims=True))
