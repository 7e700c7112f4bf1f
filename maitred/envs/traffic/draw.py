"""From a scenario and a seed to a trace."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

import numpy as np

from maitred.envs.scenario import Scenario
from maitred.envs.trace import Trace
from maitred.envs.traffic.arrivals import busy_rates, in_time_order, induced_arrivals, poisson_arrivals
from maitred.envs.traffic.forecast import draw_forecast
from maitred.envs.traffic.needs import draw_needs
from maitred.envs.traffic.roster import draw_roster
from maitred.envs.traffic.shocks import draw_shocks, shock_arrivals
from maitred.envs.traffic.truth import draw_empathy, draw_handle_means, draw_resolution

PARTS = 11  # children of a seed; a new part takes the next child, so that the draws of the others stay as they are


def draw_trace(scenario: Scenario, seed: np.random.SeedSequence, start_weekday: int | None = None) -> Trace:
    """One episode of `scenario.days` days.

    Args:
        scenario: the center.
        seed: everything random follows from it, each part from a child of its own; it stays as it is.
        start_weekday: 0 Monday .. 6 Sunday; drawn uniformly if not given.

    Raises:
        ScenarioError: outages without a type to hit, or with a range that ends before it begins.
    """
    day, arrival, roster, agent, key, shock, ease, truth, plan, error, need = (
        cast(np.random.Generator, _Late(seed, part)) for part in range(PARTS)
    )
    weekday = int(day.integers(7)) if start_weekday is None else start_weekday
    day_types = scenario.arrivals.day_type_of_weekday[(weekday + np.arange(scenario.days)) % 7]
    rate_per_h = busy_rates(scenario, day_types, arrival)
    ordinary = poisson_arrivals(scenario, rate_per_h, arrival, key)
    shocked = shock_arrivals(scenario, rate_per_h, draw_shocks(scenario, shock), shock)
    return Trace(
        key=key.integers(0, 2**64, size=1, dtype=np.uint64),
        start_weekday=np.array([weekday]),
        arrivals=in_time_order(ordinary, induced_arrivals(scenario, rate_per_h, ease), *shocked),
        roster=draw_roster(scenario, day_types, roster, plan),
        handle_mean_s=draw_handle_means(scenario, agent),
        resolve_p=draw_resolution(scenario, truth),
        empathy=draw_empathy(scenario, truth),
        may_answer=scenario.agents.may_answer.copy(),
        forecast=draw_forecast(scenario, day_types, error),
        needs=draw_needs(scenario, need),
    )


class _Late:
    """The generator of one part, made when it is first drawn from: many scenarios leave half of the parts unused."""

    def __init__(self, seed: np.random.SeedSequence, part: int) -> None:
        self._seed, self._part = seed, part

    @cached_property
    def _generator(self) -> np.random.Generator:
        """Of the child that `seed.spawn` would give the part."""
        seed = self._seed
        key = (*seed.spawn_key, seed.n_children_spawned + self._part)
        return np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=key, pool_size=seed.pool_size))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)
