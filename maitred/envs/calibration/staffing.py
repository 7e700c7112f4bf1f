"""Staffing of a log: who was on duty when, and what each agent answers.

An agent is taken to be on duty from a service's start to the last service's end, gaps up to that of `absence`
included; short breaks within are left to the scenario's availability. A service over midnight belongs to the
day it started. Axes: d days, D day types, A agents, G groups, T types, N half-hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maitred.envs.calibration import log_arrays
from maitred.envs.calibration.absence import absence_gap_s, agent_names, services_worked
from maitred.envs.calibration.arrivals import ArrivalFit
from maitred.envs.calibration.log_arrays import PERIOD_S, PERIODS
from maitred.envs.scenario import DAY_S, Floats, Ints

ANSWERS_SHARE = 0.25  # under this share of what all agents do of a type, an agent does not answer it
DESK_SHARE = 0.5  # agents who do one type more than anything else form a desk of their own


@dataclass(frozen=True)
class Spells:
    """Times when agents were on duty, one entry each, by agent and time. Seconds of `day`, (n,)."""

    agents: tuple[str, ...]
    day: Ints  # days since 1970
    agent: Ints  # index into agents
    start_s: Floats
    end_s: Floats  # may lie past 86400

    def on_day(self, day: int) -> Spells:
        """The spells of one day: the real roster, for a replay."""
        here = self.day == day
        return Spells(self.agents, self.day[here], self.agent[here], self.start_s[here], self.end_s[here])


@dataclass(frozen=True)
class StaffingFit:
    """Groups of the kept agents, and the mean staffing of all agents by day type."""

    group_names: tuple[str, ...]
    group: Ints  # (A,)
    weight: Floats  # (A,) share of the log's ordinary days on duty
    may_answer: np.ndarray[tuple[int, int], np.dtype[np.bool_]]  # (A, T)
    mean: Floats  # (D, G, N) agents on duty
    sd: Floats  # (D, N) over days, of all groups together
    longest_shift_s: float
    gap_s: float  # idle time that counts as absence


def fit_staffing(log: pa.Table, arrivals: ArrivalFit, types: tuple[str, ...], agents: tuple[str, ...]) -> StaffingFit:
    """Read groups, skills and the mean staffing of ordinary days; dropped agents count as floor staff."""
    everybody = (*agents, *(a for a in agent_names(log) if a not in agents))
    gap_s = absence_gap_s(log)
    spells = duty_spells(log, everybody, gap_s)
    group_names, group = groups_of(service_counts(log, agents, types), types)
    of_everybody = np.append(group, np.zeros(len(everybody) - len(agents), dtype=np.int64))
    staff = staffing_by_day(spells, of_everybody, arrivals.counts.day)
    days = [arrivals.used & (arrivals.day_type == d) for d in range(len(arrivals.day_type_names))]
    return StaffingFit(
        group_names=group_names,
        group=group,
        weight=days_on_duty(spells)[: len(agents)] / arrivals.used.sum(),
        may_answer=answered_types(log, agents, types),
        mean=np.stack([staff[of_type].mean(axis=0) for of_type in days]),
        sd=np.stack([staff[of_type].sum(axis=1).std(axis=0) for of_type in days]),
        longest_shift_s=usual_shift_s(spells),
        gap_s=gap_s,
    )


def duty_spells(log: pa.Table, agents: tuple[str, ...] | None = None, gap_s: float | None = None) -> Spells:
    """Read the times on duty of `agents` (everybody if not given) from the log.

    Args:
        log: contact log with agent, service_start, service_s, queue_enter, wait_s and type.
        agents: names, which the spells' indices refer to.
        gap_s: idle seconds that end a spell; `absence_gap_s` of the log if not given.
    """
    agents = agents or agent_names(log)
    worked = services_worked(log, agents)
    longest = absence_gap_s(log) if gap_s is None else gap_s
    ends = ~(worked.gap_s <= longest)  # nan, another agent, ends a spell too
    first, last = np.append(True, ends), np.append(ends, True)
    start, day = worked.start_s[first], worked.start_s[first] // DAY_S
    return Spells(
        agents=agents,
        day=day.astype(np.int64),
        agent=worked.agent[first],
        start_s=start - day * DAY_S,
        end_s=worked.busy_until_s[last] - day * DAY_S,
    )


def answered_types(log: pa.Table, agents: tuple[str, ...], types: tuple[str, ...]) -> NDArray[np.bool_]:
    """(A, T) whether an agent answers a type: at least `ANSWERS_SHARE` of its share among all services."""
    count = service_counts(log, agents, types)
    share = count / np.maximum(count.sum(axis=1, keepdims=True), 1)
    return np.asarray((count > 0) & (share >= ANSWERS_SHARE * count.sum(axis=0) / max(count.sum(), 1)))


def service_counts(log: pa.Table, agents: tuple[str, ...], types: tuple[str, ...]) -> Ints:
    """(A, T) services in the log."""
    agent, kind = log_arrays.codes(log, "agent", agents), log_arrays.codes(log, "type", types)
    use = (agent >= 0) & (kind >= 0)
    count = np.zeros((len(agents), len(types)), dtype=np.int64)
    np.add.at(count, (agent[use], kind[use]), 1)
    return count


def groups_of(count: Ints, types: tuple[str, ...]) -> tuple[tuple[str, ...], Ints]:
    """Divide agents into desks of one type and the floor: (G) names, floor first, and (A,) group.

    Args:
        count: (A, T) services.
        types: (T) names. The floor is everybody whose services are mostly of the commonest type, or mixed.
    """
    commonest = int(count.sum(axis=0).argmax())
    main = count.argmax(axis=1)
    mostly = count.max(axis=1) > DESK_SHARE * count.sum(axis=1)
    desk = np.where(mostly & (main != commonest), main, -1)
    present = np.unique(np.append(desk, -1))
    names = tuple("floor" if d < 0 else f"{types[d]}_desk" for d in present)
    return names, np.searchsorted(present, desk)


def staffing_by_day(spells: Spells, group: Ints, days: Ints) -> Floats:
    """(d, G, N) mean number of agents on duty in each half-hour of `days`, which follow one another.

    Time past midnight counts where it is spent, on the next day.
    """
    start = ((spells.day - days[0]) * DAY_S + spells.start_s) / PERIOD_S
    end = ((spells.day - days[0]) * DAY_S + spells.end_s) / PERIOD_S
    touched = (np.ceil(end) - np.floor(start)).astype(np.int64)
    spell = np.repeat(np.arange(len(start)), touched)
    nth = np.arange(len(spell)) - np.repeat(np.cumsum(touched) - touched, touched)
    period = np.floor(start).astype(np.int64)[spell] + nth
    spent = np.minimum(end[spell], period + 1) - np.maximum(start[spell], period)
    staff = np.zeros((int(group.max()) + 1, len(days) * PERIODS))
    inside = (period >= 0) & (period < staff.shape[1])
    np.add.at(staff, (group[spells.agent[spell]][inside], period[inside]), spent[inside])
    return staff.reshape(-1, len(days), PERIODS).swapaxes(0, 1)


def days_on_duty(spells: Spells) -> Ints:
    """(A,) days with at least one spell."""
    pairs = np.unique(np.stack([spells.agent, spells.day]), axis=1)
    return np.bincount(pairs[0], minlength=len(spells.agents))


def usual_shift_s(spells: Spells) -> float:
    """Time from coming to leaving that nine of ten days on duty do not exceed."""
    agent_day = np.unique(np.stack([spells.agent, spells.day]), axis=1, return_inverse=True)[1].ravel()
    came, left = np.full(agent_day.max() + 1, np.inf), np.zeros(agent_day.max() + 1)
    np.minimum.at(came, agent_day, spells.start_s)
    np.maximum.at(left, agent_day, spells.end_s)
    return float(np.quantile(left - came, 0.9))
