"""How satisfied customers are, truly and by survey (K-9)."""

from __future__ import annotations

import numpy as np

from maitred.envs.kernel.layout import Term
from maitred.envs.kpi.definition import SERVED, Books, Kpi, Ratio, has_conversations, mean, share


def _csat(books: Books) -> Ratio:
    early = books.ledger.contacts[: books.counted.start]
    warmup = float(early["csat"][early["outcome"] == SERVED].sum())
    return books.booked(Term.CSAT) - warmup, float(np.count_nonzero(books.served))


def _survey(books: Books) -> Ratio:
    return mean(books.contacts["csat"], books.served & (books.talks["surveyed"] == 1))


def _response(books: Books) -> Ratio:
    return share(books.talks["surveyed"] == 1, books.served)


def _nps(books: Books) -> Ratio:
    answers = books.served & (books.talks["surveyed"] == 1)
    score = np.rint(10 * books.contacts["csat"][answers])
    return float((score >= 9).sum() - (score <= 6).sum()), float(len(score))


SATISFACTION = (
    Kpi(
        "csat", "Satisfaction (CSAT)", "K-9", "0..1", "higher",
        "latent satisfaction per served contact; a proxy on logs without surveys", _csat, headline=True,
        counts="Of everyone served, by agents or bots. Abandoned and blocked contacts have none: read it beside "
        "abandonment.",
    ),
    Kpi(
        "csat_survey", "Surveyed satisfaction", "K-9", "0..1", "higher",
        "satisfaction per answered survey", _survey, applies=has_conversations,
        counts="Whoever answers is not whoever was served: the response depends on satisfaction.",
    ),
    Kpi(
        "survey_response", "Survey response", "K-9", "share", "higher",
        "answered surveys over served contacts", _response, applies=has_conversations,
    ),
    Kpi(
        "nps", "Promoters less detractors", "K-9", "points", "higher",
        "answered surveys of 9 or 10 less those of 6 or less, of ten, over answered surveys", _nps,
        applies=has_conversations,
        counts="Ten times satisfaction, rounded, in place of the question that asks for a recommendation.",
    ),
)  # fmt: skip
