"""DG-13: contacts that were passed over once are never tried again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kpi import Books, Ratio
from maitred.envs.kpi.definition import Bools, Floats, always
from maitred.training.audit.clock_stopping import put_off
from maitred.training.audit.finding import Detector, Episode, Symptom

OVERTAKEN = 10  # later contacts of the same kind and level answered meanwhile


def lost(books: Books) -> Bools:
    """(C,) contacts whom at least ten later ones of the same type and level overtook in the queue.

    It does not depend on load, and hardly on the discipline: whatever the order between types and levels, within one
    of them first come is first served.
    """
    contacts = books.contacts
    until_s = np.where(books.answered, contacts["answer_s"], contacts["end_s"])
    until_s = np.where(np.isnan(until_s), books.ledger.horizon_s, until_s)
    kind = _arrived_as(books).astype(np.int64) * 100 + contacts["level"]
    in_line = ~books.bot_only & ~books.blocked & ~put_off(books)  # a promise is kept or broken, not overtaken
    found = np.zeros(len(contacts), bool)
    for value in np.unique(kind):
        rows = np.nonzero((kind == value) & in_line)[0]
        found[rows] = _overtaken(contacts["arrival_s"][rows], contacts["answer_s"][rows], until_s[rows]) >= OVERTAKEN
    return found


def _arrived_as(books: Books) -> NDArray[np.int32]:
    kinds: NDArray[np.int32] = books.talks["first_type"] if len(books.talks) else books.contacts["type"]
    return kinds


def _overtaken(arrival_s: Floats, answer_s: Floats, until_s: Floats) -> NDArray[np.int64]:
    """(C,) later arrivals answered before each contact's own wait was over; arrivals are in order."""
    count = np.zeros(len(arrival_s), np.int64)
    last = np.searchsorted(arrival_s, until_s)
    for row in np.nonzero(last - np.arange(len(arrival_s)) > OVERTAKEN)[0]:
        count[row] = np.count_nonzero(answer_s[row + 1 : last[row]] < until_s[row])
    return count


def _lost(episode: Episode) -> Ratio:
    return float(np.count_nonzero(lost(episode.books))), float(len(episode.books.contacts))


LOST_IN_QUEUE = Detector(
    "DG-13",
    "lost in queue",
    "passes contacts over again and again",
    (Symptom("contacts that ten later ones of their kind overtook", "share", _lost, 0.005),),
    always,
    "queues",
)
