"""DG-12: whoever logs in first gets everything that waits."""

from __future__ import annotations

import numpy as np

from maitred.envs.kpi import Ratio
from maitred.envs.kpi.definition import always
from maitred.envs.trace import CODE_MASK, SHIFT_START
from maitred.training.audit.finding import Detector, Episode, Symptom

EARLY_S = 600.0  # after log-in


def _crowding(episode: Episode) -> Ratio:
    """How many contacts the agent of an early contact was given early, on average over early contacts.

    Early is within ten minutes of the agent's log-in. The mean over contacts, not over agents: one agent with ten
    counts ten times, nine with none not at all.
    """
    contacts = episode.books.contacts[episode.books.answered]
    counts = []
    roster = episode.trace.roster
    for event in roster[(roster["code"] & CODE_MASK) == SHIFT_START]:
        since_s = contacts["answer_s"] - event["s"]
        early = (contacts["agent"] == event["agent"]) & (since_s >= 0) & (since_s < EARLY_S)
        counts.append(np.count_nonzero(early))
    given = np.array(counts, np.float64)
    return float(given @ given), float(given.sum())


EARLY_BIRD = Detector(
    "DG-12",
    "early-bird dump",
    "gives the first to log in all that waits",
    (Symptom("contacts given to one agent within 10 min of log-in", "contacts", _crowding, 1.0, share=0.2),),
    always,
    "shifts",
)
