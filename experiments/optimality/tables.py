"""A policy of a solved network as plain columns: state -> action, for whoever runs it elsewhere.

A simulator follows the policy by looking its own counts up: queues without limit are looked up at the limit. In a
queueing network `waiting_*` and `at_*` say everything; an optimal chat policy also depends on `state_*`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.optimality.assembly import ARRIVAL, FREED, Assembled
from experiments.optimality.preemptive import Preemptive
from experiments.optimality.process import Ints
from experiments.optimality.station import Station

Columns = dict[str, NDArray[np.generic]]
WAIT, STAY_FREE = "wait", "stay free"


def decision_table(model: Assembled, policy: Ints) -> Columns:
    """One row per decision that has a choice.

    Args:
        model: a network without pre-emption.
        policy: (D,) choice at each decision.

    Returns:
        Columns of equal length:
        `event`: "arrival of CLASS" or "freed GROUP";
        `waiting_CLASS`: contacts waiting, the arriving one not counted;
        `at_GROUP_CLASS`: contacts the group or agent is busy with (chat: has open), the one that just ended not
        counted;
        `state_GROUP`: in full; for a chat agent the line in the order of turns (the first in service), the number
        thinking per class, and how many were open when the turn in service began;
        `action`: at an arrival the group or agent that takes it, or "wait"; at a freed one the class it takes, or
        "stay free".
    """
    decisions, classes, stations = model.decisions, model.network.classes, model.stations
    rows = np.flatnonzero(model.process.allowed.sum(axis=1) > 1)
    arrival = decisions.kind[rows] == ARRIVAL
    subject, choice = decisions.subject[rows], policy[rows]
    class_names, station_names = [one.name for one in classes], [station.name for station in stations]
    arrivals, freed = [f"arrival of {name}" for name in class_names], [f"freed {name}" for name in station_names]
    columns: Columns = {"event": _named(arrival, subject, arrivals, freed)}
    for i, name in enumerate(class_names):
        columns[f"waiting_{name}"] = decisions.waiting[rows, i]
    for a, station in enumerate(stations):
        for i, name in enumerate(class_names):
            columns[f"at_{station.name}_{name}"] = decisions.held[rows, a, i]
        between = (decisions.kind[rows] == FREED) & (subject == a)
        columns[f"state_{station.name}"] = _labels(station, decisions.local[rows, a], between)
    columns["action"] = _named(arrival, choice, [*station_names, WAIT], [*class_names, STAY_FREE])
    return columns


def assignment_table(model: Preemptive, policy: Ints) -> Columns:
    """One row per number of contacts in the system of a network that pre-empts.

    Returns:
        Columns `present_CLASS`, contacts in the system, and `agents_GROUP_CLASS`, agents that then serve the class.
    """
    columns: Columns = {f"present_{one.name}": model.present[:, i] for i, one in enumerate(model.network.classes)}
    chosen = model.assignments[policy]
    for j, group in enumerate(model.network.groups):
        for i, one in enumerate(model.network.classes):
            columns[f"agents_{group.name}_{one.name}"] = chosen[:, i, j]
    return columns


def _named(arrival: NDArray[np.bool_], index: Ints, at_arrival: list[str], freed: list[str]) -> NDArray[np.str_]:
    """Names by index, from one list or the other."""
    first, second = np.array(at_arrival), np.array(freed)
    return np.where(arrival, first[np.minimum(index, len(first) - 1)], second[np.minimum(index, len(second) - 1)])


def _labels(station: Station, local: Ints, between: NDArray[np.bool_]) -> NDArray[np.str_]:
    settled, gaps = np.array(list(map(str, station.labels))), np.array(list(map(str, station.between)))
    return np.where(between, gaps[np.minimum(local, len(gaps) - 1)], settled[np.minimum(local, len(settled) - 1)])
