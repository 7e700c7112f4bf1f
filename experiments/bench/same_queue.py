"""One M/M/10+M queue in three tools: 50 contacts/h, 6 services/h per agent, patience 15 minutes on average.

Each function simulates about `customers` customers from empty and returns what it took. Random numbers are part of
the work everywhere: SimPy and Ciw draw them on the way, the kernel has them drawn into a trace beforehand.
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import ciw
import numpy as np
import simpy

from experiments.exactness.erlang import Queue
from maitred.envs.kernel.layout import Outcome
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace

QUEUE = Queue("M/M/10+M", arrivals_per_h=50, services_per_h=6, agents=10, abandons_per_h=4)


@dataclass(frozen=True)
class Run:
    """What one run did: customers, those who gave up, and its seconds of processor time."""

    customers: int
    abandoned: int
    seconds: float


def run_kernel(customers: int, seed: int) -> Run:
    """This project's kernel under the incumbent rule, the drawing of the trace included."""
    scenario = QUEUE.scenario(days=max(1, round(customers / QUEUE.arrivals_per_h / 24)))
    begin = time.process_time()
    simulator = Simulator(scenario, [draw_trace(scenario, np.random.SeedSequence(seed))])
    simulator.run_incumbent()
    seconds = time.process_time() - begin
    contacts = simulator.ledger(0).contacts
    return Run(len(contacts), int((contacts["outcome"] == Outcome.ABANDONED).sum()), seconds)


def run_simpy(customers: int, seed: int) -> Run:
    """SimPy: a process per customer that waits for an agent or for the end of its patience."""
    environment, rng = simpy.Environment(), random.Random(seed)
    agents = simpy.Resource(environment, QUEUE.agents)
    came, gave_up = 0, 0

    def customer() -> Generator[simpy.Event, Any, None]:
        nonlocal gave_up
        with agents.request() as answered:
            patience = environment.timeout(rng.expovariate(QUEUE.abandons_per_h))
            outcome = yield answered | patience
            if answered in outcome:
                yield environment.timeout(rng.expovariate(QUEUE.services_per_h))
            else:
                gave_up += 1

    def source() -> Generator[simpy.Event]:
        nonlocal came
        while True:
            yield environment.timeout(rng.expovariate(QUEUE.arrivals_per_h))
            came += 1
            environment.process(customer())

    begin = time.process_time()
    environment.process(source())
    environment.run(until=customers / QUEUE.arrivals_per_h)
    return Run(came, gave_up, time.process_time() - begin)


def run_ciw(customers: int, seed: int) -> Run:
    """Ciw: one node with reneging."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(QUEUE.arrivals_per_h)],
        service_distributions=[ciw.dists.Exponential(QUEUE.services_per_h)],
        number_of_servers=[QUEUE.agents],
        reneging_time_distributions=[ciw.dists.Exponential(QUEUE.abandons_per_h)],
    )
    ciw.seed(seed)
    begin = time.process_time()
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(customers / QUEUE.arrivals_per_h)
    seconds = time.process_time() - begin
    records = simulation.get_all_records(only=["renege"])
    return Run(simulation.nodes[0].number_of_individuals, len(records), seconds)
