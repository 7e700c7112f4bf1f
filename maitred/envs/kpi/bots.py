"""What bots keep from people, and what they hand over (K-7, K-8)."""

from __future__ import annotations

from maitred.envs.kpi.definition import Books, Kpi, Ratio, share
from maitred.envs.scenario import Scenario


def has_bots(scenario: Scenario) -> bool:
    """Scenarios with a bot."""
    return bool(scenario.bots.names)


def _containment(books: Books) -> Ratio:
    return share(books.served & books.bot_only, books.with_bot)


def _contained_resolved(books: Books) -> Ratio:
    held = books.served & books.bot_only & (books.contacts["resolved"] == 1) & ~books.followed
    return share(held, books.with_bot)


def _handovers(books: Books) -> Ratio:
    return share(books.talks["handovers"] > 0, books.with_bot)


BOTS = (
    Kpi(
        "containment", "Raw containment", "K-8", "share", "higher",
        "contacts a bot closed without people over contacts that a bot took", _containment, applies=has_bots,
        counts="Right or wrong: a wrong answer that closes the contact is contained. Those who left the bot are not. "
        "Contacts once answered by or handed to people count as taken, and never as contained.",
    ),
    Kpi(
        "containment_resolved", "Resolved containment", "K-8", "share", "higher",
        "contacts a bot closed and resolved, without another contact, over contacts that a bot took",
        _contained_resolved, applies=has_bots, headline=True,
        counts="Another contact is one of the same case within 7 days and within the episode. Deflection needs demand "
        "that did not come; it is a difference between policies on the same traces, not a KPI of one.",
    ),
    Kpi(
        "handover_rate", "Bot to human", "K-7", "share", "lower",
        "contacts a bot handed to people over contacts that a bot took", _handovers, applies=has_bots,
        counts="Giving up and fast escalation alike. Handed over, contained, left and still with the bot add up to "
        "what bots took, but for contacts handed back by people.",
    ),
)  # fmt: skip
