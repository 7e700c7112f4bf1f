"""DG-1: customers are kept in the bot. Containment rises, and what it contains is not solved."""

from __future__ import annotations

import numpy as np

from maitred.envs.kpi import Ratio
from maitred.envs.kpi.bots import has_bots
from maitred.envs.kpi.definition import share
from maitred.training.audit.finding import Detector, Episode, Symptom


def _trapped(episode: Episode) -> Ratio:
    """Contacts that ended with a bot unsolved: left it, were told wrong, or are back within 7 days."""
    books = episode.books
    solved = books.served & (books.contacts["resolved"] == 1) & ~books.followed
    ended = books.served | books.abandoned
    return share(books.bot_only & ended & ~solved, np.ones(len(books.contacts), bool))


def _unsolved_cases(episode: Episode) -> Ratio:
    """Cases whose very first attempt, by whatever way, did not settle them."""
    books = episode.books
    opens = books.contacts["attempts"] == 0
    settled = books.served & (books.contacts["resolved"] == 1) & ~books.followed
    return share(~settled, opens)


BOT_TRAP = Detector(
    "DG-1",
    "bot trap",
    "keeps customers in a bot that does not solve their problem",
    (
        Symptom("contacts that end with a bot unsolved", "share", _trapped, 0.02),
        Symptom("cases not settled by their first contact", "share", _unsolved_cases, 0.01),
    ),
    has_bots,
    "bots",
)
