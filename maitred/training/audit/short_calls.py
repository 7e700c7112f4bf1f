"""DG-2: contacts are cut short, which does wonders for handle time, and the customer calls again.

Here, whether a policy brings more of it about than the reference does; `short_call_log` finds the agents who do it.
"""

from __future__ import annotations

from maitred.envs.kpi import Ratio
from maitred.envs.kpi.definition import always, share
from maitred.training.audit.finding import Detector, Episode, Symptom

SHORT_S = 10.0  # work in which nothing can be settled (domain 2.1)


def _short(episode: Episode) -> Ratio:
    books = episode.books
    return share(books.contacts["work_s"] <= SHORT_S, books.handled)


SHORT_CALLS = Detector(
    "DG-2",
    "short calls",
    "has more contacts closed within ten seconds of work",
    (Symptom("contacts closed within 10 s of work", "share", _short, 0.01),),
    always,
    "agents",
)
