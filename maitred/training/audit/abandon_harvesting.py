"""DG-4: hard contacts are left waiting until they hang up, so that those answered are easy."""

from __future__ import annotations

import numpy as np

from maitred.envs.kpi import Books, Ratio
from maitred.envs.kpi.definition import Floats
from maitred.envs.scenario import Scenario
from maitred.training.audit.finding import Detector, Episode, Symptom
from maitred.training.audit.slopes import slope


def expected_work_s(books: Books) -> Floats:
    """(C,) seconds of work a contact is expected to take: mean over its type's agents, times its true complexity."""
    agents, dialogue = books.scenario.agents, books.scenario.dialogue
    able = agents.may_answer
    of_type = np.where(able, agents.mean_s, 0).sum(axis=0) / np.maximum(able.sum(axis=0), 1)
    if not len(books.talks):
        work_s: Floats = of_type[books.contacts["type"]]
        return work_s
    factor = np.broadcast_to(dialogue.work_factor, len(dialogue.names)).astype(np.float64)
    turns = np.broadcast_to(dialogue.turns_mean, len(dialogue.names)).astype(np.float64)
    by_complexity: Floats = of_type[books.talks["first_type"]] * (factor * turns)[books.talks["started_complexity"]]
    return by_complexity


def _steepness(episode: Episode) -> Ratio:
    """Abandonment gained per doubling of the expected work."""
    books = episode.books
    return slope(np.log2(np.maximum(expected_work_s(books), 1)), books.abandoned)


def _work_lost(episode: Episode) -> Ratio:
    """Expected work of those who hung up over the expected work of all who came."""
    work_s = expected_work_s(episode.books)
    return float(work_s[episode.books.abandoned].sum()), float(work_s.sum())


def _differs(scenario: Scenario) -> bool:
    return len(scenario.types.names) * len(scenario.dialogue.names) > 1


ABANDON_HARVESTING = Detector(
    "DG-4",
    "abandon harvesting",
    "lets hard contacts hang up",
    (
        Symptom("abandonment gained per doubling of a contact's work", "share", _steepness, 0.05),
        Symptom("offered work that hung up", "share", _work_lost, 0.02),
    ),
    _differs,
    "contacts of different work",
)
