"""Who takes whom: the index rules of queueing theory, and the two ends of the scale, chance and the platform.

A rule ranks pairs of a contact and an agent; ties go to the lowest index, which is the short-list order. In `pull`
all candidates share the agent and in `route` all share the contact, so a rule on a feature of the agent falls back
to the first in queue in `pull`, and a rule on a feature of the contact to the longest idle agent in `route`, by that
tie-break alone. Whatever is not a pair of contact and agent is left to the platform.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import Parameter, choose, does, feature, named, pairs, uniform, usual
from maitred.envs.decision import Action, Choices, Decisions, Kind, draw


@dataclass(frozen=True, slots=True)
class Random:
    """Any legal candidate, with equal probability: the logging policy that supports every other."""

    name: str = "random"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return draw(uniform(decisions.mask), decisions.key)


@dataclass(frozen=True, slots=True)
class Usual:
    """What the platform does by its own rule: longest idle agent, first in queue, conversations left as they are."""

    name: str = "incumbent"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return Choices(usual(decisions), np.ones(len(decisions)))


@dataclass(frozen=True, slots=True)
class FastestServer:
    """The agent with the smallest expected handle time; a freed agent takes the first in queue.

    Armony 2005, "Dynamic routing in large-scale service systems with heterogeneous servers".
    """

    name: str = "fastest"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        # In pull the handle time also ranks the contacts, and taking the shortest would be another rule.
        routes = (decisions.kind == Kind.ROUTE)[:, None]
        return choose(decisions, np.where(routes, -feature(decisions, "handle_s"), 0), pairs(decisions))


@dataclass(frozen=True, slots=True)
class PriorityRule:
    """The contact of the highest priority level, then the longest wait; the longest idle agent.

    Cobham 1954, "Priority assignment in waiting line problems".
    """

    name: str = "priority"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return choose(decisions, feature(decisions, "wait_s"), most_urgent(decisions, pairs(decisions)))


def most_urgent(decisions: Decisions, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(B, K) bool, those `among` the candidates that have the highest priority level of their row."""
    level = np.where(among, feature(decisions, "priority"), -np.inf)
    highest: NDArray[np.bool_] = level == level.max(axis=1, keepdims=True)
    return among & highest


@dataclass(frozen=True, slots=True)
class CMu:
    """The contact with the highest waiting cost per second of work; the fastest agent.

    The index is c * mu with cost c = 1 + level_cost * priority level and rate mu = 1 / handle_s. Cox and Smith
    1961, "Queues"; Buyukkoc, Varaiya and Walrand 1985, "The c-mu rule revisited".
    """

    level_cost: Parameter = 1.0

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("cmu", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return choose(decisions, _c_mu(decisions, self.level_cost), pairs(decisions))


@dataclass(frozen=True, slots=True)
class CMuTheta:
    """c-mu over theta: those who would wait longest before they give up are worth more of an agent's time.

    theta is the contact's abandonment rate at its wait, counted as `least_per_min` where it is lower. Atar, Giat and
    Shimkin 2010, "The c-mu/theta rule for many-server queues with abandonment", for costs of waiting in overload.
    """

    level_cost: Parameter = 1.0
    least_per_min: Parameter = 0.01

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("cmu_theta", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        theta = np.maximum(feature(decisions, "abandon_hazard_per_min"), self.least_per_min)
        return choose(decisions, _c_mu(decisions, self.level_cost) / theta, pairs(decisions))


def _c_mu(decisions: Decisions, level_cost: Parameter) -> NDArray[np.floating]:
    """(B, K) cost of waiting per second of work."""
    seconds = np.maximum(feature(decisions, "handle_s"), 1)
    index: NDArray[np.floating] = (1 + level_cost * feature(decisions, "priority")) / seconds
    return index


@dataclass(frozen=True, slots=True)
class PMu:
    """The agent who resolves most contacts per hour; a freed agent takes the first in queue.

    The index is p^a * mu with p the chance of resolution, mu = 1 / handle_s and a = `resolution_weight`. de Vericourt
    and Zhou 2005, "Managing response time in a call-routing problem with service failure" (a = 1); Mehrotra, Ross,
    Ryder and Zhou 2012, "Routing to manage resolution and waiting time in call centers with heterogeneous servers".
    """

    resolution_weight: Parameter = 1.0

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("pmu", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        routes = (decisions.kind == Kind.ROUTE)[:, None]
        seconds = np.maximum(feature(decisions, "handle_s"), 1)
        resolved_per_s = feature(decisions, "resolve_p") ** self.resolution_weight / seconds
        return choose(decisions, np.where(routes, resolved_per_s, 0), pairs(decisions))


@dataclass(frozen=True, slots=True)
class Reservation:
    """A few agents are kept free for who cannot wait; the others get an agent only while more than those are free.

    A contact can wait that has no priority, is not believed urgent and gives up at a rate below `patient_per_min`.
    It goes to the agent who may answer the fewest types. Legros and Jouini 2019, "On the scheduling of operations in
    a chat contact center"; de Vericourt and Zhou 2006, "On the incomplete results for the heterogeneous server
    problem", for the optimality of thresholds.
    """

    reserve: Parameter = 1.0  # agents with room for the contact's type
    patient_per_min: Parameter = 0.15

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("reservation", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        among = pairs(decisions)
        can_wait = (feature(decisions, "priority") == 0) & (feature(decisions, "urgency") < 0.5)
        can_wait &= feature(decisions, "abandon_hazard_per_min") < self.patient_per_min
        served = among & (~can_wait | (feature(decisions, "type_agents_idle") > self.reserve))
        wait = does(decisions, Action.HOLD) & among.any(axis=1, keepdims=True) & ~served.any(axis=1, keepdims=True)
        routes = (decisions.kind == Kind.ROUTE)[:, None]
        return choose(decisions, np.where(routes, -feature(decisions, "agent_types"), ~can_wait), served | wait)


@dataclass(frozen=True, slots=True)
class LeastLoaded:
    """The agent with the lowest occupancy today; a freed agent takes the first in queue.

    Idleness is evened out as in Gurvich and Whitt 2009, "Queue-and-idleness-ratio controls in many-server
    service systems", with equal target ratios.
    """

    name: str = "least_loaded"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return choose(decisions, -feature(decisions, "occupancy"), pairs(decisions))
