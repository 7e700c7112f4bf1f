"""One center twice: as its world is, and as a policy believes it to be.

Both are the same scenario but for the estimated handle times of agents with types of contact. The world's are fitted
on its own months, and the truth of a draw lies around them by their error; the policy's are fitted on other months.
Everything else that a policy sees, such as the hazard of abandoning, is the world's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from experiments.reallog.source import Parts
from maitred.envs.calibration.absence import absence_gap_s
from maitred.envs.calibration.arrivals import count_days
from maitred.envs.calibration.availability import fit_to_days, with_readiness
from maitred.envs.calibration.fits import MIN_SERVICES
from maitred.envs.calibration.log_arrays import PERIOD_S, PERIODS
from maitred.envs.calibration.replay import Day, log_types_and_agents, real_days, replay_scenario
from maitred.envs.calibration.staffing import service_counts
from maitred.envs.scenario import Floats, Ints, Scenario
from maitred.envs.trace import FORECAST, Trace
from maitred.envs.traffic.truth import draw_handle_means


@dataclass(frozen=True)
class Center:
    """A center as fitted to a part of a log.

    Attributes:
        scenario: handle times, patience, readiness.
        gap_s: idle seconds between services that count as absence.
        services: (A, T) services of each agent with each type.
        weekday_per_h: (7, T, N) mean contacts per hour by weekday and half-hour, for forecasts.
    """

    scenario: Scenario
    gap_s: float
    services: Ints
    weekday_per_h: Floats


def types_and_agents(parts: Parts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Types, commonest first, that both the policy's and the world's months can tell of, and everybody named.

    Raises:
        ValueError: there is no such type.
    """
    types, agents = log_types_and_agents(pa.concat_tables(parts))
    services = [service_counts(log, agents, types).sum(axis=0) for log in (parts.policy, parts.world)]
    kept = tuple(name for name, n in zip(types, np.min(services, axis=0), strict=True) if n >= MIN_SERVICES)
    if not kept:
        raise ValueError(f"expected a type with {MIN_SERVICES} services in the policy's and in the world's months")
    return kept, agents


def fit_center(
    log: pa.Table, types: tuple[str, ...], agents: tuple[str, ...], head_start_s: float, seed: int
) -> Center:
    """Fit a center; agents who are not in `log` get the pooled estimate of each type."""
    scenario, gap_s = replay_scenario(log, types, agents, head_start_s), absence_gap_s(log)
    found = fit_to_days(scenario, real_days(log, scenario, gap_s, np.random.SeedSequence(seed)))
    ready = with_readiness(scenario, found.pause_mean_s, found.drift_mean_s, found.ready_share)
    counts = count_days(log, types)
    of_weekday = [counts.weekday == d for d in range(7)]
    a_day = np.stack([counts.contacts[of].sum(axis=0) / max(of.sum(), 1) for of in of_weekday])
    return Center(ready, gap_s, service_counts(log, agents, types), a_day * 3600 / PERIOD_S)


def ordinary_days(log: pa.Table, center: Center, days: int | None) -> list[Day]:
    """The days of `log` without an incident as they were, so many of them if given, spread evenly."""
    every = real_days(log, center.scenario, center.gap_s, np.random.SeedSequence(0))
    ordinary = [day for day in every if not day.incident]
    chosen = np.linspace(0, len(ordinary) - 1, min(days or len(ordinary), len(ordinary)))
    return [ordinary[round(i)] for i in chosen]


def draw_days(log: pa.Table, which: Sequence[Day], world: Center, known: Center, seed: int, draw: int) -> list[Trace]:
    """The days of a log as traces, with the luck and the true effects of one draw.

    Arrivals, who was there and what they answer are the log's. The truth of a draw is one for all of its days: what
    the world's months leave open about an agent does not change overnight.

    Args:
        log: the frozen months.
        which: of its days.
        world: whose effects are true.
        known: whose arrivals the forecast is made of.
        seed: of the study.
        draw: number of the draw, from 0.
    """
    entropy = np.random.SeedSequence([seed, draw])
    truth = draw_handle_means(world.scenario, np.random.default_rng(entropy))
    dates = {day.date for day in which}
    days = [day for day in real_days(log, world.scenario, world.gap_s, entropy) if day.date in dates]
    return [replace(day.trace, handle_mean_s=truth, forecast=_forecast(day, known)) for day in days]


def _forecast(day: Day, known: Center) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """(N + 1,) `FORECAST`: the mean of the weekday in the months that are known."""
    per_h = known.weekday_per_h[day.trace.start_weekday[0]]
    contacts = per_h.sum(axis=0) * PERIOD_S / 3600
    forecast = np.zeros(PERIODS + 1, FORECAST)
    forecast["per_h"][:-1] = per_h.sum(axis=0)
    forecast["work"][:-1] = known.scenario.agents.mean_s.mean(axis=0) / 3600 @ per_h
    forecast["cumulative"][:-1] = contacts.cumsum() - contacts
    return forecast


def believing(world: Center, mean_s: Floats, log_se: Floats) -> Scenario:
    """The world's scenario with these (A, T) estimates of handle times, which is all that a policy sees of them."""
    agents = replace(world.scenario.agents, mean_s=mean_s, log_se=log_se)
    return replace(world.scenario, agents=agents)


def noisier(known: Center, sd: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Estimates times exp(sd z), z normal by pair, and their (A, T) errors; the same `rng` state gives the same z."""
    agents = known.scenario.agents
    return agents.mean_s * np.exp(sd * rng.standard_normal(agents.mean_s.shape)), np.hypot(agents.log_se, sd)


def shuffled(known: Center, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Every agent with the estimates of another drawn at random: types are still known, agents are not."""
    agents = known.scenario.agents
    order = rng.permutation(len(agents.names))
    return agents.mean_s[order], agents.log_se[order]


@dataclass(frozen=True)
class Strangers:
    """Agents of the frozen days of whom the policy's months, or the world's, know nothing.

    Attributes:
        agents: who served in the frozen months.
        unknown: of these, who did not serve in the months in question.
        share: of the frozen months' services, those by the unknown.
    """

    agents: int
    unknown: int
    share: float


def strangers(frozen: pa.Table, center: Center) -> Strangers:
    """Count the agents of the frozen months that a center was fitted without."""
    types, names = center.scenario.types.names, center.scenario.agents.names
    served, known = service_counts(frozen, names, types).sum(axis=1), center.services.sum(axis=1) > 0
    new = (served > 0) & ~known
    return Strangers(int((served > 0).sum()), int(new.sum()), float(served[new].sum() / served.sum()))
