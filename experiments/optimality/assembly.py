"""Stations and queues put together: the process of a network without pre-emption.

The state is a point of a grid: one axis per station (its settled state), one per class (contacts waiting). An event
moves one axis only, so the jumps are Kronecker products. Two kinds of decision are due: a contact arrives (a
station with room, or wait), and a station is freed (a waiting class, or none).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, diags_array, eye_array, hstack, kron

from experiments.optimality.network import ChatNetwork, Network
from experiments.optimality.process import Floats, Ints, Process
from experiments.optimality.station import Station, chat_station, group_station

ARRIVAL, FREED = 0, 1


@dataclass(frozen=True)
class Decisions:
    """What is known at each of the D decisions.

    Attributes:
        kind: (D,) ARRIVAL or FREED.
        subject: (D,) the class that arrives, or the station that is freed.
        waiting: (D, I) contacts waiting, the arriving one not counted.
        local: (D, G) state of each station: an index into its labels or, at the freed one, into its `between`.
        held: (D, G, I) contacts of each class at each station, the one that ended not counted.
        due: (D, G) conversations at each station that wait for the agent's turn to end.
        room: (D, G) contacts each station could take.
    """

    kind: Ints
    subject: Ints
    waiting: Ints
    local: Ints
    held: Ints
    due: Ints
    room: Ints


@dataclass(frozen=True)
class Assembled:
    """A network as a decision process. Choices at an arrival: station 0.., or wait; freed: class 0.., or none."""

    network: Network
    stations: tuple[Station, ...]
    process: Process

    @cached_property
    def decisions(self) -> Decisions:
        """What is known at each decision, in the order of the rows of `process.choices`."""
        return _decisions(self.network, self.stations)


def assemble(network: Network) -> Assembled:
    """The process of a network that does not pre-empt."""
    if isinstance(network, ChatNetwork):
        stations = tuple(chat_station(network, a) for a in range(len(network.agents)))
    else:
        stations = tuple(group_station(network, j) for j in range(len(network.groups)))
    grid = _shape(network, stations)
    process = Process(_jumps(network, stations, grid), _cost(network, stations, grid), _choices(network, stations), 0)
    return Assembled(network, stations, process)


def _shape(network: Network, stations: tuple[Station, ...]) -> tuple[int, ...]:
    return (*(len(station.labels) for station in stations), *(one.queue_limit + 1 for one in network.classes))


def _grid_freed(grid: tuple[int, ...], stations: tuple[Station, ...], a: int) -> tuple[int, ...]:
    """The grid with station a between contacts."""
    return (*grid[:a], len(stations[a].between), *grid[a + 1 :])


def _along(matrix: csr_array, grid: tuple[int, ...], axis: int) -> csr_array:
    """A matrix that acts on one axis of the grid, as one on the whole grid."""
    before, after = int(np.prod(grid[:axis])), int(np.prod(grid[axis + 1 :]))
    return kron(eye_array(before), kron(matrix, eye_array(after)), format="csr")


def _jumps(network: Network, stations: tuple[Station, ...], grid: tuple[int, ...]) -> csr_array:
    settled = sum(_along(station.moves, grid, a) for a, station in enumerate(stations))
    for i, one in enumerate(network.classes):
        gives_up = diags_array(np.arange(1, grid[len(stations) + i]) * one.abandons_per_min, offsets=-1)
        settled = settled + _along(gives_up, grid, len(stations) + i)
    everywhere = eye_array(int(np.prod(grid)))
    arrivals = [everywhere * one.arrivals_per_min for one in network.classes]
    freed = [_along(station.ends, grid, a) for a, station in enumerate(stations)]
    return hstack([settled, *arrivals, *freed], format="csr")


def _cost(network: Network, stations: tuple[Station, ...], grid: tuple[int, ...]) -> Floats:
    """A contact that finds its queue full is charged as one that gives up."""
    axes = [station.cost_per_min for station in stations]
    for one in network.classes:
        waiting = np.arange(one.queue_limit + 1)
        lost_per_min = waiting * one.abandons_per_min + one.arrivals_per_min * (waiting == one.queue_limit)
        axes.append(waiting * one.waiting_cost_per_min + lost_per_min * one.abandonment_cost)
    total = np.zeros(grid)
    for axis, cost in enumerate(axes):
        total += cost.reshape([-1 if k == axis else 1 for k in range(len(grid))])
    return total.ravel()


def _choices(network: Network, stations: tuple[Station, ...]) -> Ints:
    """(D, A) of `Process.choices`: arrivals of every class at every settled state, then freed stations."""
    grid, width = _shape(network, stations), max(len(stations), len(network.classes)) + 1
    blocks = [_arrival_choices(grid, stations, i, width) for i in range(len(network.classes))]
    blocks += [_freed_choices(grid, stations, a, len(network.classes), width) for a in range(len(stations))]
    return np.concatenate(blocks)


def _arrival_choices(grid: tuple[int, ...], stations: tuple[Station, ...], i: int, width: int) -> Ints:
    here = np.indices(grid, np.int32, sparse=True)
    choices = np.full((*grid, width), -1, np.int32)
    for a, station in enumerate(stations):
        choices[..., a] = _settled(grid, here, {a: station.admit[here[a], i]})
    queue = len(stations) + i
    choices[..., len(stations)] = _settled(grid, here, {queue: np.minimum(here[queue] + 1, grid[queue] - 1)})
    return choices.reshape(-1, width)


def _freed_choices(grid: tuple[int, ...], stations: tuple[Station, ...], a: int, classes: int, width: int) -> Ints:
    freed = _grid_freed(grid, stations, a)
    here = np.indices(freed, np.int32, sparse=True)
    choices = np.full((*freed, width), -1, np.int32)
    for i in range(classes):
        queue = len(stations) + i
        choices[..., i] = _settled(grid, here, {a: stations[a].take[here[a], i], queue: here[queue] - 1})
    choices[..., classes] = _settled(grid, here, {a: stations[a].take[here[a], classes]})
    return choices.reshape(-1, width)


def _settled(grid: tuple[int, ...], here: tuple[Ints, ...], moved: dict[int, Ints]) -> Ints:
    """Index of the settled state with some axes replaced; -1 where a replaced axis is negative."""
    index, valid = np.zeros(1, np.int32), np.ones(1, np.bool_)
    for axis, size in enumerate(grid):
        position = moved.get(axis, here[axis])
        valid = valid & (position >= 0)
        index = index * size + position
    return np.where(valid, index, -1).astype(np.int32)


def _decisions(network: Network, stations: tuple[Station, ...]) -> Decisions:
    grid, parts = _shape(network, stations), []
    for i in range(len(network.classes)):
        parts.append(_rows(grid, stations, ARRIVAL, i))
    for a in range(len(stations)):
        parts.append(_rows(_grid_freed(grid, stations, a), stations, FREED, a))
    return Decisions(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _rows(grid: tuple[int, ...], stations: tuple[Station, ...], kind: int, subject: int) -> tuple[Ints, ...]:
    at = np.indices(grid, np.int16).reshape(len(grid), -1).T
    local, waiting = at[:, : len(stations)], at[:, len(stations) :]
    freed = [kind == FREED and subject == a for a in range(len(stations))]
    held = [(s.held_between if freed[a] else s.held)[local[:, a]] for a, s in enumerate(stations)]
    due = [(s.due_between if freed[a] else s.due)[local[:, a]] for a, s in enumerate(stations)]
    room = [(s.room_between if freed[a] else s.room)[local[:, a]] for a, s in enumerate(stations)]
    count, stacked = np.ones(len(at), np.int8), (np.stack(each, 1) for each in (held, due, room))
    return count * np.int8(kind), count * np.int8(subject), waiting, local, *stacked
