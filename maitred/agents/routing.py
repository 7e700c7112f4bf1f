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

from maitred.agents.candidates import choose, feature, pairs, uniform, usual
from maitred.envs.decision import Choices, Decisions, Kind, draw


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

    The index is c * mu with cost c = 1 + priority level and rate mu = 1 / handle_s. Cox and Smith 1961,
    "Queues"; Buyukkoc, Varaiya and Walrand 1985, "The c-mu rule revisited".
    """

    name: str = "cmu"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        seconds = np.maximum(feature(decisions, "handle_s"), 1)
        return choose(decisions, (1 + feature(decisions, "priority")) / seconds, pairs(decisions))


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
