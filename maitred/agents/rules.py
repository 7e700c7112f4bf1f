"""Rule baselines: what a contact center runs today, and the index rules of queueing theory.

A rule scores the candidates and takes the best; ties go to the lowest index, which is the short-list order.
In `pull` all candidates share the agent and in `route` all share the contact, so a rule on a feature of the
agent falls back to the first in queue in `pull`, and a rule on a feature of the contact to the longest idle
agent in `route`, by that tie-break alone. No rule holds unless to hold is the only legal candidate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, Choices, Decisions, Kind, Policy, best, draw


def feature(decisions: Decisions, name: str) -> NDArray[np.float32]:
    """(B, K) float32, one candidate feature, in its unit of `CANDIDATE_FEATURES`."""
    return decisions.candidates[:, :, CANDIDATE_NAMES.index(name)]


def eligible(decisions: Decisions) -> NDArray[np.bool_]:
    """(B, K) bool, the legal candidates other than hold; hold itself where nothing else is legal."""
    real = decisions.mask & (feature(decisions, "is_hold") == 0)
    return np.where(real.any(axis=1, keepdims=True), real, decisions.mask)


def uniform(legal: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(B, K) float64, equal probabilities over the legal candidates of each row of a (B, K) mask."""
    p: NDArray[np.float64] = legal / legal.sum(axis=1, keepdims=True)
    return p


@dataclass(frozen=True, slots=True)
class Random:
    """Any eligible candidate, with equal probability: the logging policy that supports every other."""

    name: str = "random"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return draw(uniform(eligible(decisions)), decisions.key)


@dataclass(frozen=True, slots=True)
class LongestIdle:
    """First come first served to the longest idle agent: the default of routing products.

    Armony and Ward 2010, "Fair dynamic routing in large-scale heterogeneous-server systems".
    """

    name: str = "incumbent"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return best(np.zeros(decisions.mask.shape), eligible(decisions))


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
        return best(np.where(routes, -feature(decisions, "handle_s"), 0), eligible(decisions))


@dataclass(frozen=True, slots=True)
class PriorityRule:
    """The contact of the highest priority level, then the longest wait; the longest idle agent.

    Cobham 1954, "Priority assignment in waiting line problems".
    """

    name: str = "priority"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        legal = eligible(decisions)
        level = np.where(legal, feature(decisions, "priority"), -np.inf)
        most_urgent = legal & (level == level.max(axis=1, keepdims=True))
        return best(feature(decisions, "wait_s"), most_urgent)


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
        return best((1 + feature(decisions, "priority")) / seconds, eligible(decisions))


@dataclass(frozen=True, slots=True)
class LeastLoaded:
    """The agent with the lowest occupancy today; a freed agent takes the first in queue.

    Idleness is evened out as in Gurvich and Whitt 2009, "Queue-and-idleness-ratio controls in many-server
    service systems", with equal target ratios.
    """

    name: str = "least_loaded"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return best(-feature(decisions, "occupancy"), eligible(decisions))


_ALL: tuple[Policy, ...] = (Random(), LongestIdle(), FastestServer(), PriorityRule(), CMu(), LeastLoaded())

RULES: dict[str, Policy] = {rule.name: rule for rule in _ALL}
