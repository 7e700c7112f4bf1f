"""How long customers wait, and whether that is what they were promised (K-2, K-3, FA-2)."""

from __future__ import annotations

import numpy as np

from maitred.envs.kernel.layout import Term
from maitred.envs.kpi.definition import ABANDONED, Books, Bools, Kpi, Ratio, mean, share
from maitred.envs.scenario import Scenario


def _has_deadlines(scenario: Scenario) -> bool:
    dialogue = scenario.dialogue
    return bool(np.any(np.asarray(dialogue.urgent_share) * np.asarray(dialogue.deadline_mean_s) > 0))


def _has_put_off(scenario: Scenario) -> bool:
    return bool(np.any(np.asarray(scenario.deferral.async_of) >= 0))


def _has_promises(scenario: Scenario) -> bool:
    return _has_put_off(scenario) or bool(np.any(np.asarray(scenario.deferral.callback) > 0))


def _has_tiers(scenario: Scenario) -> bool:
    return len(scenario.customers.names) > 1


def _speed_of_answer(books: Books) -> Ratio:
    return mean(books.answer_wait_s, books.handled)


def _time_to_help(books: Books) -> Ratio:
    contacts, solved_by_bot = books.ledger.contacts, False
    if len(books.ledger.talks):
        solved_by_bot = (books.ledger.talks["contained"] == 1) & (contacts["resolved"] == 1)
    helped_s = np.where(solved_by_bot, np.fmin(contacts["answer_s"], contacts["end_s"]), contacts["answer_s"])
    return mean(*books.earliest_of_case(np.where(contacts["outcome"] == ABANDONED, np.nan, helped_s)))


def _in_time(books: Books) -> Bools:
    in_time: Bools = books.answer_wait_s <= books.target_s
    return in_time


def _gone_in_time(books: Books) -> Bools:
    contacts = books.contacts
    gone: Bools = books.abandoned & (contacts["end_s"] - contacts["arrival_s"] <= books.target_s)
    gone &= ~books.bot_only & ~books.answered
    return gone


def _offered(books: Books) -> Bools:
    """All that were put to people, less those who had not yet waited past the target when the episode ended."""
    contacts = books.contacts
    inside = ~books.answered & np.isnan(contacts["end_s"])
    fresh = inside & (books.ledger.horizon_s - contacts["arrival_s"] <= books.target_s)
    offered: Bools = ~fresh & ~books.bot_only
    return offered


def _service_level(books: Books) -> Ratio:
    offered, gone = np.count_nonzero(_offered(books)), np.count_nonzero(_gone_in_time(books))
    return float(np.count_nonzero(_in_time(books))), float(offered - gone)


def _of_answered(books: Books) -> Ratio:
    return share(_in_time(books), books.answered)


def _of_offered(books: Books) -> Ratio:
    return share(_in_time(books), _offered(books))


def _abandons_met(books: Books) -> Ratio:
    return share(_in_time(books) | _gone_in_time(books), _offered(books))


def _deadline_met(books: Books) -> Ratio:
    deadline_s, ended = books.talks["deadline_s"], ~np.isnan(books.contacts["end_s"])
    missed = (books.talks["deadline_missed"] == 1) | books.blocked | (~ended & (deadline_s < books.ledger.horizon_s))
    return share(~missed, ~np.isnan(deadline_s) & (ended | missed))


def _promise_kept(books: Books) -> Ratio:
    talks = books.talks
    open_ = ~np.isnan(talks["promised_s"])
    broken = (talks["promise_broken"] == 1) | (open_ & (talks["promised_s"] < books.ledger.horizon_s))
    return share(~broken, (talks["deferred"] == 1) & (broken | ~open_))


def _promises_broken(books: Books) -> Ratio:
    return share(books.talks["promise_broken"] == 1, np.ones(len(books.contacts), bool))


def _wait_ratio(books: Books) -> Ratio:
    value = np.broadcast_to(books.scenario.customers.value, len(books.scenario.customers.names))
    least = books.talks["tier"] == np.argmin(value)
    waited = ~books.bot_only & ~books.blocked
    low, others = mean(books.wait_s, waited & least), mean(books.wait_s, waited & ~least)
    if low[1] == 0 or others[1] == 0:
        return 0.0, 0.0
    return low[0] / low[1], others[0] / others[1]


