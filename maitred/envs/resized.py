"""The same center with more or fewer people, or busier: where a policy is tried that was trained at another size."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.scenario import Agents, Ints, Scenario, Staffing

PER_AGENT = (
    "group", "weight", "may_answer", "mean_s", "log_se", "resolve_p", "short_share", "tenure_wk", "empathy",
)  # fmt: skip


def resized(scenario: Scenario, agents: float = 1.0, load: float = 1.0) -> Scenario:
    """The center with `agents` times as many people on its shifts, and work for them that is `load` times as much.

    Where more people are needed than there are, everybody is copied equally often. Counts per shift are rounded, so
    arrivals follow the hours that the shifts really have; bots' sessions and trunk lines grow with the arrivals.

    Args:
        scenario: the center.
        agents: factor of the agents of every shift, positive.
        load: factor of arrivals per agent hour, positive.

    Raises:
        ValueError: a factor is not positive.
    """
    if not (agents > 0 and load > 0):
        raise ValueError(f"resized: expected positive factors, found agents {agents}, load {load}")
    staffing = _shifts(scenario.staffing, agents)
    grown = load * _hours(staffing) / _hours(scenario.staffing)
    rates = scenario.arrivals.rate_per_h * grown
    sessions = np.ceil(np.asarray(scenario.bots.sessions) * grown)
    return replace(
        scenario,
        agents=_copied(scenario.agents, math.ceil(agents)),
        arrivals=replace(scenario.arrivals, rate_per_h=rates),
        staffing=replace(staffing, lines=math.ceil(staffing.lines * grown)),
        bots=replace(scenario.bots, sessions=sessions if sessions.shape else float(sessions)),
    )


def _copied(people: Agents, copies: int) -> Agents:
    if copies == 1:
        return people
    names = tuple(f"{name} {copy + 1}" for copy in range(copies) for name in people.names)
    arrays: dict[str, Any] = {name: np.concatenate([getattr(people, name)] * copies) for name in PER_AGENT}
    return replace(people, names=names, **arrays)


def _shifts(staffing: Staffing, factor: float) -> Staffing:
    """Shifts of a group and day type share what rounding leaves, so that their sum is as near as can be."""
    agents = np.zeros_like(staffing.shift_agents)
    of = np.stack([staffing.shift_day_type, staffing.shift_group], axis=1)
    for day_type, group in np.unique(of, axis=0):
        rows = np.flatnonzero((of == (day_type, group)).all(axis=1))
        agents[rows] = _rounded(staffing.shift_agents[rows] * factor)
    kept = agents > 0
    fields = ("shift_day_type", "shift_group", "shift_start_s", "shift_end_s")
    return replace(staffing, shift_agents=agents[kept], **{name: getattr(staffing, name)[kept] for name in fields})


def _rounded(wanted: NDArray[np.floating]) -> Ints:
    """Integers whose sum is that of `wanted`, rounded, at least 1: the largest remainders are rounded up."""
    whole: Ints = np.floor(wanted).astype(np.int64)
    missing = max(round(float(wanted.sum())), 1) - int(whole.sum())
    whole[np.argsort(whole - wanted, kind="stable")[:missing]] += 1
    return whole


def _hours(staffing: Staffing) -> float:
    return float((staffing.shift_agents * (staffing.shift_end_s - staffing.shift_start_s)).sum() / 3600)
