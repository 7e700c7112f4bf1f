"""Customers who come back soon: after abandoning, after a very short service, after an ordinary one.

Only identified customers can be followed. Where a log identifies mostly those who waited, a return that is
answered at once goes unseen: every share here is a lower bound. Customers also call for new reasons, so what
counts is the excess over the same customers' calls in the same hours one week before and after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maitred.envs.calibration import log_arrays
from maitred.envs.calibration.service import SHORT_S
from maitred.envs.scenario import DAY_S, Floats, Ints

HORIZON_S = 60.0 * np.array([2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 240])
CAUSES = ("abandoned", "short", "ordinary")
_WEEK_S = 7 * DAY_S
_DELAY_GRID_S = np.geomspace(30, 4 * 3600, 240)
_RESAMPLES = 400


@dataclass(frozen=True)
class ReturnCurve:
    """Returns after one cause: excess(t) ~ p (1 - exp(-t / mean_s)), t in seconds since the contact ended."""

    contacts: int  # identified contacts followed
    within: Floats  # (H,) share with a contact within the horizon
    background: Floats  # (H,) the same share a week away
    excess: Floats  # (H,) the difference
    excess_se: Floats  # (H,)
    p: float
    p_se: float
    mean_s: float
    mean_se: float


@dataclass(frozen=True)
class ReturnsFit:
    """Returns by cause; standard errors by resampling days."""

    horizon_s: Floats  # (H,)
    abandoned: ReturnCurve
    short: ReturnCurve
    ordinary: ReturnCurve
    return_share: float  # of queued contacts, those that are returns of these kinds
    return_share_se: float


@dataclass(frozen=True)
class _Tally:
    """Sums by day of the log, from which every figure follows; D days, C causes, H horizons."""

    contacts: Floats  # (D, C) all that abandoned or had a known service
    followed: Floats  # (D, C) identified ones
    within: Floats  # (D, C, H) of these, with a contact within the horizon
    controls: Floats  # (D, C) windows one week away that lie inside the log
    background: Floats  # (D, C, H) of these, with a contact


def fit_returns(log: pa.Table) -> ReturnsFit:
    """Fit the probability and delay of returns to the excess within the first four hours.

    A return is the customer's next contact of any kind after the end of the present one. The excess is the
    plain difference of shares: the contacts that one abandonment adds.

    Args:
        log: contact log with customer_id, arrival, queue_enter, wait_s, outcome, service_s, agent_unknown.
    """
    tally = _tally(log)
    days = len(tally.contacts)
    draws = np.random.default_rng(0).multinomial(days, np.full(days, 1 / days), size=_RESAMPLES)
    weights = np.concatenate([np.ones((1, days)), draws])  # the first row: the log itself
    within = _share(weights, tally.within, tally.followed)
    background = _share(weights, tally.background, tally.controls)
    p, mean = fit_delay(within - background)
    curves = [_curve(c, tally, within, background, p, mean) for c in range(len(CAUSES))]
    number = weights @ tally.contacts
    share = (number * p).sum(axis=1) / number.sum(axis=1)
    return ReturnsFit(
        horizon_s=HORIZON_S,
        abandoned=curves[0],
        short=curves[1],
        ordinary=curves[2],
        return_share=float(share[0]),
        return_share_se=float(share[1:].std()),
    )


def _curve(c: int, tally: _Tally, within: Floats, background: Floats, p: Floats, mean_s: Floats) -> ReturnCurve:
    """Assemble cause `c` from arrays whose first row is the log and the others its resamples."""
    excess = within[:, c] - background[:, c]
    return ReturnCurve(
        contacts=int(tally.followed[:, c].sum()),
        within=within[0, c],
        background=background[0, c],
        excess=excess[0],
        excess_se=excess[1:].std(axis=0),
        p=float(p[0, c]),
        p_se=float(p[1:, c].std()),
        mean_s=float(mean_s[0, c]),
        mean_se=float(mean_s[1:, c].std()),
    )


def fit_delay(excess: Floats) -> tuple[Floats, Floats]:
    """Fit p (1 - exp(-t / mean)) to excess returns (..., H) by least squares; return p (...) and mean (...).

    For a given mean, p is linear: its best value, kept in [0, 1], is closed form, and the mean is searched
    on a grid of 240 delays from half a minute to four hours.
    """
    shape = 1 - np.exp(-HORIZON_S / _DELAY_GRID_S[:, None])
    p = np.clip(excess @ shape.T / (shape**2).sum(axis=1), 0, 1)
    loss = ((excess[..., None, :] - p[..., None] * shape) ** 2).sum(axis=-1)
    best = loss.argmin(axis=-1)
    return np.take_along_axis(p, best[..., None], axis=-1)[..., 0], _DELAY_GRID_S[best]


def _tally(log: pa.Table) -> _Tally:
    contacts = _read(log)
    first, last = contacts.arrival_s.min(), contacts.arrival_s.max()
    day = ((contacts.end_s - first) // DAY_S).astype(np.int64)
    shape = (int(day.max()) + 1, len(CAUSES))
    group = np.where(contacts.cause >= 0, day * shape[1] + contacts.cause, shape[0] * shape[1])

    def by_day(values: Floats) -> Floats:  # the last group: contacts without a cause
        return np.bincount(group, values, shape[0] * shape[1] + 1)[:-1].reshape(shape).astype(float)

    def windows(shift_s: float) -> tuple[Floats, Floats]:
        start = contacts.end_s + shift_s
        inside = (contacts.customer >= 0) & (start >= first) & (start + HORIZON_S[-1] <= last)
        seen = _calls_within(contacts, start) & inside[:, None]
        return by_day(inside.astype(float)), np.stack([by_day(s.astype(float)) for s in seen.T], axis=-1)

    followed, within = windows(0.0)
    before, after = windows(-_WEEK_S), windows(_WEEK_S)
    everyone = by_day(np.ones(len(group)))
    return _Tally(everyone, followed, within, before[0] + after[0], before[1] + after[1])


@dataclass(frozen=True)
class _Contacts:
    customer: Ints  # -1: not identified
    cause: Ints  # index into CAUSES; -1: left the menu, or the service is not known
    arrival_s: Floats
    end_s: Floats  # arrival where the contact never queued


def _read(log: pa.Table) -> _Contacts:
    arrival, service = log_arrays.clock_s(log, "arrival"), log_arrays.numbers(log, "service_s")
    abandoned, served = log_arrays.outcome_is(log, "abandoned"), log_arrays.outcome_is(log, "served")
    known = served & np.isfinite(service) & (log_arrays.numbers(log, "agent_unknown") == 0)
    end = log_arrays.clock_s(log, "queue_enter") + log_arrays.numbers(log, "wait_s")
    end = np.where(served, end + np.nan_to_num(service), end)
    cause = np.select([abandoned, known & (service <= SHORT_S), known], [0, 1, 2], default=-1)
    encoded = pc.dictionary_encode(pc.cast(log["customer_id"], pa.string())).combine_chunks().indices
    customer = np.asarray(pc.fill_null(encoded, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    return _Contacts(customer, cause, arrival, np.where(np.isnan(end), arrival, end))


def _calls_within(contacts: _Contacts, start_s: Floats) -> NDArray[np.bool_]:
    """Return whether the customer of each contact calls after its start and within each horizon, (n, H)."""
    origin = contacts.arrival_s.min() - 2 * _WEEK_S
    span = contacts.arrival_s.max() - origin + 2 * _WEEK_S  # keeps the customers' times apart in one key
    identified = contacts.customer >= 0
    key = np.sort((contacts.customer * span + contacts.arrival_s - origin)[identified])
    start = contacts.customer * span + start_s - origin
    before = np.searchsorted(key, start, side="right")
    return np.stack([np.searchsorted(key, start + h, side="right") > before for h in HORIZON_S], axis=1)


def _share(weights: Floats, hits: Floats, trials: Floats) -> Floats:
    """Return hits / trials (R, C, H) under each row of day weights (R, D)."""
    total = np.einsum("rd,dch->rch", weights, hits)
    return np.asarray(total / np.maximum(weights @ trials, 1e-12)[:, :, None])
