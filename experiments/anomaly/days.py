"""Days of a center that is large enough to watch by the minute, ordinary or with an outage at a known time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.envs.traffic.arrivals import busy_rates, in_time_order, poisson_arrivals
from maitred.envs.traffic.shocks import Shock, shock_arrivals
from maitred.envs.traffic.tokens import outage_words, problem_tokens
from maitred.training.drift.contacts import Contacts

WORDS = 6
FACTOR = 6.0
OUTAGE_S = 3600.0
LEAST_PER_MIN = 5.0  # of the intent that an outage hits, when it starts


@dataclass(frozen=True, slots=True)
class Planted:
    """An outage: the intent it hits, when it starts (seconds of the day), its words, and how many contacts it adds."""

    intent: int
    start_s: float
    words: tuple[int, ...]
    contacts: int


def center(name: str, scale: float) -> Scenario:
    """A shipped center with so many times its contacts."""
    scenario = load_scenario(name)
    return replace(scenario, arrivals=replace(scenario.arrivals, rate_per_h=scenario.arrivals.rate_per_h * scale))


def ordinary_day(scenario: Scenario, seed: np.random.SeedSequence) -> Contacts:
    """The contacts of a day without an outage, of the first type of day."""
    return _day(scenario, np.random.default_rng(seed), None)


def outage_day(scenario: Scenario, seed: np.random.SeedSequence) -> tuple[Contacts, Planted]:
    """A day on which an intent of at least `LEAST_PER_MIN` contacts a minute has `FACTOR` times as many for an hour."""
    rng = np.random.default_rng(seed)
    a = scenario.arrivals
    intent, period = np.nonzero(a.rate_per_h[0] / 60 >= LEAST_PER_MIN)
    place = int(rng.integers(len(intent)))
    start_s = float(period[place] * a.period_s + rng.uniform(0, a.period_s))
    shock = Shock(int(intent[place]), FACTOR, start_s, start_s + OUTAGE_S)
    day = _day(scenario, rng, shock)
    added = int(((day.intent == shock.type) & (day.s > start_s) & (day.s <= shock.end_s)).sum() * (1 - 1 / FACTOR))
    return day, Planted(shock.type, start_s, tuple(map(int, outage_words(shock.type, 1))), added)


def _day(scenario: Scenario, rng: np.random.Generator, shock: Shock | None) -> Contacts:
    rate_per_h = busy_rates(scenario, np.zeros(1, np.int64), rng)
    arrivals = poisson_arrivals(scenario, rate_per_h, rng, rng)
    if shock is not None:
        arrivals = in_time_order(arrivals, *shock_arrivals(scenario, rate_per_h, [shock], rng))
    words = problem_tokens(arrivals["key"], arrivals["type"], arrivals["shock"], WORDS)
    return Contacts(arrivals["s"].astype(np.float64), arrivals["type"].astype(np.int64), words)
