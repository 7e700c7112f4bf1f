"""The decisions of a small network in the form that every policy of the package reads.

A candidate of an arrival is a group or agent with room (each group once: its agents are equal), one of a freed agent
is a class with a contact waiting; to hold comes last. Features say what a real center could know of the state: counts,
rates and the mix of what is held. What the state has no word for, such as how long somebody has waited, is zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.optimality.assembly import ARRIVAL, Assembled
from experiments.optimality.network import ChatNetwork, Network, load
from experiments.optimality.process import Flags, Floats, Ints
from experiments.optimality.rules import waiting_cost_per_min
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Decisions, Kind, Policy

CHUNK = 16_384  # decisions answered at a time
Features = dict[str, NDArray[Any]]


def class_features(network: Network) -> Features:
    """(I,) of each feature of a class.

    The priority level is such that 1 + level is in proportion to the cost of a minute of waiting, as the package's
    c-mu rule reads it; complexity is the place of the class between the first, 0, and the last, 1.
    """
    classes, rates, cost = network.classes, network.services_per_min, waiting_cost_per_min(network)
    chat = isinstance(network, ChatNetwork)
    return {
        "priority": cost / cost.min() - 1,
        "abandon_hazard_per_min": np.array([one.abandons_per_min for one in classes]),
        "complexity": np.linspace(0, 1, len(classes)),
        "type_handle_s": _handle_s(network).sum(axis=1) / (rates > 0).sum(axis=1),
        "live": np.full(len(classes), float(not chat)),
        "think_s": np.array([60 * getattr(one, "think_min", 0.0) for one in classes]),
        "customer_value": np.array([one.abandonment_cost + getattr(one, "resolved_value", 0.0) for one in classes]),
    }


def pair_features(network: Network) -> Features:
    """(I, G) of each feature of a class at a station."""
    resolve_p = (network.services_per_min > 0).astype(np.float64)
    if isinstance(network, ChatNetwork):
        resolve_p = np.array([agent.resolution_p for agent in network.agents]).T
    return {"handle_s": _handle_s(network), "resolve_p": resolve_p}


def _handle_s(network: Network) -> Floats:
    """(I, G) expected work of a contact, 0 where it may not be served."""
    rates = network.services_per_min
    return np.where(rates > 0, 60 / np.where(rates > 0, rates, 1), 0.0)


@dataclass(frozen=True)
class ChainDecisions:
    """The decisions of a model, asked for by their rows in `Process.choices`."""

    model: Assembled

    @cached_property
    def open(self) -> NDArray[np.int64]:
        """(N,) rows of the decisions that have a choice."""
        return np.flatnonzero(self.model.process.allowed.sum(axis=1) > 1)

    @cached_property
    def _constant(self) -> tuple[tuple[list[int], Floats], ...]:
        """Columns of the features that never change, with their (I, 1, n), (1, G, n) and (I, G, n) values."""
        network, stations = self.model.network, self.model.stations
        may = (network.services_per_min > 0).sum(axis=0)
        agents = {"cap": np.array([int(one.room[0]) for one in stations]), "agent_types": may}
        of_class, of_pair = class_features(network), pair_features(network)
        return (
            (_columns(of_class), np.stack(list(of_class.values()), axis=-1)[:, None]),
            (_columns(agents), np.stack(list(agents.values()), axis=-1)[None]),
            (_columns(of_pair), np.stack(list(of_pair.values()), axis=-1)),
        )

    def candidates(self, rows: Ints) -> tuple[Ints, Flags]:
        """(B, K) the choice that each candidate place stands for, the allowed ones first; and which are allowed."""
        allowed = self.model.process.choices[rows] >= 0
        order = np.argsort(~allowed, axis=1, kind="stable")
        return order, np.take_along_axis(allowed, order, axis=1)

    def at(self, rows: Ints) -> Decisions:
        """The decisions of (B,) rows; a decision's key is its row."""
        choice, mask = self.candidates(rows)
        i, a, hold = self._pairs(rows, choice)
        arrival = (self.model.decisions.kind[rows] == ARRIVAL)[:, None]
        contact, agent = mask & (arrival | ~hold), mask & (~arrival | ~hold)
        candidates = np.zeros((*choice.shape, len(CANDIDATE_NAMES)), np.float32)
        candidates[:, :, CANDIDATE_NAMES.index("is_hold")] = hold & mask
        candidates[:, 0, CANDIDATE_NAMES.index("usual")] = 1
        for part, (columns, values) in zip((contact, agent, contact & agent), self._constant, strict=True):
            here = values[np.minimum(i, values.shape[0] - 1), np.minimum(a, values.shape[1] - 1)]
            candidates[:, :, columns] = here * part[..., None]
        each = np.arange(len(rows))[:, None]
        for part, subject, features in ((contact, i, self._queues(rows)), (agent, a, self._agents(rows))):
            for name, values in features.items():
                candidates[:, :, CANDIDATE_NAMES.index(name)] = values[each, subject] * part
        return Decisions(rows.astype(np.uint64), self._context(rows), candidates, mask)

    def _pairs(self, rows: Ints, choice: Ints) -> tuple[Ints, Ints, Flags]:
        """(B, K) class and station of each candidate, any where it has none; and whether it is to hold."""
        known, classes, stations = self.model.decisions, len(self.model.network.classes), len(self.model.stations)
        arrival, subject = (known.kind[rows] == ARRIVAL)[:, None], known.subject[rows].astype(np.int64)[:, None]
        i = np.where(arrival, subject, np.minimum(choice, classes - 1))
        a = np.where(arrival, np.minimum(choice, stations - 1), subject)
        return i, a, np.asarray(choice == np.where(arrival, stations, classes))

    def _idle(self, rows: Ints) -> Ints:
        """(B, G) agents of each station with room for more."""
        room = self.model.decisions.room[rows]
        return np.minimum(room, 1) if isinstance(self.model.network, ChatNetwork) else room

    def _queues(self, rows: Ints) -> Features:
        """(B, I) of each feature of a class that changes."""
        may = (self.model.network.services_per_min > 0).astype(np.int64)
        return {"type_waiting": self.model.decisions.waiting[rows], "type_agents_idle": self._idle(rows) @ may.T}

    def _agents(self, rows: Ints) -> Features:
        """(B, G) of each feature of a station that changes; a contact is a slot."""
        known, held = self.model.decisions, self.model.decisions.held[rows]
        opened = held.sum(axis=2)
        mix = held @ np.linspace(0, 1, held.shape[2]) / np.maximum(opened, 1)
        return {"open": opened, "load": opened, "turns_due": known.due[rows], "mix": mix}

    def _context(self, rows: Ints) -> NDArray[np.float32]:
        known, network = self.model.decisions, self.model.network
        arrival, context = known.kind[rows] == ARRIVAL, np.zeros((len(rows), len(CONTEXT_NAMES)), np.float32)
        for name, value in {
            f"kind_{Kind.ROUTE.name.lower()}": arrival,
            f"kind_{Kind.PULL.name.lower()}": ~arrival,
            "time_of_day_cos": 1.0,
            "busyness": 1.0,
            "agents_on_duty": network.servers.sum(),
            "agents_idle": self._idle(rows).sum(axis=1),
            "contacts_waiting": known.waiting[rows].sum(axis=1),
            "conversations_open": known.held[rows].sum(axis=(1, 2)),
            "forecast_per_h": 60 * sum(one.arrivals_per_min for one in network.classes),
            "forecast_load": self._load,
        }.items():
            context[:, CONTEXT_NAMES.index(name)] = value
        return context

    @cached_property
    def _load(self) -> float:
        return load(self.model.network)

    def choices(self, policy: Policy, rows: Ints) -> Ints:
        """(B,) what a policy chooses at each row, as a column of `Process.choices`."""
        chosen = policy.act(self.at(rows)).candidate
        return np.asarray(self.candidates(rows)[0][np.arange(len(rows)), chosen])

    def table(self, policy: Policy) -> Ints:
        """(D,) what a policy chooses at every decision."""
        table: Ints = self.model.process.allowed.argmax(axis=1)
        for begin in range(0, len(self.open), CHUNK):
            rows = self.open[begin : begin + CHUNK]
            table[rows] = self.choices(policy, rows)
        return table


def _columns(features: Features) -> list[int]:
    return [CANDIDATE_NAMES.index(name) for name in features]
