"""A policy watched at work: its ledgers, and of every decision what could have been done and what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import does
from maitred.envs.decision import Action, Decisions, Policy
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger, Simulator
from maitred.envs.trace import Trace

DEED = np.dtype([("s", "f8"), ("kind", "i1"), ("held", "i1"), ("agent_offered", "i1")])


@dataclass(frozen=True)
class Watched:
    """What a policy did on E traces.

    Attributes:
        ledgers: E, what was booked.
        deeds: E arrays (N,) of `DEED` records in order of time: when, the `Kind` of decision, whether the answer was to
            hold, and whether giving a contact to an agent was legal.
    """

    ledgers: tuple[Ledger, ...]
    deeds: tuple[NDArray[np.void], ...]


def watch(scenario: Scenario, traces: Sequence[Trace], policy: Policy) -> Watched:
    """Run a policy on each trace, all of them together, and write down its decisions."""
    simulator = Simulator(scenario, traces)
    centers, deeds = [np.zeros(0, np.int64)], [np.zeros(0, DEED)]
    simulator.step()
    while (pending := simulator.pending).any():
        decisions = simulator.decisions(pending)
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = policy.act(decisions).candidate
        centers.append(np.nonzero(pending)[0])
        deeds.append(_deeds(decisions, answers[pending], simulator.centers.center["now"][pending]))
        simulator.step(answers)
    center, deed = np.concatenate(centers), np.concatenate(deeds)
    episodes = range(len(simulator))
    return Watched(tuple(simulator.ledger(b) for b in episodes), tuple(deed[center == b] for b in episodes))


def _deeds(decisions: Decisions, chosen: NDArray[np.int64], now: NDArray[np.float64]) -> NDArray[np.void]:
    deeds = np.zeros(len(decisions), DEED)
    deeds["s"], deeds["kind"] = now, decisions.kind
    deeds["held"] = does(decisions, Action.HOLD)[np.arange(len(decisions)), chosen]
    deeds["agent_offered"] = does(decisions, Action.ASSIGN).any(axis=1)
    return deeds
