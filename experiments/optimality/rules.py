"""Rules of networks without pre-emption, as arrays with one choice per decision: what `evaluate` takes.

An arriving contact goes to the fastest idle group; a freed agent takes the waiting class of highest score. No rule
lets an agent stay free while somebody waits, except `reserve`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np

from experiments.optimality.assembly import ARRIVAL, FREED, Assembled, Decisions
from experiments.optimality.network import ChatNetwork, Network, QueueNetwork
from experiments.optimality.process import Flags, Floats, Ints, Process, choose

TIE = 1e-9  # weight of the c-mu index between equal scores
Score = Callable[[Floats, int], Floats]  # (D, I) contacts waiting, group -> (D, I) urgency


def queue_rules(model: Assembled) -> dict[str, Ints]:
    """Every rule of this module by name, `reserve` with each number of agents that makes a difference."""
    network = _queue_network(model)
    arrivals = np.array([one.arrivals_per_min for one in network.classes])
    index = c_mu_index(network)
    rules = {
        "fifo-like": by_score(model, lambda waiting, _: waiting / arrivals),
        "longest queue": by_score(model, lambda waiting, _: waiting),
        "c-mu": by_score(model, lambda waiting, group: index[:, group] + 0 * waiting),
        "max weight": by_score(model, lambda waiting, group: index[:, group] * waiting),
    }
    most = max(group.agents for group in network.groups)
    return rules | {f"reserve {kept}": reserve(model, kept) for kept in range(1, most + 1)}


def c_mu_index(network: QueueNetwork) -> Floats:
    """(classes, groups) (h + theta a) mu: what a minute of work saves; a is the cost of one who gives up.

    The c-mu rule of Cox and Smith (1961), "Queues", the cost of abandonment counted as a cost of waiting.
    """
    return waiting_cost_per_min(network)[:, None] * network.services_per_min


def waiting_cost_per_min(network: Network) -> Floats:
    """(I,) h + theta a: what a minute of waiting costs, the expected cost of giving up in it included."""
    costs = [one.waiting_cost_per_min + one.abandons_per_min * one.abandonment_cost for one in network.classes]
    return np.array(costs)


def by_score(model: Assembled, score: Score, kept: Flags | None = None) -> Ints:
    """A freed agent takes the class of highest score, an arrival the fastest group.

    Args:
        model: the network.
        score: what is compared between the waiting classes; FIFO-like is waiting / arrival rate (expected wait of
            the first in line), MaxWeight c mu Q with c = h + theta a (Stolyar 2004, "MaxWeight scheduling in a
            generalized switch").
        kept: (D, A) choices the rule forbids itself.
    """
    decisions, allowed, rates = model.decisions, model.process.allowed, model.network.services_per_min
    scores = np.full(allowed.shape, -1.0)  # of waiting, or staying free
    for i, group_rates in enumerate(rates):
        scores[_rows(decisions, ARRIVAL, i), : len(group_rates)] = group_rates
    for group in range(rates.shape[1]):
        rows = _rows(decisions, FREED, group)
        urgency = score(decisions.waiting[rows].astype(np.float64), group)
        scores[rows, : len(rates)] = urgency + TIE * c_mu_index(_queue_network(model))[:, group]
    return choose(scores, allowed & ~kept if kept is not None else allowed)


def reserve(model: Assembled, kept: int) -> Ints:
    """c-mu, but a group keeps `kept` agents free for the class it is best at (highest c-mu index).

    Any other class it takes only while more than `kept` of its agents are idle, the freed one counted.
    """
    network, decisions = _queue_network(model), model.decisions
    index, forbidden = c_mu_index(network), np.zeros(model.process.choices.shape, np.bool_)
    for group in range(len(network.groups)):
        scarce = decisions.room[:, group] <= kept
        for i in range(len(network.classes)):
            if i != int(index[:, group].argmax()):
                forbidden[scarce & _rows(decisions, ARRIVAL, i), group] = True
                forbidden[scarce & _rows(decisions, FREED, group), i] = True
    return by_score(model, lambda waiting, group: index[:, group] + 0 * waiting, forbidden)


def least_busy(model: Assembled, caps: tuple[int, ...]) -> Ints:
    """Chat with fixed caps: an arrival goes to the agent with fewest open conversations, the quicker of equals.

    A freed agent below its cap takes the class whose queue holds most minutes of arrivals (FIFO-like).
    """
    network, decisions = model.network, model.decisions
    allowed = model.process.allowed & ~over_cap(model, caps)
    arrivals = np.array([one.arrivals_per_min for one in network.classes])
    speed = network.services_per_min / network.services_per_min.max()
    scores = np.full(allowed.shape, -100.0)
    opened = decisions.held.sum(axis=2)
    for i in range(len(arrivals)):
        rows = _rows(decisions, ARRIVAL, i)
        scores[rows, : len(caps)] = speed[i] / 2 - opened[rows]
    freed = decisions.kind == FREED
    scores[freed, : len(arrivals)] = decisions.waiting[freed] / arrivals
    return choose(scores, allowed)


def reserved(model: Assembled, places: Ints) -> Ints:
    """Chat with places by class: an agent holds so many conversations of a class, and what earns most goes first.

    What a class earns at an agent is the expected value of its resolution per minute of work (p-mu); of agents that are
    level, the less busy one. With fewer places than its cap an agent is kept from a class that earns more elsewhere:
    threshold reservation by class.

    Args:
        model: of a chat network.
        places: (I, G) most conversations of each class at each agent.
    """
    network, decisions = _chat_network(model), model.decisions
    resolved = np.array([agent.resolution_p for agent in network.agents]).T
    earned = np.array([one.resolved_value for one in network.classes])[:, None] * resolved * network.services_per_min
    scores = np.full(model.process.choices.shape, -100.0)  # to wait or to stay free
    opened = decisions.held.sum(axis=2)
    full = decisions.held.swapaxes(1, 2) >= places  # (D, I, G)
    for i, g in np.ndindex(*earned.shape):
        arrived, freed = _rows(decisions, ARRIVAL, i), _rows(decisions, FREED, g)
        scores[arrived, g] = np.where(full[arrived, i, g], -200, earned[i, g] - 0.01 * opened[arrived, g])
        scores[freed, i] = np.where(full[freed, i, g], -200, earned[i, g])
    return choose(scores, model.process.allowed)


def chat_rules(model: Assembled) -> dict[str, Ints]:
    """`least_busy` with every combination of fixed caps, and `reserved` with fewer places where a class earns less."""
    agents = _chat_network(model).agents
    caps = product(*(range(1, agent.cap + 1) for agent in agents))
    fixed = {f"fixed caps {' '.join(map(str, each))}": least_busy(model, each) for each in caps}
    return fixed | {f"reserved {name}": reserved(model, places) for name, places in _fewer_places(model).items()}


def _fewer_places(model: Assembled) -> dict[str, Ints]:
    """Every number of places, from none to the cap, for each class at the agent that resolves it worst per minute."""
    network = _chat_network(model)
    caps = np.array([agent.cap for agent in network.agents])
    resolved = np.array([agent.resolution_p for agent in network.agents]).T * network.services_per_min
    worst = resolved.argmin(axis=1)
    found = {}
    for each in product(*(range(caps[agent] + 1) for agent in worst)):
        places = np.tile(caps, (len(worst), 1))
        places[np.arange(len(worst)), worst] = each
        found[" ".join(map(str, each))] = places
    return found


def work_conserving(model: Assembled, caps: tuple[int, ...]) -> Process:
    """The process in which no free place below the fixed caps is left empty while somebody waits."""
    within = model.process.allowed & ~over_cap(model, caps)
    busy = within & ~idling(model)
    allowed = np.where(busy.any(axis=1, keepdims=True), busy, within)
    return replace(model.process, choices=np.where(allowed, model.process.choices, -1))


def over_cap(model: Assembled, caps: tuple[int, ...]) -> Flags:
    """(D, A) choices that would give an agent more than `caps[agent]` open conversations."""
    decisions, classes = model.decisions, len(model.network.classes)
    full = np.asarray(decisions.held.sum(axis=2) >= np.array(caps))
    over = np.zeros(model.process.choices.shape, np.bool_)
    arrival = decisions.kind == ARRIVAL
    over[arrival, : len(caps)] = full[arrival]
    for agent in range(len(caps)):
        rows = _rows(decisions, FREED, agent)
        over[rows, :classes] = full[rows, agent, None]
    return over


def idling(model: Assembled) -> Flags:
    """(D, A) the choices to wait or to stay free."""
    network, arrival = model.network, model.decisions.kind == ARRIVAL
    idle = np.zeros(model.process.choices.shape, np.bool_)
    idle[arrival, len(model.stations)] = True
    idle[~arrival, len(network.classes)] = True
    return idle


def _rows(decisions: Decisions, kind: int, subject: int) -> Flags:
    return np.asarray((decisions.kind == kind) & (decisions.subject == subject))


def _queue_network(model: Assembled) -> QueueNetwork:
    if not isinstance(model.network, QueueNetwork):
        raise ValueError(f"{model.network.name}: these rules are for queues, not for chat")
    return model.network


def _chat_network(model: Assembled) -> ChatNetwork:
    if not isinstance(model.network, ChatNetwork):
        raise ValueError(f"{model.network.name}: fixed caps are for chat, not for queues")
    return model.network
