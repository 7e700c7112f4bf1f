"""From a scenario and a seed to a trace: arrivals, rosters and the agents' true handle times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import gammaincinv, ndtr

from maitred.envs.scenario import DAY_S, Scenario
from maitred.envs.trace import ARRIVAL, AWAY_END, AWAY_START, FORECAST, ROSTER, SHIFT_END, SHIFT_START, Trace

Floats = NDArray[np.float64]


def draw_trace(scenario: Scenario, seed: np.random.SeedSequence, start_weekday: int | None = None) -> Trace:
    """One episode of `scenario.days` days.

    Args:
        scenario: the center.
        seed: everything random follows from it, each part from a child of its own.
        start_weekday: 0 Monday .. 6 Sunday; drawn uniformly if not given.
    """
    day_rng, arrival_rng, roster_rng, agent_rng, key_rng = (np.random.default_rng(s) for s in seed.spawn(5))
    weekday = int(day_rng.integers(7)) if start_weekday is None else start_weekday
    day_types = scenario.arrivals.day_type_of_weekday[(weekday + np.arange(scenario.days)) % 7]
    arrivals = draw_arrivals(scenario, day_types, arrival_rng)
    arrivals["key"] = key_rng.integers(0, 2**64, size=len(arrivals), dtype=np.uint64)
    return Trace(
        key=key_rng.integers(0, 2**64, size=1, dtype=np.uint64),
        start_weekday=np.array([weekday]),
        arrivals=arrivals,
        roster=draw_roster(scenario, day_types, roster_rng),
        handle_mean_s=draw_handle_means(scenario, agent_rng),
        may_answer=scenario.agents.may_answer.copy(),
        forecast=forecast(scenario, day_types),
    )


def busyness(scenario: Scenario, days: int, rng: np.random.Generator) -> Floats:
    """(days, N) factors of mean 1 on the arrival rates: a day factor times an AR(1) period factor."""
    a = scenario.arrivals
    periods = DAY_S // a.period_s
    day = _gamma_of_mean_one(a.day_factor_cv, rng.standard_normal((days, 1)))
    noise = rng.standard_normal((days, periods))
    noise[:, 1:] *= np.sqrt(1 - a.period_factor_ar1**2)
    normal = lfilter([1.0], [1.0, -a.period_factor_ar1], noise, axis=1)
    return np.asarray(day * _gamma_of_mean_one(a.period_factor_cv, normal))


def _gamma_of_mean_one(cv: float, normal: Floats) -> Floats:
    if cv == 0:
        return np.ones_like(normal)
    return np.asarray(gammaincinv(cv**-2, ndtr(normal)) * cv**2)


def draw_arrivals(scenario: Scenario, day_types: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.void]:
    """(N,) `ARRIVAL` records in time order, keys not yet set."""
    a = scenario.arrivals
    rate = a.rate_per_h[day_types] * busyness(scenario, len(day_types), rng)[:, None, :]  # (days, T, periods)
    counts = rng.poisson(rate * a.period_s / 3600)
    day, type_, period = np.nonzero(counts)
    repeats = counts[day, type_, period]
    start, type_ = np.repeat(day * DAY_S + period * a.period_s, repeats), np.repeat(type_, repeats)
    s = start + rng.random(len(start)) * a.period_s
    cumulative = scenario.types.priority_share.cumsum(axis=1)[type_, :-1]
    level = (rng.random(len(start))[:, None] > cumulative).sum(axis=1)
    order = np.argsort(s)
    arrivals = np.zeros(len(start), dtype=ARRIVAL)
    arrivals["s"], arrivals["type"], arrivals["level"] = s[order], type_[order], level[order]
    return arrivals


def draw_handle_means(scenario: Scenario, rng: np.random.Generator) -> Floats:
    """(A, T) true mean handle times: the estimates times log-normal errors of mean 1."""
    agents = scenario.agents
    error = agents.log_se * rng.standard_normal(agents.mean_s.shape) - agents.log_se**2 / 2
    return agents.mean_s * np.exp(error)


def draw_roster(scenario: Scenario, day_types: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.void]:
    """(M,) `ROSTER` events in time order: who works each day's shifts, and when they are away."""
    events: list[tuple[float, float, int, int]] = []
    for day, day_type in enumerate(day_types):
        for agent, start, end in _assign_shifts(scenario, int(day_type), rng):
            start, end = start + day * DAY_S, end + day * DAY_S
            events += [(start, end, agent, SHIFT_START), (end, end, agent, SHIFT_END)]
            events += _away_blocks(scenario, agent, start, end, rng)
    roster = np.array(events, dtype=ROSTER)
    return roster[np.lexsort((roster["code"], roster["s"]))]


def _assign_shifts(scenario: Scenario, day_type: int, rng: np.random.Generator) -> list[tuple[int, float, float]]:
    """(agent, start, end) of one day; agents by weight, nobody twice at a time."""
    staffing, agents = scenario.staffing, scenario.agents
    # Efraimidis and Spirakis 2006: sorting by u^(1/w) samples by weight without replacement.
    order = np.argsort(-(rng.random(len(agents.names)) ** (1 / np.maximum(agents.weight, 1e-9))))
    free_from = np.zeros(len(agents.names))
    assigned = []
    for shift in np.nonzero(staffing.shift_day_type == day_type)[0]:
        start, end = staffing.shift_start_s[shift], staffing.shift_end_s[shift]
        able = order[(agents.group[order] == staffing.shift_group[shift]) & (free_from[order] <= start)]
        chosen = able[: staffing.shift_agents[shift]]
        free_from[chosen] = end
        assigned += [(agent, float(start), float(end)) for agent in chosen.tolist()]
    return assigned


def _away_blocks(
    scenario: Scenario, agent: int, start: float, end: float, rng: np.random.Generator
) -> list[tuple[float, float, int, int]]:
    block, away_p = scenario.staffing.away_block_s, 1 - scenario.staffing.availability
    if away_p == 0:
        return []
    edges = np.append(np.arange(start, end, block), end)
    away = np.diff(rng.random(len(edges) - 1) < away_p, prepend=False, append=False).astype(bool)
    events = []
    for leave, back in edges[np.nonzero(away)[0]].reshape(-1, 2):  # blocks in a row are one absence
        events += [(leave, back, agent, AWAY_START), (back, back, agent, AWAY_END)]
    return events


def forecast(scenario: Scenario, day_types: NDArray[np.int64]) -> NDArray[np.void]:
    """(periods + 1,) `FORECAST` records: what the profile says, without the day's busyness."""
    a, agents = scenario.arrivals, scenario.agents
    mean_s = np.average(agents.mean_s, axis=0, weights=agents.may_answer)
    per_h = a.rate_per_h[day_types]
    out = np.zeros(len(day_types) * per_h.shape[2] + 1, dtype=FORECAST)
    out["per_h"][:-1] = per_h.sum(axis=1).ravel()
    out["work"][:-1] = np.einsum("dtn,t->dn", per_h, mean_s / 3600).ravel()
    contacts = per_h.sum(axis=1) * a.period_s / 3600
    out["cumulative"][:-1] = (contacts.cumsum(axis=1) - contacts).ravel()
    return out