_SERVICE = (
    "The target is that of the channel the contact came on, whatever it was put off or switched to, and the clock "
    "runs from arrival: time with a bot, until a call-back and until a put-off answer is waiting. "
)
_LEFT_OUT = (
    "Contacts a bot kept to itself are left out. A contact still inside when the episode ends counts once it has "
    "waited past the target. A customer who left the queue without a word counts as answered when an agent finds "
    "nobody there, as on any platform. "
)

WAITING = (
    Kpi(
        "asa_s", "Speed of answer (ASA)", "K-3", "s", "lower",
        "average speed of answer: queue time per served contact", _speed_of_answer, headline=True, term=Term.WAITED_S,
        counts="Contacts that an agent answered and closed, from arrival to the first human word: time with a bot and "
        "until a call-back or a put-off answer is part of it. Contacts a bot closed alone are left out.",
    ),
    Kpi(
        "time_to_help_s", "True time to help", "K-2", "s", "lower",
        "from the first arrival of a case to the first human word or the bot's solution, per case that got one",
        _time_to_help,
        counts="Failed attempts and the time until the customer tried again are part of it, as are bots, call-backs "
        "and put-off answers. An answer to a contact that was then abandoned is no help. Cases never helped are left "
        "out: read it beside abandonment.",
    ),
    Kpi(
        "service_level", "Service level", "K-3", "share", "higher",
        "answered within target over offered less early abandons", _service_level, headline=True,
        counts=_SERVICE + _LEFT_OUT + "An abandonment within the target counts neither way, a later one and a blocked "
        "contact against.",
    ),
    Kpi(
        "service_level_of_answered", "Service level of answered", "K-3", "share", "higher",
        "answered within target over answered", _of_answered,
        counts=_SERVICE + "Abandoned and blocked contacts do not count, so it rises when customers give up.",
    ),
    Kpi(
        "service_level_of_offered", "Service level of offered", "K-3", "share", "higher",
        "answered within target over offered", _of_offered,
        counts=_SERVICE + _LEFT_OUT + "Every abandoned and blocked contact counts against.",
    ),
    Kpi(
        "service_level_abandons_met", "Service level with abandons met", "K-3", "share", "higher",
        "answered or abandoned within target over offered", _abandons_met,
        counts=_SERVICE + _LEFT_OUT + "An abandonment within the target counts as met, a later one and a blocked "
        "contact against.",
    ),
    Kpi(
        "deadline_met", "Deadlines met", "CT-2", "share", "higher",
        "resolved before the deadline over contacts that had one", _deadline_met, applies=_has_deadlines, headline=True,
        counts="Abandoned, blocked and unresolved contacts missed theirs, as did those still inside past it when the "
        "episode ends; others still inside do not count.",
    ),
    Kpi(
        "promise_kept", "Promised replies kept", "AC-2", "share", "higher",
        "put-off contacts taken up in the promised time over those that came due or were taken up", _promise_kept,
        applies=_has_put_off, headline=True,
        counts="Answers in writing only: the ledger does not say which contacts accepted a call-back. A promise past "
        "due when the episode ends is broken; one not yet due does not count.",
    ),
    Kpi(
        "promises_broken", "Promises broken", "AC-2", "share", "lower",
        "contacts whose put-off answer or call-back came too late over all contacts", _promises_broken,
        applies=_has_promises,
        counts="A call-back nobody answered counts if its last try was too late. Promises still open when the episode "
        "ends do not count.",
    ),
    Kpi(
        "wait_ratio", "Wait of the least valued", "FA-2", "ratio", "lower",
        "mean wait of the tier of least value over the mean wait of the other tiers; 1 is equal", _wait_ratio,
        applies=_has_tiers, headline=True,
        counts="Waits to the first human word, or until the customer gave up or the episode ended. Contacts a bot "
        "kept to itself and blocked ones are left out. Episodes weigh by the others' mean wait; one without contacts "
        "on both sides does not count.",
    ),
)  # fmt: skip
