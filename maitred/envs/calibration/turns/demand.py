"""Arrivals and staffing of a turn log, by the fits that contact logs use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from maitred.envs.calibration.arrivals import WEEKDAYS, ArrivalFit, fit_arrivals
from maitred.envs.calibration.log_arrays import PERIOD_S, PERIODS
from maitred.envs.calibration.staffing import (
    Spells,
    StaffingFit,
    days_on_duty,
    groups_of,
    staffing_by_day,
    usual_shift_s,
)
from maitred.envs.calibration.turns.events import NOTHING, Bools, Log
from maitred.envs.scenario import DAY_S, Ints

FEWEST_DAYS = 14  # below, all weekdays are taken for one type of day


def fit_first_arrivals(log: Log) -> ArrivalFit:
    """Fit the arrivals of first contacts: those that open a case."""
    _, first = np.unique(log.arrived.case, return_index=True)
    clock = (log.arrived.s[first] * 1e6).astype("datetime64[us]")
    table = pa.table({"queue_enter": clock, "type": [log.types[t] for t in log.arrived.type[first]]})
    days = len(np.unique(log.arrived.s // DAY_S))
    return fit_arrivals(table, log.types, _every_day() if days < FEWEST_DAYS else None)


def _every_day() -> Mapping[str, tuple[str, ...]]:
    return {"every_day": WEEKDAYS}


def fit_shifts(log: Log, arrivals: ArrivalFit, served: Ints) -> StaffingFit:
    """Read groups and the mean staffing from the shifts' events.

    Args:
        log: the log; its shifts name the groups, or else they are those of `staffing.groups_of`.
        arrivals: its days.
        served: (A, T) turns of each agent with each type.

    Raises:
        ValueError: no shift in the log.
    """
    spells = spells_of(log)
    if len(spells.day) == 0:
        raise ValueError("no shift_start and shift_end of an agent in the log: staffing cannot be fitted")
    names, group = _groups(log, served)
    staff = staffing_by_day(spells, group, arrivals.counts.day)
    staff = np.concatenate([staff, np.zeros((len(staff), len(names) - staff.shape[1], PERIODS))], axis=1)
    days = [arrivals.used & (arrivals.day_type == d) for d in range(len(arrivals.day_type_names))]
    return StaffingFit(
        group_names=names,
        group=group,
        weight=days_on_duty(spells) / arrivals.used.sum(),
        may_answer=may_answer(served),
        mean=np.stack([staff[of_type].mean(axis=0) for of_type in days]),
        sd=np.stack([staff[of_type].sum(axis=1).std(axis=0) for of_type in days]),
        longest_shift_s=max(usual_shift_s(spells), PERIOD_S),
        gap_s=0.0,
    )


def may_answer(served: Ints) -> Bools:
    """(A, T) types an agent has served; everything for an agent who has served nothing."""
    return np.asarray((served > 0) | (served.sum(axis=1, keepdims=True) == 0))


def spells_of(log: Log) -> Spells:
    """Pair every start of a shift with the agent's next end."""
    shifts = log.shifts
    order = np.argsort(shifts.agent, kind="stable")
    agent, starts, s = shifts.agent[order], shifts.starts[order], shifts.s[order]
    whole = np.flatnonzero(starts[:-1] & ~starts[1:] & (agent[:-1] == agent[1:]) & (agent[:-1] >= 0))
    day = s[whole] // DAY_S
    return Spells(log.agents, day.astype(np.int64), agent[whole], s[whole] - day * DAY_S, s[whole + 1] - day * DAY_S)


def _groups(log: Log, served: Ints) -> tuple[tuple[str, ...], Ints]:
    shifts = log.shifts
    if not shifts.groups:
        return groups_of(served, log.types)
    group = np.zeros(len(log.agents), np.int64)
    said = (shifts.group != NOTHING) & (shifts.agent >= 0)
    group[shifts.agent[said]] = shifts.group[said]
    return shifts.groups, group
