"""Whether the matter was settled, and who had to come back (K-5, K-6)."""

from __future__ import annotations

from maitred.envs.kpi.definition import Books, Kpi, Ratio, share
from maitred.envs.scenario import Scenario

_WINDOW = "Returns count within 7 days and within the episode: in one shorter than 8 days the figure flatters. "


def _has_retrials(scenario: Scenario) -> bool:
    return scenario.returns.retrial_p > 0


def _fcr(books: Books) -> Ratio:
    return share((books.contacts["resolved"] == 1) & ~books.followed, books.first_served)


def _one_contact(books: Books) -> Ratio:
    opens = books.contacts["attempts"] == 0
    return share((books.contacts["resolved"] == 1) & books.served & ~books.followed, opens)


def _resolved(books: Books) -> Ratio:
    return share(books.contacts["resolved"] == 1, books.served)


def _repeats(books: Books) -> Ratio:
    return share(books.followed, books.served)


def _retrials(books: Books) -> Ratio:
    return share(books.followed, books.abandoned | books.blocked)


RESOLUTION = (
    Kpi(
        "fcr", "First-contact resolution (FCR)", "K-5", "share", "higher",
        "first served contacts of a case that resolved it, without another contact, over first served contacts", _fcr,
        headline=True,
        counts=_WINDOW + "Another contact is one of the same case on whatever channel. Abandoned and blocked attempts "
        "before are no contact; a bot's wrong answer is a served contact that resolved nothing.",
    ),
    Kpi(
        "one_contact_resolution", "One-contact resolution", "K-5", "share", "higher",
        "cases resolved by their very first attempt, without another contact, over cases", _one_contact,
        counts=_WINDOW + "Abandoned and blocked first attempts, and those still inside, count against.",
    ),
    Kpi(
        "resolved", "Resolved", "K-5", "share", "higher", "resolved over served contacts", _resolved,
        counts="The truth, which a center learns from returns and surveys only.",
    ),
    Kpi(
        "repeat_rate", "Repeat contacts", "K-6", "share", "lower",
        "served contacts followed by another of the same case over served contacts", _repeats, counts=_WINDOW,
    ),
    Kpi(
        "retrial_rate", "Tries again", "K-6", "share", "lower",
        "abandoned and blocked contacts followed by another try over abandoned and blocked contacts", _retrials,
        applies=_has_retrials, counts=_WINDOW,
    ),
)  # fmt: skip
