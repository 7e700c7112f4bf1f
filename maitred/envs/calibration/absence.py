"""From which length on a gap between an agent's services is absence.

A log says when agents served, not when they were there; how long a free agent sits idle depends on the load.
What tells the two apart is the queue: while a free agent is there, nobody waits long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from maitred.envs.calibration import log_arrays
from maitred.envs.scenario import Floats, Ints

WAITING_S = 30.0  # somebody who waits this long is not being answered by a free agent
SURE_PRESENCE_S = (60.0, 300.0)  # gaps too short to go anywhere
GAP_EDGES_S = (300.0, 600.0, 900.0, 1200.0, 1800.0, 2700.0)
SURE_ABSENCE_S = (3600.0, 14400.0)  # gaps of a meal or a meeting, and not of a night
FALLBACK_GAP_S = 1800.0  # where nobody ever waits, gaps tell nothing


@dataclass(frozen=True)
class Worked:
    """The services of known agents by agent and time, clock seconds since 1970, (n,)."""

    agent: Ints
    start_s: Floats
    end_s: Floats
    busy_until_s: Floats  # the latest end of this agent's services up to this one

    @property
    def gap_s(self) -> Floats:
        """(n - 1,) idle seconds after each service but the last; nan where another agent's follows."""
        gap = np.maximum(self.start_s[1:] - self.busy_until_s[:-1], 0)
        return np.where(self.agent[1:] == self.agent[:-1], gap, np.nan)


def agent_names(log: pa.Table) -> tuple[str, ...]:
    """Return everybody named in the log, sorted."""
    return tuple(sorted(name for name in log["agent"].unique().to_pylist() if name is not None))


def services_worked(log: pa.Table, agents: tuple[str, ...]) -> Worked:
    """Return every recorded service of `agents`."""
    agent = log_arrays.codes(log, "agent", agents)
    start, seconds = log_arrays.clock_s(log, "service_start"), log_arrays.numbers(log, "service_s")
    use = (agent >= 0) & np.isfinite(start) & np.isfinite(seconds)
    agent, start, end = agent[use], start[use], (start + seconds)[use]
    order = np.lexsort((start, agent))
    agent, start, end = agent[order], start[order], end[order]
    # One running maximum for all agents: shifting each by more than the log's length keeps them apart.
    far = (end.max() - start.min() + 1) * agent
    return Worked(agent, start, end, np.maximum.accumulate(end + far) - far)


def absence_gap_s(log: pa.Table) -> float:
    """Find from which length on a gap between services is more likely absence than idleness.

    While a free agent is there, nobody waits long; while the agent is away, the queue is as it is. So the share
    of a gap's time in which somebody waits is a mixture of that in gaps that surely are presence and that in
    gaps that surely are absence. The answer is the first of `GAP_EDGES_S` where absence is over half of it.
    """
    present, absent = waiting_in_gaps(log, SURE_PRESENCE_S)[0], waiting_in_gaps(log, SURE_ABSENCE_S)[0]
    share = waiting_in_gaps(log, GAP_EDGES_S)
    away = np.nonzero(share > (present + absent) / 2)[0]
    return GAP_EDGES_S[away[0]] if absent > present and len(away) else FALLBACK_GAP_S


def waiting_in_gaps(log: pa.Table, edges_s: tuple[float, ...]) -> Floats:
    """Share of the time of gaps, by length, in which somebody of the commonest type waits over `WAITING_S`.

    Args:
        log: contact log.
        edges_s: (k + 1) increasing seconds; class i holds the gaps in [edge i, edge i + 1).

    Returns:
        (k,) shares, nan for a class without gaps.
    """
    worked = services_worked(log, agent_names(log))
    gap = worked.gap_s
    waited = _time_with_waiters(log, worked.start_s[1:]) - _time_with_waiters(log, worked.busy_until_s[:-1])
    kind = np.digitize(gap, edges_s) - 1
    inside = (kind >= 0) & (kind < len(edges_s) - 1) & np.isfinite(gap)
    total = np.bincount(kind[inside], gap[inside], len(edges_s) - 1)
    spent = np.bincount(kind[inside], waited[inside], len(edges_s) - 1)
    return np.asarray(np.divide(spent, total, out=np.full(len(total), np.nan), where=total > 0))


def _time_with_waiters(log: pa.Table, until_s: Floats) -> Floats:
    """Seconds before each clock time during which somebody had been waiting for over `WAITING_S`."""
    names = log["type"].value_counts()
    commonest = max(names.to_pylist(), key=lambda entry: entry["counts"])["values"]
    enter, wait = log_arrays.clock_s(log, "queue_enter"), log_arrays.numbers(log, "wait_s")
    use = (log_arrays.codes(log, "type", (commonest,)) == 0) & (wait > WAITING_S)
    begin, end = enter[use] + WAITING_S, (enter + wait)[use]
    moment = np.concatenate([begin, end])
    change = np.repeat([1, -1], len(begin))
    order = np.argsort(moment, kind="stable")
    moment, waiting = moment[order], np.cumsum(change[order]) > 0
    if len(moment) == 0:
        return np.zeros_like(until_s)
    before = np.append(0.0, np.cumsum(np.diff(moment) * waiting[:-1]))
    return np.asarray(np.interp(until_s, moment, before))
