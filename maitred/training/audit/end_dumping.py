"""DG-11: towards the end of the episode work is passed on to a tomorrow that nobody counts."""

from __future__ import annotations

import numpy as np

from maitred.envs.kernel.layout import Outcome
from maitred.envs.kpi import Ratio
from maitred.envs.kpi.definition import always
from maitred.training.audit.finding import Detector, Episode, Symptom
from maitred.training.audit.slopes import slope

LAST_SHARE = 0.1  # of the arrivals of the last day are its end


def _passed_on(episode: Episode) -> Ratio:
    """Share not dealt with among contacts of the last day's end, less that among those before on that day.

    Dealt with is served, and not put off. The end is a share of what arrives by itself, so it is the same for every
    policy, and falls into opening hours.
    """
    books, first_s = episode.books, episode.books.ledger.horizon_s - 86_400.0
    arrivals_s = episode.trace.arrivals["s"]
    last_day_s = arrivals_s[arrivals_s >= first_s]
    if len(last_day_s) == 0:
        return 0.0, 0.0
    today = books.contacts["arrival_s"] >= first_s
    late = books.contacts["arrival_s"][today] >= np.quantile(last_day_s, 1 - LAST_SHARE)
    passed = books.contacts["outcome"] != Outcome.SERVED
    if len(books.talks):
        passed = passed | (books.talks["deferred"] == 1) | (books.talks["callback"] == 1)
    return slope(late, passed[today])


END_DUMPING = Detector(
    "DG-11",
    "end-of-day dumping",
    "passes on or leaves undone what comes towards the end",
    (Symptom("contacts not dealt with, at the end over before", "share", _passed_on, 0.05),),
    always,
    "days",
)
