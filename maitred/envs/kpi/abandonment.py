"""Who leaves: known and silent abandonment, with a bot, or for want of a line (K-4)."""

from __future__ import annotations

import numpy as np

from maitred.envs.kernel.layout import Term
from maitred.envs.kpi.bots import has_bots
from maitred.envs.kpi.definition import Books, Bools, Kpi, Ratio, share
from maitred.envs.scenario import Scenario


def _has_silence(scenario: Scenario) -> bool:
    channels = scenario.channels
    silent = np.asarray(channels.silent_share) + np.asarray(channels.silence_tolerance_s)
    return bool(np.any(silent > 0))


def _has_lines(scenario: Scenario) -> bool:
    return scenario.staffing.lines > 0


def _all(books: Books) -> Bools:
    return np.ones(len(books.contacts), bool)


def _abandonment(books: Books) -> Ratio:
    return share(books.abandoned, _all(books))


def _known(books: Books) -> Ratio:
    return share(books.abandoned & (books.talks["silent"] == 0), _all(books))


def _silent(books: Books) -> Ratio:
    return share(books.abandoned & (books.talks["silent"] == 1), _all(books))


def _silent_work(books: Books) -> Ratio:
    work_s = books.contacts["work_s"]
    return float(work_s[books.talks["silent"] == 1].sum()), float(work_s.sum())


def _left_bot(books: Books) -> Ratio:
    return share(books.abandoned & books.bot_only, books.with_bot)


def _blocked(books: Books) -> Ratio:
    return share(books.blocked, _all(books))


ABANDONMENT = (
    Kpi(
        "abandonment", "Abandonment", "K-4", "share", "lower",
        "abandoned over offered contacts", _abandonment, headline=True, term=Term.ABANDONED,
        counts="All contacts are offered, blocked ones, bots' and those still inside included. Abandoned are those who "
        "gave up in a queue or with a bot, those who left without a word once that is found out, and call-backs that "
        "nobody answered at the last try. Contacts that accepted a call-back or a put-off answer have not abandoned.",
    ),
    Kpi(
        "abandonment_known", "Known abandonment", "K-4", "share", "lower",
        "abandoned in a way the platform sees at once over all contacts", _known, applies=_has_silence,
        counts="With silent abandonment it adds up to abandonment.",
    ),
    Kpi(
        "abandonment_silent", "Silent abandonment", "K-4", "share", "lower",
        "left without a word, as an agent found out, over all contacts", _silent, applies=_has_silence,
        counts="Those who left the queue silently and those who left while waiting for a reply; whoever is not found "
        "out by the end of the episode does not count.",
    ),
    Kpi(
        "silent_work", "Work on the silent", "K-4", "share", "lower",
        "agents' work on contacts that were silently abandoned over all work", _silent_work, applies=_has_silence,
        counts="All work on such contacts, that before the customer left included; waiting for a sign of life is not "
        "work.",
    ),
    Kpi(
        "abandonment_bot", "Abandonment with a bot", "K-4", "share", "lower",
        "left a bot before people were asked, over contacts that a bot took", _left_bot, applies=has_bots,
    ),
    Kpi(
        "blocked", "Blocked", "K-4", "share", "lower",
        "contacts that found no line over all contacts", _blocked, applies=_has_lines, headline=True,
    ),
)  # fmt: skip
