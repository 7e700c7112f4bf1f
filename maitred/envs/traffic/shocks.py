"""Outages: for some hours one type of contact comes several times as often as it would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.envs.scenario import DAY_S, Scenario
from maitred.envs.scenario_error import require
from maitred.envs.traffic.arrivals import poisson_arrivals

MONTH_DAYS = 30


@dataclass(frozen=True)
class Shock:
    """One outage: the rate of `type` is multiplied by `factor` from `start_s` to `end_s` of the episode."""

    type: int
    factor: float
    start_s: float
    end_s: float


def draw_shocks(scenario: Scenario, rng: np.random.Generator) -> list[Shock]:
    """The outages of an episode in the order in which they start, at any time of day; often none.

    Raises:
        ScenarioError: no type that an outage could hit, or a range that ends before it begins.
    """
    d = scenario.demand
    weight = np.broadcast_to(d.shock_types, len(scenario.types.names))
    require(d.shocks_per_month == 0 or weight.any(), "demand.shock_types", "a type above 0")
    require(d.shock_factor_low <= d.shock_factor_high, "demand.shock_factor_high", "at least shock_factor_low")
    require(d.shock_low_s <= d.shock_high_s, "demand.shock_high_s", "at least shock_low_s")
    shocks = rng.poisson(d.shocks_per_month * scenario.days / MONTH_DAYS) if d.shocks_per_month else 0
    if shocks == 0:
        return []
    start_s = np.sort(rng.uniform(0, scenario.horizon_s, shocks))
    end_s = start_s + rng.uniform(d.shock_low_s, d.shock_high_s, shocks)
    type_ = rng.choice(len(weight), size=shocks, p=weight / weight.sum())
    factor = rng.uniform(d.shock_factor_low, d.shock_factor_high, shocks)
    columns = (type_.tolist(), factor.tolist(), start_s.tolist(), end_s.tolist())
    return [Shock(*row) for row in zip(*columns, strict=True)]


def shock_arrivals(
    scenario: Scenario, rate_per_h: NDArray[np.float64], shocks: list[Shock], rng: np.random.Generator
) -> list[NDArray[np.void]]:
    """The arrivals that each outage adds, (N,) `ARRIVAL` in time order with its number, from 1, in `shock`.

    Args:
        scenario: the center.
        rate_per_h: (days, T, N) contacts per hour without outages.
        shocks: the outages; where two hit one type at a time, each adds its own contacts.
        rng: of the times, levels and keys.
    """
    added = []
    for number, shock in enumerate(shocks, start=1):
        arrivals = poisson_arrivals(scenario, _extra_rate(scenario, rate_per_h, shock), rng, rng)
        arrivals["shock"] = number
        added.append(arrivals[(arrivals["s"] >= shock.start_s) & (arrivals["s"] < shock.end_s)])
    return added


def _extra_rate(scenario: Scenario, rate_per_h: NDArray[np.float64], shock: Shock) -> NDArray[np.float64]:
    """What an outage adds to the rates of the periods that it touches."""
    days, _, periods = rate_per_h.shape
    period_start = DAY_S * np.arange(days)[:, None] + scenario.arrivals.period_s * np.arange(periods)
    touched = (period_start < shock.end_s) & (period_start + scenario.arrivals.period_s > shock.start_s)
    extra = np.zeros_like(rate_per_h)
    extra[:, shock.type] = rate_per_h[:, shock.type] * (shock.factor - 1) * touched
    return extra
