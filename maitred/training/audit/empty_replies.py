"""DG-5: a first reply that says nothing stops the first-response clock."""

from __future__ import annotations

import numpy as np

from maitred.envs.kpi import Ratio
from maitred.envs.kpi.definition import share
from maitred.envs.scenario import Scenario
from maitred.training.audit.finding import Detector, Episode, Symptom

EMPTY_S = 5.0  # from an agent's taking a written contact over to a reply too quick to have read it


def has_writing(scenario: Scenario) -> bool:
    """Scenarios where customers think between turns, so that an agent can hold several conversations."""
    return bool(np.any(np.asarray(scenario.channels.think_mean_s) > 0))


def _empty(episode: Episode) -> Ratio:
    """First replies by agents in writing that came at once, over first replies by agents in writing."""
    books = episode.books
    channels = books.scenario.channels
    written = np.broadcast_to(channels.think_mean_s, len(channels.names))[books.arrival_channel] > 0
    taken_s = books.talks["first_reply_s"] - books.contacts["answer_s"]
    by_agent = written & (taken_s > 0)  # NaN where either was not; at most 0 where a bot had replied before
    return share(taken_s <= EMPTY_S, by_agent)


EMPTY_REPLIES = Detector(
    "DG-5",
    "empty first reply",
    "has first replies sent too quickly to say anything",
    (Symptom("agents' first replies within 5 s of taking a contact", "share", _empty, 0.05),),
    has_writing,
    "written conversations",
)
