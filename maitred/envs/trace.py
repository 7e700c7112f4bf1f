"""A trace: the luck of one episode, drawn before anyone decides anything.

The kernel is a pure function of scenario, trace and actions. What is random is either an array here or follows
from a key here by hashing (`kernel/chance.py`), so two policies met with one trace meet the same callers, the
same patience and the same handle-time quantiles, and their difference is paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

ARRIVAL = np.dtype([("s", "f8"), ("key", "u8"), ("type", "i4"), ("level", "i4"), ("induced", "f4"), ("shock", "i4")])
ROSTER = np.dtype([("s", "f8"), ("end_s", "f8"), ("agent", "i4"), ("code", "i4")])
FORECAST = np.dtype([("per_h", "f8"), ("work", "f8"), ("cumulative", "f8")])
NEED = np.dtype([("s", "f8"), ("key", "u8"), ("type", "i4"), ("genuine", "i4"), ("predicted_p", "f8")])

# What a roster code says happens is in its lowest four bits, in the order in which events of one instant happen: who
# leaves goes before who comes, and who is away from the first second of a shift is away before it starts. Above them
# an away start carries its reason: the `Activity` that the time is booked as, 0 for unavailable.
SHIFT_END, AWAY_END, AWAY_START, SHIFT_START = range(4)
CODE_MASK, REASON_SHIFT = 15, 4


@dataclass(frozen=True)
class Trace:
    """One episode's exogenous randomness. Times are seconds from the start of its first day.

    Attributes:
        key: (1,) uint64, root of all hashed draws of this episode.
        start_weekday: (1,) int64, 0 Monday .. 6 Sunday.
        arrivals: (N,) `ARRIVAL`, first attempts in time order: when, key, type, priority level. An arrival
            comes only if ease is at least `induced`, 0 for ordinary ones, else in (0, 1]; `shock` is the number of
            the outage that caused it, from 1, or 0.
        roster: (M,) `ROSTER`, in time order: an agent's shift start (with its end), shift end, away start, away end.
        handle_mean_s: (A, T) float64, the agents' true mean handle times in this episode.
        resolve_p: (A, T) float64, their true chances of resolving a contact.
        empathy: (A,) float64, their true empathy in standard deviations.
        may_answer: (A, T) bool, who may answer what in this episode.
        forecast: (periods + 1,) `FORECAST`: expected contacts per hour and work (agent hours per hour) in each
            period, and contacts expected before it since the start of its day.
        needs: (M,) `NEED`, predicted problems in time order: when, key, type, whether the problem is real, and the
            predicted chance that it is.
    """

    key: NDArray[np.uint64]
    start_weekday: NDArray[np.int64]
    arrivals: NDArray[np.void]
    roster: NDArray[np.void]
    handle_mean_s: NDArray[np.float64]
    resolve_p: NDArray[np.float64]
    empathy: NDArray[np.float64]
    may_answer: NDArray[np.bool_]
    forecast: NDArray[np.void]
    needs: NDArray[np.void]


def pack_traces(traces: Sequence[Trace]) -> dict[str, NDArray[np.generic]]:
    """Plain arrays holding a list of traces, for an npz file: each field concatenated, with its lengths."""
    packed: dict[str, NDArray[np.generic]] = {}
    for field in fields(Trace):
        parts = [getattr(trace, field.name) for trace in traces]
        packed[field.name] = np.concatenate(parts)
        packed[f"{field.name}_length"] = np.array([len(part) for part in parts], dtype=np.int64)
    return packed


def unpack_traces(packed: Mapping[str, NDArray[np.generic]]) -> list[Trace]:
    """The traces that `pack_traces` packed."""
    columns = {}
    for field in fields(Trace):
        ends = packed[f"{field.name}_length"].astype(np.int64).cumsum()
        columns[field.name] = np.split(packed[field.name], ends[:-1])
    return [Trace(**{name: parts[i] for name, parts in columns.items()}) for i in range(len(columns["key"]))]
