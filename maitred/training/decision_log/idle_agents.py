"""Who was free when: what a log of services tells of agents at any moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maitred.envs.calibration.absence import services_worked
from maitred.envs.calibration.staffing import duty_spells
from maitred.envs.scenario import DAY_S

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Presence:
    """A agents at n moments.

    Attributes:
        on_duty: (n, A) bool, within a time on duty that began before the moment.
        idle: (n, A) bool, on duty and on no service that began before the moment.
        idle_s: (n, A) float64, seconds since the last service ended; meaningful where idle.
        occupancy: (n, A) float64 0..1, share of the time on duty so far that was service; meaningful where on duty.
    """

    on_duty: NDArray[np.bool_]
    idle: NDArray[np.bool_]
    idle_s: Floats
    occupancy: Floats


def presence(log: pa.Table, agents: tuple[str, ...], gap_s: float, moment_s: Floats) -> Presence:
    """Read from the services of a log who was on duty and free.

    An agent is on duty from a service's start to the last service's end, over gaps of up to `gap_s`: when somebody
    came before the first service, or stayed after the last, is not known.

    Args:
        log: contact log.
        agents: A names.
        gap_s: idle seconds that end a time on duty.
        moment_s: (n,) clock seconds since 1970.
    """
    shape = len(moment_s), len(agents)
    found = Presence(np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape), np.zeros(shape))
    worked, spells = services_worked(log, agents), duty_spells(log, agents, gap_s)
    for agent in range(len(agents)):
        own, on = worked.agent == agent, spells.agent == agent
        start, until = worked.start_s[own], worked.busy_until_s[own]
        came, left = (spells.day[on] * DAY_S + moment[on] for moment in (spells.start_s, spells.end_s))
        spell, service = np.searchsorted(came, moment_s) - 1, np.searchsorted(start, moment_s) - 1
        there = (spell >= 0) & (moment_s <= np.append(left, 0.0)[spell])
        since, busy_until = np.append(came, 0.0)[spell], np.append(until, 0.0)[service]
        free = there & (busy_until <= moment_s)
        busy_s = _service_s_since(start, until, since, moment_s)
        found.on_duty[:, agent], found.idle[:, agent] = there, free
        found.idle_s[:, agent] = np.where(free, moment_s - busy_until, 0.0)
        found.occupancy[:, agent] = np.where(there, np.clip(busy_s / np.maximum(moment_s - since, 1.0), 0, 1), 0.0)
    return found


def _service_s_since(start: Floats, until: Floats, since: Floats, moment_s: Floats) -> Floats:
    """Seconds of service between two moments, of services that follow each other."""
    ended = np.append(0.0, np.cumsum(until - np.maximum(start, np.append(-np.inf, until[:-1]))))

    def before(moment: Floats) -> Floats:
        begun = np.searchsorted(start, moment)
        running = np.maximum(np.append(0.0, until)[begun] - moment, 0.0)
        return np.asarray(ended[begun] - np.where(begun > 0, running, 0.0))

    return before(moment_s) - before(since)
