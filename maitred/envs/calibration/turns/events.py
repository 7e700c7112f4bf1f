"""A turn log as arrays: events by contact and time, the turns of agents, and one row per contact.

Axes: n events, C contacts in order of arrival, A agents, T types, K channels, R bots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maitred.envs.scenario import Floats, Ints
from maitred.envs.turn_log.schema import EVENTS

Bools = NDArray[np.bool_]
CODE = {name: code for code, name in enumerate(EVENTS)}
NOTHING = -1


@dataclass(frozen=True)
class Log:
    """Events of contacts by contact and time (n,), and the shifts' events by time."""

    types: tuple[str, ...]  # commonest first
    channels: tuple[str, ...]
    agents: tuple[str, ...]
    bots: tuple[str, ...]
    code: Ints  # index into EVENTS
    s: Floats  # clock seconds since 1970
    contact: Ints
    type: Ints  # -1 where the event names none
    channel: Ints
    agent: Ints  # -1 where it is no agent's
    bot: Ints
    duration_s: Floats  # nan where not known
    context: Floats
    score: Floats
    resolved: Floats  # nan where not known
    arrived: Contacts
    shifts: Shifts

    @property
    def end_s(self) -> float:
        """When the log ends."""
        return float(max(self.s.max(), self.shifts.s.max(initial=-np.inf)))

    def rows(self, *events: str) -> Ints:
        """Rows of the named events, by contact and time."""
        return np.flatnonzero(np.isin(self.code, [CODE[event] for event in events]))

    def neighbours(self, rows: Ints) -> tuple[Ints, Ints]:
        """The row before and the row after each of `rows` in its contact and among `rows`, -1 for none."""
        same = self.contact[rows][1:] == self.contact[rows][:-1]
        before, after = np.full(len(rows), NOTHING), np.full(len(rows), NOTHING)
        before[1:][same], after[:-1][same] = rows[:-1][same], rows[1:][same]
        return before, after


@dataclass(frozen=True)
class Contacts:
    """One row per contact, (C,)."""

    s: Floats
    type: Ints  # as it arrived
    channel: Ints
    priority: Ints
    case: Ints
    complexity: Ints  # index into labels, -1 without
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Shifts:
    """Starts and ends of shifts by time."""

    s: Floats
    agent: Ints
    starts: Bools
    group: Ints  # index into groups, -1 where not said
    groups: tuple[str, ...]
    tenure_wk: Floats  # nan where not said


def read_events(events: pa.Table) -> Log:
    """Arrange the events of a turn log (`SCHEMA`'s columns, in order of time) by contact."""
    code = _codes(events["event"], tuple(EVENTS))
    arrives, of_contact = code == CODE["arrive"], np.asarray(pc.is_valid(events["contact_id"]), dtype=bool)
    contact = _codes(events["contact_id"], tuple(events["contact_id"].filter(pa.array(arrives)).to_pylist()))
    types, channels = _commonest(events["intent"], arrives), _commonest(events["channel"], arrives)
    by_agent = np.isin(code, [CODE[event] for event in ("accept", "start_turn", "end_turn", "shift_start")])
    agents = tuple(sorted(_commonest(events["resource_id"], by_agent)))
    bots = tuple(sorted(_commonest(events["resource_id"], code == CODE["bot_start"])))
    seconds = pc.cast(pc.cast(events["ts"], pa.int64()), pa.float64()).to_numpy() / 1e6
    order = np.flatnonzero(of_contact)[np.argsort(contact[of_contact], kind="stable")]
    kind, channel = _codes(events["intent"], types), _codes(events["channel"], channels)
    agent = _codes(events["resource_id"], agents)
    return Log(
        types=types,
        channels=channels,
        agents=agents,
        bots=bots,
        code=code[order],
        s=seconds[order],
        contact=contact[order],
        type=kind[order],
        channel=channel[order],
        agent=agent[order],
        bot=_codes(events["resource_id"], bots)[order],
        duration_s=_floats(events["duration_s"])[order],
        context=_floats(_attr(events, "context"))[order],
        score=_floats(_attr(events, "score"))[order],
        resolved=_floats(pc.cast(_attr(events, "resolved"), pa.int8()))[order],
        arrived=_arrived(events.filter(pa.array(arrives)), seconds[arrives], kind[arrives], channel[arrives]),
        shifts=_shifts(events, code, seconds, agent),
    )


def _arrived(events: pa.Table, seconds: Floats, kind: Ints, channel: Ints) -> Contacts:
    labels = _attr(events, "complexity")
    names = tuple(sorted(name for name in labels.unique().to_pylist() if name is not None))
    case = pc.coalesce(events["case_id"], events["contact_id"])
    return Contacts(
        s=seconds,
        type=kind,
        channel=channel,
        priority=np.nan_to_num(_floats(_attr(events, "priority"))).astype(np.int64),
        case=_codes(case, tuple(case.unique().to_pylist())),
        complexity=_codes(labels, names),
        labels=names,
    )


def _shifts(events: pa.Table, code: Ints, seconds: Floats, agent: Ints) -> Shifts:
    rows = np.isin(code, [CODE["shift_start"], CODE["shift_end"]])
    mine = events.filter(pa.array(rows))
    group = _attr(mine, "group")
    groups = tuple(sorted(name for name in group.unique().to_pylist() if name is not None))
    starts = code[rows] == CODE["shift_start"]
    return Shifts(seconds[rows], agent[rows], starts, _codes(group, groups), groups, _floats(_attr(mine, "tenure_wk")))


def _attr(events: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.struct_field(events["attrs"], name)


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=float)


def _codes(column: pa.ChunkedArray, names: tuple[str, ...]) -> Ints:
    found = pc.index_in(pc.cast(column, pa.string()), value_set=pa.array(names, pa.string()))
    return np.asarray(pc.fill_null(found, NOTHING).to_numpy(), dtype=np.int64)


def _commonest(column: pa.ChunkedArray, use: Bools) -> tuple[str, ...]:
    counts = pc.cast(column.filter(pa.array(use)), pa.string()).value_counts().to_pylist()
    return tuple(c["values"] for c in sorted(counts, key=lambda c: (-c["counts"], c["values"])) if c["values"])
