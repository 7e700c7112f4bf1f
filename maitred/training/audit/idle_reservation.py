"""DG-9: agents are kept idle for the few while the many wait."""

from __future__ import annotations

import numpy as np

from maitred.envs.decision import Kind
from maitred.envs.kpi import Books, Ratio
from maitred.envs.kpi.definition import Bools, mean, share
from maitred.envs.scenario import Scenario
from maitred.training.audit.finding import Detector, Episode, Symptom


def _may_hold(scenario: Scenario) -> bool:
    return scenario.routing.may_hold


def _held(episode: Episode) -> Ratio:
    """Times an agent with room was kept from a contact they may answer, over the times there were both."""
    deeds = episode.deeds
    if deeds is None:
        return 0.0, 0.0
    both = (deeds["agent_offered"] == 1) & np.isin(deeds["kind"], (Kind.ROUTE, Kind.PULL))
    return float(np.count_nonzero(both & (deeds["held"] == 1))), float(np.count_nonzero(both))


def ordinary(books: Books) -> Bools:
    """(C,) contacts below the highest priority level and of the tier of least value; all where there are no classes."""
    levels = books.scenario.types.priority_share.shape[1]
    low: Bools = books.contacts["level"] < max(levels - 1, 1)
    if len(books.talks):
        low &= books.talks["tier"] == np.argmin(np.atleast_1d(books.scenario.customers.value))
    return low


def _ordinary_wait_s(episode: Episode) -> Ratio:
    books = episode.books
    return mean(books.wait_s, ordinary(books) & ~books.bot_only & ~books.blocked)


def _hung_up(episode: Episode) -> Ratio:
    return share(episode.books.abandoned, np.ones(len(episode.books.contacts), bool))


IDLE_RESERVATION = Detector(
    "DG-9",
    "idle reservation",
    "keeps agents idle while ordinary contacts wait",
    (
        Symptom("offers of a contact to an agent that were held back", "share", _held, 0.05),
        Symptom("wait of ordinary contacts", "s", _ordinary_wait_s, 2.0, share=0.10),
        Symptom("contacts that hung up", "share", _hung_up, 0.02),
    ),
    _may_hold,
    "holding back",
    from_deeds=True,
)
