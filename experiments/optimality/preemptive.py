"""Networks that pre-empt: at every event all agents are assigned anew.

A decision sees the number of contacts of each class in the system and picks an assignment; the settled state is
both. Unlike in `assembly`, a contact may leave an agent before it is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack, vstack

from experiments.optimality.network import QueueNetwork
from experiments.optimality.process import Floats, Ints, Process


@dataclass(frozen=True)
class Preemptive:
    """A network as a decision process whose choices are assignments.

    Attributes:
        network: what was assembled.
        process: one decision per row of `present`.
        present: (D, I) contacts of each class in the system.
        assignments: (A, I, G) agents of each group that serve each class.
    """

    network: QueueNetwork
    process: Process
    present: Ints
    assignments: Ints


def assemble_preemptive(network: QueueNetwork) -> Preemptive:
    """The process of a network that pre-empts."""
    most = [one.queue_limit + sum(g.agents for g in network.groups) for one in network.classes]
    grid = tuple(n + 1 for n in most)
    present = np.indices(grid, np.int32).reshape(len(grid), -1).T
    assignments = _assignments(network)
    served = assignments.sum(axis=2)
    feasible = (served[None] <= present[:, None]).all(axis=2)
    choices = np.full(feasible.shape, -1, np.int32)
    order = np.nonzero(feasible.T)  # settled states, by assignment, then by contacts present
    choices[order[1], order[0]] = np.arange(len(order[0]), dtype=np.int32)
    parts = [_jumps(network, grid, present, z)[feasible[:, k]] for k, z in enumerate(assignments)]
    decisions = vstack(parts, format="csr")
    jumps = hstack([csr_array((decisions.shape[0], decisions.shape[0])), decisions], format="csr")
    costs = [_cost(network, grid, present[feasible[:, k]], z) for k, z in enumerate(assignments)]
    return Preemptive(network, Process(jumps, np.concatenate(costs), choices, 0), present, assignments)


def _assignments(network: QueueNetwork) -> Ints:
    """(A, I, G) every way to assign the agents, idle ones included, the fullest first."""
    per_group = []
    for group in network.groups:
        ranges = (range(group.agents + 1 if rate > 0 else 1) for rate in group.services_per_min)
        per_group.append([counts for counts in product(*ranges) if sum(counts) <= group.agents])
    every = np.array([np.transpose(split) for split in product(*per_group)], np.int32)
    return every[np.argsort(-every.sum(axis=(1, 2)), kind="stable")]


def _jumps(network: QueueNetwork, grid: tuple[int, ...], present: Ints, assignment: Ints) -> csr_array:
    """(D, D) rates from the contacts present to those present after an event, under one assignment."""
    size, strides = len(present), [int(np.prod(grid[i + 1 :])) for i in range(len(grid))]
    services = (assignment * network.services_per_min).sum(axis=1)
    total = csr_array((size, size))
    for i, (one, stride) in enumerate(zip(network.classes, strides, strict=True)):
        waiting = np.maximum(present[:, i] - assignment[i].sum(), 0)
        leaving = (services[i] + waiting * one.abandons_per_min) * (present[:, i] > 0)
        full = present[:, i] == grid[i] - 1
        more, same = np.where(full, 0, one.arrivals_per_min), np.where(full, one.arrivals_per_min, 0)
        total = total + diags_array(
            (more[: size - stride], same, leaving[stride:]), offsets=(stride, 0, -stride), shape=(size, size)
        )
    return total.tocsr()


def _cost(network: QueueNetwork, grid: tuple[int, ...], present: Ints, assignment: Ints) -> Floats:
    total = np.zeros(len(present))
    for i, one in enumerate(network.classes):
        served = assignment[i].sum()
        waiting = present[:, i] - served
        lost_per_min = waiting * one.abandons_per_min + one.arrivals_per_min * (present[:, i] == grid[i] - 1)
        total += waiting * one.waiting_cost_per_min + served * one.service_cost_per_min
        total += lost_per_min * one.abandonment_cost
    return total
