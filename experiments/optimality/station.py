"""One agent or group on its own: what it may be busy with, and how that changes between two decisions.

A station's events are its own affair until a contact ends; then it stands for an instant between contacts, where
it may take a waiting one, and settles again. Networks are put together from stations in `assembly`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.sparse import coo_array, csr_array

from experiments.optimality.network import ChatNetwork, QueueNetwork
from experiments.optimality.process import Floats, Ints

Counts = tuple[int, ...]
Rates = dict[tuple[int, int], float]


@dataclass(frozen=True)
class Station:
    """L settled states and P states between contacts of one agent or group; I classes.

    Attributes:
        name: of the agent or group.
        labels: L descriptions of the settled states, the first empty.
        between: P descriptions of the states between contacts.
        held: (L, I) contacts of each class at the station.
        held_between: (P, I) likewise between contacts.
        moves: (L, L) rates of events that need no decision, 1/min.
        ends: (L, P) rates of contacts ending, 1/min.
        admit: (L, I) settled state after an arriving contact is given to the station, -1 where it has no room.
        take: (P, I + 1) settled state after taking a waiting contact, or (last) none; -1 where not allowed.
        cost_per_min: (L,) money per minute.
        due: (L,) contacts that wait for their agent's turn to end; none in a queueing network.
        due_between: (P,) likewise between contacts.
        room: (L,) contacts it could take now.
        room_between: (P,) likewise, the freed place included.
    """

    name: str
    labels: tuple[object, ...]
    between: tuple[object, ...]
    held: Ints
    held_between: Ints
    moves: csr_array
    ends: csr_array
    admit: Ints
    take: Ints
    cost_per_min: Floats
    due: Ints
    due_between: Ints
    room: Ints
    room_between: Ints


def group_station(network: QueueNetwork, j: int) -> Station:
    """A group of equal agents without pre-emption: its state is the number busy with each class."""
    group, classes = network.groups[j], range(len(network.classes))
    may = [rate > 0 for rate in group.services_per_min]
    ranges = (range(group.agents + 1 if may[i] else 1) for i in classes)
    busy = [counts for counts in product(*ranges) if sum(counts) <= group.agents]
    index = {counts: k for k, counts in enumerate(busy)}
    ends = {
        (k, index[_plus(counts, i, -1)]): counts[i] * group.services_per_min[i]
        for k, counts in enumerate(busy)
        for i in classes
        if counts[i]
    }
    admit = np.array([[index.get(_plus(counts, i, 1), -1) for i in classes] for counts in busy], np.int32)
    held = np.array(busy, np.int32).reshape(len(busy), -1)
    room = (group.agents - held.sum(axis=1)).astype(np.int32)
    return Station(
        name=group.name,
        labels=tuple(busy),
        between=tuple(busy),
        held=held,
        held_between=held,
        moves=_matrix({}, len(busy), len(busy)),
        ends=_matrix(ends, len(busy), len(busy)),
        admit=admit,
        take=np.column_stack((admit, np.arange(len(busy), dtype=np.int32))),
        cost_per_min=held @ np.array([one.service_cost_per_min for one in network.classes]),
        due=np.zeros_like(room),
        due_between=np.zeros_like(room),
        room=room,
        room_between=room,
    )


@dataclass(frozen=True)
class Desk:
    """An agent's open conversations.

    Attributes:
        line: classes of the conversations that wait for the agent, in the order of their turns; the first is served.
        thinking: conversations of each class whose customer is thinking.
        begun_with: conversations that were open when the turn in service began; 0 when no turn is in service.
    """

    line: Counts
    thinking: Counts
    begun_with: int = 0

    @property
    def open(self) -> int:
        """Open conversations."""
        return len(self.line) + sum(self.thinking)

    def __str__(self) -> str:
        line, thinking = (" ".join(map(str, counts)) for counts in (self.line, self.thinking))
        return f"line ({line}) thinking ({thinking}) begun with {self.begun_with}"

    def joined(self, i: int) -> Desk:
        """With one more conversation of class i at the end of the line."""
        return Desk((*self.line, i), self.thinking, self.begun_with)

    def begun(self) -> Desk:
        """With the first in line in service: its slow-down is settled now and holds until the turn ends."""
        return Desk(self.line, self.thinking, self.begun_with or (self.open if self.line else 0))


def chat_station(network: ChatNetwork, a: int) -> Station:
    """One chat agent, exactly: turns first come first served, the slow-down of a turn fixed when it starts.

    When a conversation ends, the freed place is filled (or left) first and the next turn starts then, so that a
    conversation taken at that instant counts as open.
    """
    desks, between = _reachable(network, a)
    index, gap = {desk: k for k, desk in enumerate(desks)}, {desk: k for k, desk in enumerate(between)}
    agent, classes = network.agents[a], range(len(network.classes))
    moves: Rates = {}
    ends: Rates = {}
    for k, desk in enumerate(desks):
        for after, rate, ended in _events(network, a, desk):
            table, column = (ends, gap[after]) if ended else (moves, index[after.begun()])
            table[k, column] = table.get((k, column), 0.0) + rate
    full = len(desks), len(between)
    held = np.array([_held(desk, len(network.classes)) for desk in desks], np.int32)
    held_between = np.array([_held(desk, len(network.classes)) for desk in between], np.int32)
    return Station(
        name=agent.name,
        labels=desks,
        between=between,
        held=held,
        held_between=held_between,
        moves=_matrix(moves, full[0], full[0]),
        ends=_matrix(ends, *full),
        admit=np.array([[index.get(desk.joined(i).begun(), -1) for i in classes] for desk in desks], np.int32),
        take=np.array(
            [[*(index.get(desk.joined(i).begun(), -1) for i in classes), index[desk.begun()]] for desk in between],
            np.int32,
        ),
        cost_per_min=np.array([_desk_cost(network, a, desk) for desk in desks]),
        due=np.array([len(desk.line) for desk in desks], np.int32),
        due_between=np.array([len(desk.line) for desk in between], np.int32),
        room=(agent.cap - held.sum(axis=1)).astype(np.int32),
        room_between=(agent.cap - held_between.sum(axis=1)).astype(np.int32),
    )


def _events(network: ChatNetwork, a: int, desk: Desk) -> list[tuple[Desk, float, bool]]:
    """Events at a settled desk: what it leaves, before the next turn starts; its rate; whether a contact ended."""
    events = [
        (Desk((*desk.line, i), _plus(desk.thinking, i, -1), desk.begun_with), n / network.classes[i].think_min, False)
        for i, n in enumerate(desk.thinking)
        if n
    ]
    if desk.line:
        head, rest = desk.line[0], desk.line[1:]
        rate, last = _turns_per_min(network, a, desk), 1 / network.classes[head].mean_turns
        events.append((Desk(rest, desk.thinking), rate * last, True))
        if last < 1:
            events.append((Desk(rest, _plus(desk.thinking, head, 1)), rate * (1 - last), False))
    return events


def _turns_per_min(network: ChatNetwork, a: int, desk: Desk) -> float:
    slow_down = 1 + network.switch_overhead * (desk.begun_with - 1)
    return 1 / (network.agents[a].work_min[desk.line[0]] * slow_down)


def _desk_cost(network: ChatNetwork, a: int, desk: Desk) -> float:
    """Waiting for replies, less what conversations that end now earn on average."""
    cost = sum(network.classes[i].reply_cost_per_min for i in desk.line)
    if desk.line:
        head = network.classes[desk.line[0]]
        earned = head.resolved_value * network.agents[a].resolution_p[desk.line[0]]
        cost -= _turns_per_min(network, a, desk) / head.mean_turns * earned
    return cost


def _reachable(network: ChatNetwork, a: int) -> tuple[tuple[Desk, ...], tuple[Desk, ...]]:
    """Every settled desk and every desk between contacts that the agent can come to, the empty one first."""
    agent, zeros = network.agents[a], (0,) * len(network.classes)
    may = [i for i, work in enumerate(agent.work_min) if np.isfinite(work)]
    todo = [Desk((), zeros)]
    found: dict[Desk, None] = dict.fromkeys(todo)
    between: dict[Desk, None] = {}
    while todo:
        desk = todo.pop()
        after: list[Desk] = [desk]
        for left, _, ended in _events(network, a, desk):
            after.append(left)
            if ended:
                between[left] = None
        taken = [left.joined(i) for left in after for i in may if left.open < agent.cap]
        for settled in (left.begun() for left in (*after, *taken)):
            if settled not in found:
                found[settled] = None
                todo.append(settled)
    return tuple(found), tuple(between)


def _held(desk: Desk, classes: int) -> list[int]:
    return [desk.thinking[i] + desk.line.count(i) for i in range(classes)]


def _plus(counts: Counts, i: int, change: int) -> Counts:
    return (*counts[:i], counts[i] + change, *counts[i + 1 :])


def _matrix(rates: Rates, rows: int, columns: int) -> csr_array:
    keys = np.array(list(rates), np.int32).reshape(-1, 2)
    return coo_array((np.array(list(rates.values())), (keys[:, 0], keys[:, 1])), shape=(rows, columns)).tocsr()
