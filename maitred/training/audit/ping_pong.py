"""DG-6: contacts are passed round, each leg short and in time, the whole long."""

from __future__ import annotations

from maitred.envs.kpi import Ratio
from maitred.envs.kpi.definition import has_conversations, share
from maitred.training.audit.finding import Detector, Episode, Symptom

LOOP = 2  # changes of hands: one may be right, the second has found out nothing new


def _loops(episode: Episode) -> Ratio:
    talks = episode.books.talks
    return share(talks["transfers"] + talks["handovers"] >= LOOP, episode.books.answered)


PING_PONG = Detector(
    "DG-6",
    "transfer ping-pong",
    "passes contacts round",
    (Symptom("answered contacts that changed hands twice or more", "share", _loops, 0.05),),
    has_conversations,
    "transfers",
)
