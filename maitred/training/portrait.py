"""What a policy does with a day: half-hour curves and who answered what, summed over episodes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from maitred.envs.scenario import DAY_S, Scenario
from maitred.envs.simulator import Ledger
from maitred.envs.trace import AWAY_START, SHIFT_START, Trace

HALF_HOUR_S = 1800
HALF_HOURS = DAY_S // HALF_HOUR_S

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Portrait:
    """Sums over days; divide by `days` for the average day. Retrials and repeats count as arrivals.

    Attributes:
        days: (1,) float64, number of days.
        arrivals: (48,) float64, contacts that arrived in each half hour of the day.
        waiting: (48,) float64, mean number of contacts in queue.
        busy: (48,) float64, mean number of agents at work or wrapping up.
        on_duty: (48,) float64, mean number of agents on shift and not away.
        answered: (A, T) float64, contacts of each type that each agent answered.
    """

    days: Floats
    arrivals: Floats
    waiting: Floats
    busy: Floats
    on_duty: Floats
    answered: Floats

    def __add__(self, other: Portrait) -> Portrait:
        """The portrait of both sets of days."""
        return Portrait(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def portrait(ledgers: list[Ledger], traces: list[Trace], scenario: Scenario) -> Portrait:
    """The portrait of a policy from its ledgers and the traces they ran on."""
    parts = (_episode(ledger, trace, scenario) for ledger, trace in zip(ledgers, traces, strict=True))
    return reduce(add, parts)


def _episode(ledger: Ledger, trace: Trace, scenario: Scenario) -> Portrait:
    contacts = ledger.contacts
    edges = np.arange(scenario.days * HALF_HOURS + 1, dtype=np.float64) * HALF_HOUR_S
    arrival, answer, end = contacts["arrival_s"], contacts["answer_s"], contacts["end_s"]
    leaves_queue = np.where(np.isnan(answer), np.where(np.isnan(end), ledger.horizon_s, end), answer)
    seen = ~np.isnan(answer)
    done = answer[seen] + contacts["work_s"][seen] + contacts["wrap_up_s"][seen]
    answered = np.zeros(scenario.agents.may_answer.shape)
    np.add.at(answered, (contacts["agent"][seen], contacts["type"][seen]), 1.0)
    return Portrait(
        days=np.array([float(scenario.days)]),
        arrivals=_by_half_hour(np.histogram(arrival, edges)[0].astype(float)),
        waiting=_by_half_hour(_mean_number(arrival, leaves_queue, edges)),
        busy=_by_half_hour(_mean_number(answer[seen], done, edges)),
        on_duty=_by_half_hour(_on_duty(trace, edges)),
        answered=answered,
    )


def _on_duty(trace: Trace, edges: Floats) -> Floats:
    """(bins,) mean number of agents on shift and not away, as rostered."""
    shifts = trace.roster[trace.roster["code"] == SHIFT_START]
    away = trace.roster[trace.roster["code"] == AWAY_START]
    return _mean_number(shifts["s"], shifts["end_s"], edges) - _mean_number(away["s"], away["end_s"], edges)


def _mean_number(start: Floats, end: Floats, edges: Floats) -> Floats:
    """(bins,) mean number of intervals open at a time, between each two edges."""
    return np.diff(_passed_s(start, edges) - _passed_s(end, edges)) / np.diff(edges)


def _passed_s(times: Floats, edges: Floats) -> Floats:
    """(edges,) sum over `times` of the seconds passed since, at each edge."""
    times = np.sort(times)
    count = np.searchsorted(times, edges)
    passed: Floats = count * edges - np.append(0.0, times.cumsum())[count]
    return passed


def _by_half_hour(values: Floats) -> Floats:
    """(48,) sums over days of a value per half hour of an episode."""
    summed: Floats = values.reshape(-1, HALF_HOURS).sum(axis=0)
    return summed
