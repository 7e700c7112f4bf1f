"""What a small network is made of: classes of contacts, who serves them how fast, what waiting costs.

Times are in minutes, rates per minute, costs in money. Arrivals are Poisson, all times exponential.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog


@dataclass(frozen=True)
class ContactClass:
    """One class of contacts.

    Attributes:
        name: the class.
        arrivals_per_min: Poisson rate, positive.
        patience_min: mean time a contact waits before it gives up; inf for ever.
        waiting_cost_per_min: for each contact waiting for an agent.
        abandonment_cost: for each contact that gives up.
        queue_limit: most contacts waiting; one that comes to a full queue counts as given up.
    """

    name: str
    arrivals_per_min: float
    patience_min: float
    waiting_cost_per_min: float
    abandonment_cost: float
    queue_limit: int

    @property
    def abandons_per_min(self) -> float:
        """Rate at which one waiting contact gives up."""
        return 1 / self.patience_min


@dataclass(frozen=True)
class QueueClass(ContactClass):
    """A class served in one piece; `service_cost_per_min` is the cost of each minute a contact is being served."""

    service_cost_per_min: float


@dataclass(frozen=True)
class Group:
    """`agents` equal agents; `services_per_min` has one rate per class, 0 where they may not serve it."""

    name: str
    agents: int
    services_per_min: tuple[float, ...]


@dataclass(frozen=True)
class QueueNetwork:
    """Classes served by groups of agents, one contact at a time.

    Where `preemptive`, agents are reassigned at every event; otherwise a decision is due when a contact arrives
    (which idle agent, or wait) and when an agent is freed (which class, or stay free).
    """

    name: str
    description: str
    preemptive: bool
    classes: tuple[QueueClass, ...]
    groups: tuple[Group, ...]

    @property
    def services_per_min(self) -> NDArray[np.float64]:
        """(classes, groups) rate of one agent."""
        return np.array([group.services_per_min for group in self.groups]).T

    @property
    def servers(self) -> NDArray[np.float64]:
        """(groups,) agents."""
        return np.array([float(group.agents) for group in self.groups])


@dataclass(frozen=True)
class ChatClass(ContactClass):
    """A class of conversations.

    Attributes:
        mean_turns: mean number of agent turns, geometric, at least 1.
        think_min: mean time the customer takes between two agent turns.
        reply_cost_per_min: for each open conversation that waits for the agent's turn to end.
        resolved_value: earned by each conversation that ends resolved.
    """

    mean_turns: float
    think_min: float
    reply_cost_per_min: float
    resolved_value: float


@dataclass(frozen=True)
class ChatAgent:
    """One agent with at most `cap` open conversations.

    Attributes:
        name: the agent.
        cap: most conversations open at once.
        work_min: per class, mean work of a turn when no other conversation is open; inf where the agent may not.
        resolution_p: per class, probability that a conversation that ends is resolved.
    """

    name: str
    cap: int
    work_min: tuple[float, ...]
    resolution_p: tuple[float, ...]


@dataclass(frozen=True)
class ChatNetwork:
    """Agents that hold several conversations and serve their turns first come first served.

    A turn that starts with n conversations open takes 1 + `switch_overhead` (n - 1) times its work.
    """

    name: str
    description: str
    switch_overhead: float
    classes: tuple[ChatClass, ...]
    agents: tuple[ChatAgent, ...]

    @property
    def services_per_min(self) -> NDArray[np.float64]:
        """(classes, agents) conversations an agent would finish per minute of undisturbed work."""
        work = np.array([agent.work_min for agent in self.agents]).T
        return np.asarray(1 / (work * np.array([[one.mean_turns] for one in self.classes])))

    @property
    def servers(self) -> NDArray[np.float64]:
        """(agents,) ones."""
        return np.ones(len(self.agents))


Network = QueueNetwork | ChatNetwork


def load(network: Network) -> float:
    """Smallest share of every agent's time that a fixed split of the work needs; 1 is the edge of stability.

    The static planning problem of Harrison (1998), "Heavy traffic analysis of a system with parallel servers":
    minimise rho with sum_j mu_ij n_j x_ij = lambda_i and sum_i x_ij <= rho. Abandonment and switch overhead are left
    out of account.
    """
    rates = network.services_per_min * network.servers
    classes, groups = rates.shape
    served = np.zeros((classes, classes * groups + 1))
    used = np.zeros((groups, classes * groups + 1))
    for i in range(classes):
        served[i, i * groups : (i + 1) * groups] = rates[i]
        used[:, i * groups : (i + 1) * groups] = np.eye(groups)
    used[:, -1] = -1
    arrivals = [one.arrivals_per_min for one in network.classes]
    goal = np.eye(classes * groups + 1)[-1]
    return float(linprog(goal, used, np.zeros(groups), served, arrivals).fun)


def at_load(network: Network, target: float) -> Network:
    """The same network with all arrival rates multiplied so that its `load` is `target`."""
    factor = target / load(network)
    return _each_class(network, lambda one: {"arrivals_per_min": one.arrivals_per_min * factor})


def with_queue_limits(network: Network, factor: int) -> Network:
    """The same network with every queue limit multiplied: how the effect of truncation is checked."""
    return _each_class(network, lambda one: {"queue_limit": one.queue_limit * factor})


def _each_class(network: Network, changed: Callable[[ContactClass], dict[str, Any]]) -> Network:
    if isinstance(network, QueueNetwork):
        return replace(network, classes=tuple(replace(one, **changed(one)) for one in network.classes))
    return replace(network, classes=tuple(replace(one, **changed(one)) for one in network.classes))
