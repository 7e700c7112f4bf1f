"""DG-8: agents are piled with conversations, so that nobody waits in the queue and everybody for a reply."""

from __future__ import annotations

import numpy as np

from maitred.envs.kpi import Ratio
from maitred.envs.kpi.definition import Bools, share
from maitred.envs.kpi.people import ON_DUTY
from maitred.training.audit.empty_replies import has_writing
from maitred.training.audit.finding import Detector, Episode, Symptom


def _slow_replies(episode: Episode) -> Ratio:
    """Conversations whose mean reply is slower than what costs satisfaction, over those that had one."""
    books = episode.books
    talks = books.talks
    slow = talks["reply_s"] > books.scenario.dialogue.slow_reply_s * talks["replies"]
    return share(slow, (talks["replies"] > 0) & _is_live(episode))


def _held(episode: Episode) -> Ratio:
    """Conversations an agent holds at once, on average over the time on duty, however they are weighted."""
    books = episode.books
    contacts = books.contacts
    until_s = np.where(np.isnan(contacts["end_s"]), books.ledger.horizon_s, contacts["end_s"])
    open_s = (until_s - contacts["answer_s"])[books.answered & _is_live(episode)]
    return float(open_s.sum()), float(books.spent_s(*ON_DUTY).sum())


def _is_live(episode: Episode) -> Bools:
    """(C,) not on a channel where conversations go over night."""
    channels = episode.books.scenario.channels
    parked = np.broadcast_to(channels.interruptible, len(channels.names)) > 0
    of_type = np.full(len(episode.books.scenario.types.names), channels.of_type)
    live: Bools = ~parked[of_type[episode.books.contacts["type"]]]
    return live


PILING_UP = Detector(
    "DG-8",
    "piled-up concurrency",
    "piles conversations on agents who then reply slowly",
    (
        Symptom("conversations with slow replies", "share", _slow_replies, 0.10),
        Symptom("conversations an agent holds at once", "conversations", _held, 0.0, share=0.10),
    ),
    has_writing,
    "conversations side by side",
)
