"""Groups of customers: what each is worth by itself, so that a gain of most does not hide the loss of a few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kpi import Books
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger
from maitred.training.decision_log.case_terms import contact_terms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def segment_names(scenario: Scenario) -> tuple[str, ...]:
    """S groups: by type, channel, value tier and priority, wherever there are two or more of a kind."""
    return tuple(f"{kind} {name}" for kind, names in _kinds(scenario).items() for name in names)


def segment_ratios(ledgers: Sequence[Ledger], scenario: Scenario, objective: Objective) -> Floats:
    """What the objective makes of each group's contacts.

    Paid time, messages, leavers and unwanted channels are booked for the center as a whole and are in no group.

    Args:
        ledgers: E episodes.
        scenario: the center.
        objective: what a contact is worth.

    Returns:
        (E, S, 2) float64: money of a group's contacts, and how many they are.
    """
    weights = objective.weights()
    return np.array([_of_one(ledger, scenario, weights) for ledger in ledgers])


def _of_one(ledger: Ledger, scenario: Scenario, weights: Floats) -> Floats:
    worth = contact_terms(ledger.contacts, ledger.talks, scenario) @ weights
    books = Books(ledger, scenario, Objective())
    found = []
    for kind, names in _kinds(scenario).items():
        group = _group(kind, books)
        sums = np.bincount(group, worth, len(names)), np.bincount(group, minlength=len(names))
        found.append(np.stack(sums, axis=-1))
    return np.concatenate(found) if found else np.zeros((0, 2))


def _kinds(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    levels = tuple(str(level) for level in range(len(scenario.types.head_start_s)))
    kinds = {"type": scenario.types.names, "priority": levels, "channel": scenario.channels.names}
    if scenario.has_conversations:
        kinds["tier"] = scenario.customers.names
    return {kind: names for kind, names in kinds.items() if len(names) > 1}


def _group(kind: str, books: Books) -> Ints:
    """(C,) the group of each contact, by what it came as."""
    if kind == "channel":
        return books.arrival_channel
    if kind == "priority":
        return np.asarray(books.contacts["level"], np.int64)
    if kind == "tier":
        return np.asarray(books.talks["tier"], np.int64)
    return np.asarray(books.talks["first_type"] if len(books.talks) else books.contacts["type"], np.int64)
