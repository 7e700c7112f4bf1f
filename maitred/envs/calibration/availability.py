"""Effective availability: how ready the agents on duty really are, fitted by simulating the incumbent rule.

Three figures (`kernel/readiness.py`): the mean pause after a contact, the mean absence of a free agent, and the
share of free time for which one is ready.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from maitred.envs.calibration.replay import Day
from maitred.envs.kernel.layout import Activity
from maitred.envs.scenario import Floats, Scenario
from maitred.envs.simulator import Simulator
from maitred.envs.trace import Trace

ANSWER_S = 20.0
# Differences that count as equally bad: abandonment, mean wait (relative), answered at once, answered in 20 s.
TOLERANCE = np.array([0.02, 0.15, 0.05, 0.05])
_START = np.array([[15.0, 40.0, 0.7], [30.0, 40.0, 0.7], [15.0, 80.0, 0.7], [15.0, 40.0, 0.95]])  # simplex
_LOW, _HIGH = (0.5, 5.0, 0.1), (300.0, 600.0, 1.0)
_EVALUATIONS = 60


@dataclass(frozen=True)
class Availability:
    """Fitted readiness and what it reproduces; measures are abandonment, mean wait s, at once, within 20 s."""

    pause_mean_s: float
    drift_mean_s: float
    ready_share: float
    effective: float  # share of time on duty not lost to pauses
    measured: Floats  # (4,)
    simulated: Floats  # (4,)


def fit_availability(scenario: Scenario, traces: Sequence[Trace], measured: Floats) -> Availability:
    """Fit the readiness under which `traces` come out as `measured` (least squares in units of `TOLERANCE`).

    Args:
        scenario: the center, its readiness ignored.
        traces: days to run under the incumbent rule: real ones, or days drawn from the scenario.
        measured: (4,) what the log shows of such days, as by `measure`.
    """
    scale = TOLERANCE * np.array([1.0, max(measured[1], 1.0), 1.0, 1.0])

    def misfit(x: Floats) -> float:
        simulated = measure_run(run(with_readiness(scenario, *np.clip(x, _LOW, _HIGH)), traces))
        return float((((simulated - measured) / scale) ** 2).sum())

    options = {"maxfev": _EVALUATIONS, "initial_simplex": _START}
    found = np.clip(minimize(misfit, _START[0], method="Nelder-Mead", options=options).x, _LOW, _HIGH)
    simulator = run(with_readiness(scenario, *found), traces)
    accounts = simulator.centers.accounts.sum(axis=(0, 1))
    on_duty = accounts.sum() - accounts[Activity.OFF]
    return Availability(
        pause_mean_s=float(found[0]),
        drift_mean_s=float(found[1]),
        ready_share=float(found[2]),
        effective=float(1 - accounts[Activity.UNAVAILABLE] / on_duty),
        measured=measured,
        simulated=measure_run(simulator),
    )


def fit_to_days(scenario: Scenario, days: Sequence[Day]) -> Availability:
    """Fit to real days, leaving out those with an incident: what an outage does to patience is not in the fit."""
    ordinary = [day for day in days if not day.incident] or list(days)
    return fit_availability(scenario, [day.trace for day in ordinary], measure_days(ordinary))


def with_readiness(scenario: Scenario, pause_mean_s: float, drift_mean_s: float, ready_share: float) -> Scenario:
    """The scenario with agents as ready as this."""
    staffing = replace(scenario.staffing, pause_mean_s=pause_mean_s, drift_mean_s=drift_mean_s, ready_share=ready_share)
    return replace(scenario, staffing=staffing)


def run(scenario: Scenario, traces: Sequence[Trace]) -> Simulator:
    """Run the days under the incumbent rule."""
    simulator = Simulator(scenario, traces)
    simulator.run_incumbent()
    return simulator


def measure(wait_s: Floats, served: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    """(4,) abandonment, mean wait in s, share answered at once and within 20 s, of contacts that queued."""
    return np.array(
        [
            1 - served.mean(),
            wait_s.mean(),
            (served & (wait_s == 0)).mean(),
            (served & (wait_s <= ANSWER_S)).mean(),
        ]
    )


def waits_of(simulator: Simulator, b: int) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]], Floats]:
    """Wait s, whether answered, and arrival s of every contact of center `b` that was answered or gave up."""
    contacts = simulator.ledger(b).contacts
    answered = np.isfinite(contacts["answer_s"])
    wait = np.where(answered, contacts["answer_s"], contacts["end_s"]) - contacts["arrival_s"]
    over = np.isfinite(wait)
    return wait[over], answered[over], contacts["arrival_s"][over]


def measure_days(days: Sequence[Day]) -> Floats:
    """(4,) the same measures of what the log recorded of real days."""
    return measure(np.concatenate([day.wait_s for day in days]), np.concatenate([day.served for day in days]))


def measure_run(simulator: Simulator) -> Floats:
    """(4,) the same measures of a finished run."""
    waits = [waits_of(simulator, b) for b in range(len(simulator))]
    return measure(np.concatenate([w[0] for w in waits]), np.concatenate([w[1] for w in waits]))
