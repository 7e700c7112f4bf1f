"""How long contacts take: handle time, replies, response and resolution (K-1, K-2)."""

from __future__ import annotations

import numpy as np

from maitred.envs.kpi.definition import SERVED, Books, Kpi, Ratio, has_conversations, mean
from maitred.envs.scenario import Scenario


def _has_turns(scenario: Scenario) -> bool:
    return bool(np.any(np.asarray(scenario.channels.think_mean_s) > 0))


def _has_automation(scenario: Scenario) -> bool:
    return bool(np.any(np.asarray(scenario.dialogue.automation_share) > 0))


def _handle_time(books: Books) -> Ratio:
    handled, contacts = books.handled, books.contacts
    focus_s = contacts["work_s"][handled].sum() + contacts["wrap_up_s"][handled].sum()
    return float(focus_s), float(np.count_nonzero(handled))


def _duration(books: Books) -> Ratio:
    contacts = books.contacts
    return mean(contacts["end_s"] - contacts["answer_s"] + contacts["wrap_up_s"], books.handled)


def _reply(books: Books) -> Ratio:
    return float(books.talks["reply_s"].sum()), float(books.talks["replies"].sum())


def _automated(books: Books) -> Ratio:
    automated_s = float(books.talks["automated_s"].sum())
    return automated_s, automated_s + float(books.contacts["work_s"].sum())


def _first_response(books: Books) -> Ratio:
    contacts, talks = books.contacts, books.talks
    think_s = np.broadcast_to(books.scenario.channels.think_mean_s, len(books.scenario.channels.names))
    spoken = think_s[books.arrival_channel] == 0
    first_s = np.where(spoken, np.fmin(contacts["answer_s"], talks["first_reply_s"]), talks["first_reply_s"])
    return mean(first_s - contacts["arrival_s"], ~books.abandoned & ~np.isnan(first_s))


def _resolution(books: Books) -> Ratio:
    contacts = books.ledger.contacts
    resolved = (contacts["outcome"] == SERVED) & (contacts["resolved"] == 1)
    return mean(*books.earliest_of_case(np.where(resolved, contacts["end_s"], np.nan)))


HANDLING = (
    Kpi(
        "aht_s", "Handle time (AHT)", "K-1", "s", "lower",
        "average handle time: work and wrap-up per served contact, as focus time", _handle_time, headline=True,
        counts="Contacts that an agent answered and closed. Focus time: only seconds the agent really worked on the "
        "contact, a transferred one with every agent, the dialling for a call-back included. Contacts a bot closed "
        "alone and abandoned ones are left out; over all contacts, focus time sums to the agents' busy time.",
    ),
    Kpi(
        "handle_duration_s", "Handle duration", "K-1", "s", "lower",
        "wall-clock time from the answer to the end, and wrap-up, per served contact", _duration,
        applies=has_conversations,
        counts="Contacts that an agent answered and closed. Think time, work on other conversations and queues after "
        "a transfer are part of it; so it is longer than AHT wherever an agent holds several conversations.",
    ),
    Kpi(
        "reply_s", "Reply time", "K-2", "s", "lower",
        "from the customer's turn, or arrival, to the end of the agent's turn, per reply", _reply, applies=_has_turns,
        counts="Every agent turn, those written to customers who had left included: nobody knew.",
    ),
    Kpi(
        "first_response_s", "First response", "K-2", "s", "lower",
        "from arrival to the first substantive reply, per contact that got one", _first_response,
        applies=has_conversations,
        counts="A bot's hello is no reply, its next turn is. In writing the reply counts when it is sent, on the phone "
        "when it is answered. Abandoned contacts are left out; call-backs and put-off contacts wait on.",
    ),
    Kpi(
        "resolution_s", "Time to resolution", "K-2", "s", "lower",
        "from the first arrival of a case to the end of the contact that resolved it, per resolved case", _resolution,
        counts="Abandoned and blocked attempts, returns and time between them are part of it. Cases not resolved by "
        "the end of the episode are left out, which favours short episodes and policies that leave hard cases open: "
        "read it beside resolution.",
    ),
    Kpi(
        "automated_share", "Automated work", "K-1", "share", "higher",
        "work automation took off agents' turns over that and agents' work", _automated, applies=_has_automation,
    ),
)  # fmt: skip
