"""How large a center may be: memory of its state, and the time a day of a very large one takes."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from maitred.envs.resized import resized
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace

TRACE = ("arrivals", "roster", "needs", "handle_mean_s", "resolve_p", "empathy", "may_answer", "forecast")
LEDGER = ("contacts", "talks", "beliefs", "accounts", "booked", "log")


def enlarged(scenario: Scenario, agents: int, contacts_per_day: float) -> Scenario:
    """The scenario with about so many agents on its roster and first contacts on an average day.

    Shifts grow as the roster does, and rates to the contacts.
    """
    factor, arrivals = agents / len(scenario.agents.names), scenario.arrivals
    by_day = arrivals.rate_per_h.sum(axis=(1, 2)) * arrivals.period_s / 3600
    larger = resized(scenario, agents=factor)
    rates = arrivals.rate_per_h * contacts_per_day / by_day[arrivals.day_type_of_weekday].mean()
    return replace(larger, arrivals=replace(arrivals, rate_per_h=rates))


def state_bytes(simulator: Simulator) -> float:
    """Bytes per center of everything but its trace and its ledger."""
    arrays = simulator.centers._asdict()
    state: int = sum(array.nbytes for name, array in arrays.items() if name not in (*TRACE, *LEDGER))
    return state / len(simulator)


def day_of(scenario: Scenario) -> tuple[Simulator, float]:
    """One day under the usual answers, and the processor seconds it took, its trace already drawn."""
    simulator = Simulator(scenario, [draw_trace(scenario, np.random.SeedSequence(0), start_weekday=0)])
    begin = time.process_time()
    simulator.run_incumbent()
    return simulator, time.process_time() - begin
