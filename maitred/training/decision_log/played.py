"""What a policy met, answered and was paid in simulated episodes: one entry per decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import Choices, Decisions, Kind, Policy
from maitred.envs.simulator import Simulator
from maitred.training.decision_log.case_terms import contact_terms

NOBODY = -1

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Played:
    """N decisions.

    Attributes:
        center: (N,) int64, which center decided.
        decisions: (N,) what was to be decided.
        choices: (N,) the answers.
        now_s: (N,) float64, seconds since the episode began.
        contact: (N,) int64, ledger row of the contact that the answer is about; `NOBODY` where it is about none, as
            when an agent stays free.
        before: (N, len(Term)) float64, what that contact had booked by then.
        reward: (N,) float64, booked in the center until its next decision, money.
        step_s: (N,) float64, seconds until the center's next decision, or the horizon.
    """

    center: Ints
    decisions: Decisions
    choices: Choices
    now_s: Floats
    contact: Ints
    before: Floats
    reward: Floats
    step_s: Floats


def play(simulator: Simulator, policy: Policy, weights: Floats) -> list[Played]:
    """Run all centers to their horizon; each center's decisions, in order.

    Args:
        simulator: centers at the start of their traces.
        policy: who decides.
        weights: (len(Term),) money per booked unit.
    """
    every: Any = _joined(list(_steps(simulator, policy, weights)))
    return [_of(every, np.flatnonzero(every.center == b)) for b in range(len(simulator))]


def _steps(simulator: Simulator, policy: Policy, weights: Floats) -> Iterator[Played]:
    simulator.step()
    while True:
        pending = simulator.pending
        decisions = simulator.decisions(pending)
        choices = policy.act(decisions)
        now_s, worth = simulator.centers.center["now"].copy(), _worth(simulator, weights)
        contact = subjects(simulator, pending, decisions.kind, choices.candidate)
        before = booked_before(simulator, pending, contact)
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = choices.candidate
        if pending.any():
            simulator.step(answers)
        reward, step_s = _worth(simulator, weights) - worth, simulator.centers.center["now"] - now_s
        center = np.flatnonzero(pending)
        yield Played(center, decisions, choices, now_s[pending], contact, before, reward[pending], step_s[pending])
        if not pending.any():
            return


def _worth(simulator: Simulator, weights: Floats) -> Floats:
    """(B,) money booked so far; a matrix product would round by how many centers there are."""
    worth: Floats = (simulator.booked * weights).sum(axis=1)
    return worth


def subjects(
    simulator: Simulator, pending: NDArray[np.bool_], kind: NDArray[np.int64], chosen: NDArray[np.int64]
) -> Ints:
    """(P,) ledger row of the contact that each answer is about; `NOBODY` where it is about none."""
    x = simulator.centers
    taken = x.candidates[pending][np.arange(len(chosen)), chosen]
    given = np.isin(kind, (Kind.ROUTE, Kind.REASSESS))
    rows: Ints = np.where(given, x.center["subject"][pending], np.where(kind == Kind.PULL, taken, NOBODY))
    return rows


def booked_before(simulator: Simulator, pending: NDArray[np.bool_], contact: Ints) -> Floats:
    """(P, len(Term)) what the contact that each answer is about has booked so far; any row where it is about none."""
    x, center = simulator.centers, np.flatnonzero(pending)
    talks = x.talks[center, contact] if x.talks.shape[1] else x.talks[:0, 0:0].ravel()
    return contact_terms(x.contacts[center, contact], talks, simulator.scenario)


def _joined(parts: list[Any]) -> Any:
    """Dataclasses of arrays one after another."""
    first = parts[0]
    if not hasattr(first, "__dataclass_fields__"):
        return np.concatenate(parts)
    return type(first)(*(_joined([getattr(part, f.name) for part in parts]) for f in fields(first)))


def _of(whole: Any, rows: Ints) -> Any:
    """The same of some rows."""
    if not hasattr(whole, "__dataclass_fields__"):
        return whole[rows]
    return type(whole)(*(_of(getattr(whole, f.name), rows) for f in fields(whole)))
