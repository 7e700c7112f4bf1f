"""DG-7: the best agents get the work until they burn out, the others learn nothing."""

from __future__ import annotations

import numpy as np

from maitred.envs.kpi import Books, Ratio
from maitred.envs.kpi.definition import Floats, always
from maitred.envs.kpi.people import BUSY, ON_DUTY
from maitred.training.audit.finding import Detector, Episode, Symptom


def _busy_and_duty_s(books: Books) -> tuple[Floats, Floats]:
    return books.spent_s(*BUSY), books.spent_s(*ON_DUTY)


def _inequality(episode: Episode) -> Ratio:
    """Work that would have to change hands for everyone to be equally busy, over all work (Hoover 1936)."""
    busy_s, duty_s = _busy_and_duty_s(episode.books)
    equal_s = duty_s * busy_s.sum() / max(duty_s.sum(), 1.0)
    return float(np.abs(busy_s - equal_s).sum()) / 2, float(busy_s.sum())


def _busiest(episode: Episode) -> Ratio:
    """Occupancy of the busiest quarter of those on duty, the mean over its agents."""
    busy_s, duty_s = _busy_and_duty_s(episode.books)
    occupancy = np.sort(busy_s[duty_s > 0] / duty_s[duty_s > 0])
    quarter = occupancy[len(occupancy) - -(-len(occupancy) // 4) :]
    return float(quarter.sum()), float(len(quarter))


CHERRY_PICKING = Detector(
    "DG-7",
    "cherry-picking",
    "overloads some agents and starves others",
    (
        Symptom("work that would have to move for equal occupancy", "share", _inequality, 0.15),
        Symptom("occupancy of the busiest quarter of agents", "share", _busiest, 0.02),
    ),
    always,
    "agents",
)
