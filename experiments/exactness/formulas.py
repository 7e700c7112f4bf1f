"""Closed forms of the Erlang models: what a correct simulator must come to.

Rates are per hour, times in hours. B: no one waits, n lines. C: everyone waits. A: who waits gives up at a rate
theta each (Palm 1957; Mandelbaum and Zeltyn 2007, "Service engineering in action: the Palm/Erlang-A queue, with
applications to call centers").
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.integrate import quad
from scipy.optimize import brentq


@dataclass(frozen=True)
class Exact:
    """Stationary values of one queue.

    Attributes:
        wait_p: probability that an arrival does not reach an agent at once, among those let in.
        abandon_p: share of arrivals that give up.
        blocked_p: share of arrivals that find no line.
        mean_wait_h: mean time in queue of all arrivals let in, those who give up included, hours.
        service_level: share of all arrivals answered within the target.
        occupancy: share of the agents' time spent working.
        mean_queue: time average of the number waiting.
    """

    wait_p: float
    abandon_p: float
    blocked_p: float
    mean_wait_h: float
    service_level: float
    occupancy: float
    mean_queue: float


def erlang_b(load: float, lines: int) -> float:
    """Blocking probability of `load` erlangs on `lines` lines: B(0) = 1, B(k) = a B / (k + a B)."""
    blocking = 1.0
    for k in range(1, lines + 1):
        blocking = load * blocking / (k + load * blocking)
    return blocking


def erlang_b_with_retrials(load: float, lines: int, retrial_p: float) -> float:
    """Blocking where each blocked call is tried again with probability `retrial_p`, long afterwards.

    With long delays retrials are a Poisson stream of their own, so the load is the fixed point of
    a' = a + p a' B(a') (Cohen 1957, "Basic problems of telephone traffic theory and the influence of repeated calls").
    """

    def excess(total: float) -> float:
        return total * (1 - retrial_p * erlang_b(total, lines)) - load

    return erlang_b(brentq(excess, load, load / (1 - retrial_p), xtol=1e-12), lines)


def loss_queue(arrivals_per_h: float, services_per_h: float, agents: int, retrial_p: float = 0.0) -> Exact:
    """Erlang B, with retrials if `retrial_p` > 0; shares are of all attempts."""
    load = arrivals_per_h / services_per_h
    blocked = erlang_b_with_retrials(load, agents, retrial_p) if retrial_p else erlang_b(load, agents)
    carried = load * (1 - blocked) / (1 - retrial_p * blocked)
    return Exact(0.0, 0.0, blocked, 0.0, 1 - blocked, carried / agents, 0.0)


def delay_queue(arrivals_per_h: float, services_per_h: float, agents: int, target_h: float) -> Exact:
    """Erlang C; needs more agents than erlangs."""
    load = arrivals_per_h / services_per_h
    if agents <= load:
        raise ValueError(f"Erlang C: expected more than {load:g} agents, found {agents}")
    blocking, spare = erlang_b(load, agents), agents * services_per_h - arrivals_per_h
    wait_p = blocking / (1 - load / agents * (1 - blocking))
    level = 1 - wait_p * math.exp(-spare * target_h)
    return Exact(wait_p, 0.0, 0.0, wait_p / spare, level, load / agents, arrivals_per_h * wait_p / spare)


def abandonment_queue(
    arrivals_per_h: float, services_per_h: float, abandons_per_h: float, agents: int, target_h: float
) -> Exact:
    """Erlang A: the birth-death chain with death rates min(k, n) mu + max(k - n, 0) theta."""
    p = _stationary(arrivals_per_h, services_per_h, abandons_per_h, agents)
    queue = sum((k - agents) * mass for k, mass in enumerate(p) if k > agents)
    busy = sum(min(k, agents) * mass for k, mass in enumerate(p))
    wait_p = sum(p[agents:])

    # The density of waiting s and then being answered is p(n) n mu times this (Baccelli and Hebuterne 1981).
    def answered_after(s: float) -> float:
        passed = -math.expm1(-abandons_per_h * s) / abandons_per_h
        return math.exp(arrivals_per_h * passed - (agents * services_per_h + abandons_per_h) * s)

    late = p[agents] * agents * services_per_h * quad(answered_after, 0, target_h)[0]
    return Exact(
        wait_p, abandons_per_h * queue / arrivals_per_h, 0.0, queue / arrivals_per_h, 1 - wait_p + late,
        busy / agents, queue,
    )  # fmt: skip


def _stationary(arrivals: float, services: float, abandons: float, agents: int) -> list[float]:
    weights, k = [1.0], 0
    while k < agents or weights[-1] > 1e-18 * weights[agents]:
        k += 1
        weights.append(weights[-1] * arrivals / (min(k, agents) * services + max(k - agents, 0) * abandons))
    total = sum(weights)
    return [weight / total for weight in weights]
