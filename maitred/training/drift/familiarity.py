"""Fits what counts as familiar to a policy, for the bundle to abstain elsewhere (`maitred.serving.familiar`, AC-11)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import Decisions, Kind, Policy
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.serving.familiar import SITUATION, SUMMARY, TIMES, Familiar, excess, summaries, times
from maitred.training.drift.encounters import encounters, together
from maitred.training.learning import PARITY
from maitred.training.preferences import spread_objectives

RATE = 0.001  # share of ordinary decisions that may count as strange, by either question
RIDGE = 1e-2  # of a standardised feature's variance; keeps features that move together invertible
FLAT = 0.03  # least standard deviation of a log feature: what never varied may still move by a few percent
LEAST_MARGIN = 0.25  # distance in logarithms from what was seen at a time of day: a quarter more is no news
MOST_MARGIN = 0.5  # twice as much always is
NEVER = 1e9
ENCOUNTERS = PARITY - 2  # branch of a run's seed tree
FEWEST = 2  # decisions of a kind
DAYS = 14  # of each center for the shapes, and as many for the limits
OPERATORS = 4  # times as many where each day is under an objective of its own

Floats = NDArray[np.float64]


def seen_in(
    centers: Sequence[Scenario],
    policy: Policy,
    seed: np.random.SeedSequence,
    objective: Objective | None = None,
    spread: float = 1.0,
) -> Familiar:
    """What a policy meets in the centers it was trained in.

    Args:
        centers: with short lists of one length.
        policy: who decides.
        seed: of the days.
        objective: in the middle of those that it was trained for, where they varied; a policy of many preferences
            fills a center in as many ways.
        spread: of its training, as in `spread_objectives`; 1 where they did not.
    """

    def met(center: Scenario, own: np.random.SeedSequence) -> Decisions:
        episodes = max(1, DAYS // center.days)
        if objective is None or spread == 1:
            return encounters(center, policy, own, episodes)
        some = spread_objectives(objective, spread, OPERATORS * episodes, own)
        return encounters(center, policy, own, len(some), preference=np.array([each.preference for each in some]))

    seeds = seed.spawn(2 * len(centers))
    found = [met(center, own) for center, own in zip([*centers, *centers], seeds, strict=True)]
    return fit_familiar(together(found[: len(centers)]), together(found[len(centers) :]))


def seen_in_order(decisions: Decisions) -> Familiar:
    """What decisions of a log, in their order, have seen: the earlier half gives the shapes, the later the limits."""
    earlier = np.arange(len(decisions)) < len(decisions) // 2
    return fit_familiar(decisions[earlier], decisions[~earlier])


def fit_familiar(seen: Decisions, others: Decisions, rate: float = RATE) -> Familiar:
    """Fit shapes to some decisions, and limits to others.

    Limits come from decisions of other days than the shapes, or else they would be those of days that were looked at:
    new days lie outside more often.

    Args:
        seen: decisions that a policy met.
        others: of the same policy and center, of other days; kinds that neither has count as never seen.
        rate: share of `others` that lies beyond each of the two limits, 0 to 1.

    Raises:
        ValueError: the rate is not a share.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate: expected a share from 0 to 1, found {rate}")
    centre = np.zeros((len(Kind), len(SUMMARY)))
    whitening = np.zeros((len(Kind), len(SUMMARY), len(SUMMARY)))
    summary, other = summaries(seen).astype(np.float64), summaries(others).astype(np.float64)
    for kind in range(len(Kind)):
        own, held = summary[seen.kind == kind], other[others.kind == kind]
        if min(len(own), len(held)) >= FEWEST:
            centre[kind], whitening[kind] = _whitened(own, held, rate)
    low, high = _ranges(seen, others, rate)
    return Familiar(*(array.astype(np.float32) for array in (centre, whitening, low, high)))


def _whitened(own: Floats, held: Floats, rate: float) -> tuple[Floats, Floats]:
    """Mean of summaries (n, S), and what makes of a distance from it one in limits, which `held` sets."""
    mean, scale = own.mean(axis=0), np.maximum(own.std(axis=0), FLAT)
    away = (own - mean) / scale
    spread = away.T @ away / len(own)
    spread += np.diag(np.maximum(1 - spread.diagonal(), RIDGE))
    root = np.linalg.cholesky(np.linalg.inv(spread))
    found = root / scale[:, None]
    limit = np.quantile((((held - mean) @ found) ** 2).sum(axis=1), 1 - rate)
    return mean, found / max(float(np.sqrt(limit)), 1e-6)


def _ranges(seen: Decisions, others: Decisions, rate: float) -> tuple[Floats, Floats]:
    """(TIMES, L) least and most of the situation by time of day, wider by what others needed beyond those seen."""
    low, high = _extremes(seen)
    known = np.all(low <= high, axis=1)
    beyond = excess(low.astype(np.float32), high.astype(np.float32), others)[known[times(others)]]
    needed = float(np.quantile(beyond.max(axis=1), 1 - rate)) if len(beyond) else 0.0
    margin = min(max(needed, LEAST_MARGIN), MOST_MARGIN)
    low, high = _extremes(together([seen, others]))
    known = np.all(low <= high, axis=1, keepdims=True)
    return np.where(known, low - margin, low), np.where(known, high + margin, high)


def _extremes(decisions: Decisions) -> tuple[Floats, Floats]:
    """(TIMES, L) least and most; the least above the most at times without decisions near."""
    situation, time = summaries(decisions)[:, : len(SITUATION)], times(decisions)
    low, high = np.full((2, TIMES, len(SITUATION)), NEVER) * [[[1]], [[-1]]]
    for at in np.unique(time):
        here = situation[time == at]
        for near in (at - 1, at, at + 1):  # what is seen at nine may be seen at half past
            low[near % TIMES] = np.minimum(low[near % TIMES], here.min(axis=0))
            high[near % TIMES] = np.maximum(high[near % TIMES], here.max(axis=0))
    return low, high
