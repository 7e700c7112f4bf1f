"""The decisions behind the services of a contact log: what was known of the contact and of the agents who were free."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maitred.envs.calibration import log_arrays
from maitred.envs.calibration.levels import priority_level
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, PREFERENCE, PREFERRED, Decisions, Kind
from maitred.envs.kernel.world import World
from maitred.envs.scenario import DAY_S, Floats, Ints
from maitred.training.decision_log.idle_agents import Presence


@dataclass(frozen=True, eq=False)
class Answered:
    """Contacts (n,) at the moment when an agent answered them.

    Attributes:
        moment_s: (n,) float64, clock seconds since 1970.
        wait_s: (n,) float64, since they joined the queue.
        type: (n,) int64.
        level: (n,) int64, of priority.
        agent: (n,) int64, who answered.
    """

    moment_s: Floats
    wait_s: Floats
    type: Ints
    level: Ints
    agent: Ints


def answered_contacts(log: pa.Table, types: tuple[str, ...], agents: tuple[str, ...]) -> Answered:
    """Every contact of the log (n,), those included that nobody known answered: -1 or NaN is what is not known."""
    moment_s = log_arrays.clock_s(log, "service_start")
    return Answered(
        moment_s,
        np.maximum(moment_s - log_arrays.clock_s(log, "queue_enter"), 0),
        log_arrays.codes(log, "type", types),
        priority_level(log_arrays.numbers(log, "priority")),
        log_arrays.codes(log, "agent", agents),
    )


def decisions_behind(
    key: NDArray[np.uint64], answered: Answered, able: NDArray[np.bool_], there: Presence, queue: Queue, world: World
) -> tuple[Decisions, Ints]:
    """The decisions (n,), and which candidate was taken.

    Candidates are the agents who were free and able, the longest idle first. What a contact log does not tell is 0:
    forecasts, shift ends, cases, and what the platform would usually do.

    Args:
        key: (n,) uint64, of the decisions.
        answered: n contacts.
        able: (n, A) bool, candidates; he who answered is among them.
        there: who was on duty.
        queue: who waited.
        world: what was estimated of types, agents and pairs.
    """
    order = np.argsort(np.where(able, -there.idle_s, np.inf), axis=1, kind="stable")
    order = order[:, : int(able.sum(axis=1).max(initial=1))]
    rows = np.arange(len(order))[:, None]
    mask, kind, waits = able[rows, order], answered.type[:, None], answered.wait_s
    step = np.searchsorted(world.patience_from_s, waits, side="right") - 1
    hazard = 60 * world.hazard_per_s[answered.type, answered.level, step]
    of_contact = {
        "wait_s": waits,
        "priority": answered.level,
        "abandon_hazard_per_min": hazard,
        "type_waiting": queue.waiting(answered.moment_s, answered.type),
        "type_agents_idle": able.sum(axis=1),
        "type_handle_s": world.types["handle_s"][answered.type],
    }
    people, pairs = world.people[order], world.pairs[order, kind]
    values = {
        **{name: np.broadcast_to(value[:, None], order.shape) for name, value in of_contact.items()},
        "idle_s": there.idle_s[rows, order],
        "occupancy": there.occupancy[rows, order],
        "agent_types": people["types"],
        "agent_log_speed": people["log_speed"],
        "short_share": people["short_share"],
        "handle_s": pairs["handle_s"],
        "handle_log_se": pairs["log_se"],
        "fit": pairs["fit"],
        "resolve_p": pairs["resolve_p"],
    }
    candidates = np.zeros((*order.shape, len(CANDIDATE_NAMES)), np.float32)
    for name, value in values.items():
        candidates[:, :, CANDIDATE_NAMES.index(name)] = np.where(mask, value, 0)
    chosen = (order == answered.agent[:, None]).argmax(axis=1)
    return Decisions(key, _context(answered, there, queue), candidates, mask), chosen


def _context(answered: Answered, there: Presence, queue: Queue) -> NDArray[np.float32]:
    angle = 2 * np.pi * (answered.moment_s % DAY_S) / DAY_S
    values = {
        f"kind_{Kind.ROUTE.name.lower()}": np.ones(len(angle)),
        "time_of_day_sin": np.sin(angle),
        "time_of_day_cos": np.cos(angle),
        "agents_on_duty": there.on_duty.sum(axis=1),
        "agents_idle": there.idle.sum(axis=1),
        "contacts_waiting": queue.waiting(answered.moment_s),
        "oldest_wait_s": queue.oldest_s(answered.moment_s),
        "conversations_open": (there.on_duty & ~there.idle).sum(axis=1),
    }
    context = np.zeros((len(angle), len(CONTEXT_NAMES)), np.float32)
    context[:, PREFERRED] = np.array(list(PREFERENCE.values()), np.float32)
    for name, value in values.items():
        context[:, CONTEXT_NAMES.index(name)] = value
    return context


@dataclass(frozen=True, eq=False)
class Queue:
    """Contacts (m,) that queued, in order of joining.

    Attributes:
        enter_s: (m,) float64, clock seconds since 1970.
        leave_s: (m,) float64, answered or gone.
        type: (m,) int64.
    """

    enter_s: Floats
    leave_s: Floats
    type: Ints

    def waiting(self, moment_s: Floats, type: Ints | None = None) -> Ints:
        """(n,) contacts that wait at each moment, of a type (n,) if given; who leaves then waits no more."""
        if type is None:
            entered = np.searchsorted(self.enter_s, moment_s, side="right")
            return np.asarray(entered - np.searchsorted(np.sort(self.leave_s), moment_s, side="right"))
        count = np.zeros(len(moment_s), np.int64)
        for kind in np.unique(type):
            own = self.type == kind
            only = Queue(self.enter_s[own], self.leave_s[own], self.type[own])
            count[type == kind] = only.waiting(moment_s[type == kind])
        return count

    def oldest_s(self, moment_s: Floats) -> Floats:
        """(n,) longest time that anybody waiting has waited, at increasing moments."""
        oldest, first = np.zeros(len(moment_s)), 0
        for place, moment in enumerate(moment_s.tolist()):
            while first < len(self.enter_s) and self.leave_s[first] <= moment:
                first += 1
            if first < len(self.enter_s) and self.enter_s[first] <= moment:
                oldest[place] = moment - self.enter_s[first]
        return oldest


def queue_of(log: pa.Table, types: tuple[str, ...]) -> Queue:
    """The queue of a contact log."""
    enter, wait = log_arrays.clock_s(log, "queue_enter"), log_arrays.numbers(log, "wait_s")
    queued = np.flatnonzero(np.isfinite(enter) & np.isfinite(wait))
    queued = queued[np.argsort(enter[queued], kind="stable")]
    return Queue(enter[queued], (enter + wait)[queued], log_arrays.codes(log, "type", types)[queued])
