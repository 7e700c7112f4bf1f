"""Patience: the hazard of abandoning by time in queue, type and priority level.

Waits that end by an answer are censored: the mean wait of those who abandoned says little about patience.
Hazards are occurrences over exposure within steps of time in queue; the last step goes on for ever.
Axes: T types, P levels, H steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import optimize, special

from maitred.envs.calibration import log_arrays
from maitred.envs.calibration.levels import priority_level
from maitred.envs.scenario import Floats, Ints

FROM_S = np.array([0.0, 5, 15, 30, 60, 90, 120, 180, 300, 600])
_ROUNDS = 10


@dataclass(frozen=True)
class Waits:
    """Waits in queue, one entry each, (n,)."""

    type: Ints
    level: Ints
    wait_s: Floats
    abandoned: NDArray[np.bool_]


@dataclass(frozen=True)
class PooledRatios:
    """Posterior of ratios of observed to expected events, arrays of the shape of the events."""

    ratio: Floats  # posterior means
    relative_variance: Floats  # posterior variance over squared mean
    prior_weight: Floats  # 1: the ratio rests on its prior alone
    shape: float  # of the gamma prior


@dataclass(frozen=True)
class PatienceFit:
    """Fitted hazards, with what they were fitted to."""

    types: tuple[str, ...]
    from_s: Floats  # (H,)
    hazard_per_s: Floats  # (T, P, H) posterior means
    hazard_se: Floats  # (T, P, H) posterior standard deviations
    events: Floats  # (T, P, H) abandonments
    exposure_s: Floats  # (T, P, H) time waited
    level_hazard_per_s: Floats  # (P, H) of a type of factor 1
    type_factor: Floats  # (T, P) of a type against its level
    pooling_shape: tuple[float, ...]  # gamma shapes of steps, levels, types, cells; large: alike


def read_waits(log: pa.Table, types: tuple[str, ...], levels: int) -> Waits:
    """Return the waits longer than 0 s of `types`: who is answered at once shows no patience."""
    kind, wait = log_arrays.codes(log, "type", types), log_arrays.numbers(log, "wait_s")
    level = np.minimum(priority_level(log_arrays.numbers(log, "priority")), levels - 1)
    abandoned = log_arrays.outcome_is(log, "abandoned")
    use = (kind >= 0) & (wait > 0) & (abandoned | log_arrays.outcome_is(log, "served"))
    return Waits(kind[use], level[use], wait[use], abandoned[use])


def fit_patience(log: pa.Table, types: tuple[str, ...], levels: int) -> PatienceFit:
    """Fit piecewise constant hazards of abandoning.

    Each estimate departs from a more general one as far as its data warrant: the steps from the mean hazard,
    the levels' steps from those, the types' factors from 1, the cells from level x type: gamma-Poisson
    (Clayton and Kaldor 1987), the gamma shape fitted by marginal likelihood at every stage. Level and
    type are fitted in turn, because impatient types make up less of those still waiting later.

    Args:
        log: contact log with type, priority, wait_s and outcome.
        types: (T) names.
        levels: P, the number of priority levels.
    """
    waits = read_waits(log, types, levels)
    events, exposure = occurrence_exposure(waits, len(types), levels)
    mean = events.sum() / max(exposure.sum(), 1.0)
    step = pooled_ratios(events.sum(axis=(0, 1)), exposure.sum(axis=(0, 1)) * mean)
    overall = step.ratio * mean
    factor = np.ones((len(types), levels))
    for _ in range(_ROUNDS):
        weighted = np.einsum("tph,tp->ph", exposure, factor)
        level = pooled_ratios(events.sum(axis=0), weighted * overall)
        by_type = pooled_ratios(events.sum(axis=2), (exposure * level.ratio * overall).sum(axis=2))
        factor = by_type.ratio
    prior = factor[:, :, None] * level.ratio * overall
    cell = pooled_ratios(events, exposure * prior)
    # What a cell takes from its prior, it takes with the prior's relative error (delta method).
    of_level = level.relative_variance + level.prior_weight**2 * step.relative_variance
    of_prior = by_type.relative_variance[:, :, None] + of_level
    relative_variance = cell.relative_variance + cell.prior_weight**2 * of_prior
    return PatienceFit(
        types=types,
        from_s=FROM_S,
        hazard_per_s=cell.ratio * prior,
        hazard_se=cell.ratio * prior * np.sqrt(relative_variance),
        events=events,
        exposure_s=exposure,
        level_hazard_per_s=level.ratio * overall,
        type_factor=factor,
        pooling_shape=(step.shape, level.shape, by_type.shape, cell.shape),
    )


def occurrence_exposure(waits: Waits, types: int, levels: int) -> tuple[Floats, Floats]:
    """Return abandonments and seconds waited in each step, (T, P, H) each.

    A wait that ends on the border of two steps ends in the earlier one, where all of it was spent.
    """
    shape = (types, levels, len(FROM_S))
    cell = waits.type * levels + waits.level
    step = np.searchsorted(FROM_S, waits.wait_s, side="left") - 1
    index = (cell * len(FROM_S) + step)[waits.abandoned]
    events = np.bincount(index, minlength=types * levels * len(FROM_S)).astype(float)
    spent = np.clip(waits.wait_s[:, None] - FROM_S, 0, np.append(np.diff(FROM_S), np.inf))
    exposure = [np.bincount(cell, seconds, types * levels) for seconds in spent.T]
    return events.reshape(shape), np.stack(exposure, axis=-1).astype(float).reshape(shape)


def pooled_ratios(events: Floats, expected: Floats) -> PooledRatios:
    """Shrink observed over expected towards 1: events ~ Poisson(ratio x expected), ratio ~ gamma of mean 1."""

    def loss(log_shape: float) -> float:
        k = np.exp(log_shape)
        likelihood = special.gammaln(k + events) - special.gammaln(k) + k * log_shape
        return float(-(likelihood - (k + events) * np.log(k + expected)).sum())

    k = float(np.exp(optimize.minimize_scalar(loss, bounds=(-4, 12), method="bounded").x))
    return PooledRatios((k + events) / (k + expected), 1 / (k + events), k / (k + expected), k)


def survival_of(hazard_per_s: Floats, from_s: Floats, time_s: Floats) -> Floats:
    """Return the share still waiting at `time_s`, (..., K), under hazards (..., H)."""
    spent = np.clip(time_s[:, None] - from_s, 0, np.append(np.diff(from_s), np.inf))
    return np.asarray(np.exp(-hazard_per_s @ spent.T), dtype=float)
