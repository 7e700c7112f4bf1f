"""What a KPI is, and the books it is read from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Activity, Outcome, Term
from maitred.envs.kpi.cases import first_served_of_case, followed_within
from maitred.envs.objective import Objective
from maitred.envs.scenario import DAY_S, Scenario
from maitred.envs.simulator import Ledger

Ratio = tuple[float, float]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

REPEAT_WINDOW_S = 7.0 * DAY_S
# numpy compares with plain integers several times as fast as with members of an enumeration
SERVED, ABANDONED, BLOCKED = (int(outcome) for outcome in (Outcome.SERVED, Outcome.ABANDONED, Outcome.BLOCKED))


def always(scenario: Scenario) -> bool:
    """Every scenario."""
    return True


def has_conversations(scenario: Scenario) -> bool:
    """Scenarios whose contacts are more than one call, so that the ledger has talks."""
    return scenario.has_conversations


@dataclass(frozen=True)
class Kpi:
    """A key performance indicator: a ratio of two sums over an episode, so that episodes can be pooled.

    Attributes:
        name: column name in tables, metrics and logs.
        label: what people call it.
        id: the K, FA or CT number of the concept.
        unit: unit of the ratio: s, share, money, 0..1, ratio, points, per_h, weeks or per_year.
        better: the direction of improvement.
        meaning: one line for tables and reports: what is divided by what.
        counts: what becomes of abandoned, blocked, put-off and unfinished contacts, where that is not said already.
        sums: books -> (numerator, denominator); (0, 0) where nothing was counted.
        applies: whether a scenario has what the KPI measures.
        headline: whether it is shown where there is room for a few only.
        scope: `contacts` leaves out contacts that arrive in the warm-up; `episode` counts the whole episode,
            because agents' time and totals are booked without a date.
        term: the ledger's term whose units the numerator counts, if there is one; what a learner can be charged for.
    """

    name: str
    label: str
    id: str
    unit: str
    better: Literal["higher", "lower"]
    meaning: str
    sums: Callable[[Books], Ratio]
    counts: str = ""
    applies: Callable[[Scenario], bool] = always
    headline: bool = False
    scope: Literal["contacts", "episode"] = "contacts"
    term: Term | None = None

    def ratio(self, ledger: Ledger, scenario: Scenario, objective: Objective) -> Ratio:
        """Numerator and denominator of one episode; (0, 0) where the KPI does not apply."""
        return self.sums(Books(ledger, scenario, objective)) if self.applies(scenario) else (0.0, 0.0)


@dataclass(frozen=True)
class Books:
    """A ledger as KPIs read it: C contacts that arrived after the warm-up, masks over them, and what follows each.

    Attributes:
        ledger: everything booked in the episode.
        scenario: the center.
        objective: what the reward is made of.
        warmup_s: contacts that arrive before this second of the episode are not counted.
    """

    ledger: Ledger
    scenario: Scenario
    objective: Objective
    warmup_s: float = 0.0

    @cached_property
    def counted(self) -> slice:
        """The rows of contacts that arrived after the warm-up; ledgers are in order of arrival."""
        return slice(int(np.searchsorted(self.ledger.contacts["arrival_s"], self.warmup_s)), None)

    @cached_property
    def contacts(self) -> NDArray[np.void]:
        """(C,) `CONTACT` records."""
        return self.ledger.contacts[self.counted]

    @cached_property
    def talks(self) -> NDArray[np.void]:
        """(C,) `TALK` records; none in a scenario without conversations."""
        return self.ledger.talks[self.counted]

    @cached_property
    def served(self) -> Bools:
        """(C,) closed by an agent or a bot, resolved or not."""
        return self._ended_as(SERVED)

    @cached_property
    def abandoned(self) -> Bools:
        """(C,) given up: in a queue, with a bot, silently, or not there for a call-back."""
        return self._ended_as(ABANDONED)

    @cached_property
    def blocked(self) -> Bools:
        """(C,) found no line."""
        return self._ended_as(BLOCKED)

    @cached_property
    def answered(self) -> Bools:
        """(C,) taken by an agent; for a call-back, with the customer there."""
        answered: Bools = ~np.isnan(self.contacts["answer_s"])
        return answered

    @cached_property
    def handled(self) -> Bools:
        """(C,) taken by an agent and closed, resolved or not."""
        return self.served & self.answered

    @cached_property
    def answer_wait_s(self) -> Floats:
        """(C,) seconds from arrival to the first human word, NaN where there was none."""
        waited: Floats = self.contacts["answer_s"] - self.contacts["arrival_s"]
        return waited

    @cached_property
    def with_bot(self) -> Bools:
        """(C,) a bot took part."""
        if not self.scenario.bots.names:
            return np.zeros(len(self.contacts), bool)
        took_part: Bools = self.talks["bot"] >= 0
        return took_part

    @cached_property
    def bot_only(self) -> Bools:
        """(C,) a bot took the contact, and people neither answered it nor were handed it."""
        if not self.with_bot.any():
            return self.with_bot
        kept: Bools = self.with_bot & ~self.answered & (self.talks["handovers"] == 0)
        return kept

    @cached_property
    def wait_s(self) -> Floats:
        """(C,) seconds from arrival to the first human word; to the end where there was none, to the horizon at most.

        The time with a bot, until a call-back and until a put-off answer is part of it: the clock never stops.
        """
        contacts = self.contacts
        until = np.where(self.answered, contacts["answer_s"], contacts["end_s"])
        waited: Floats = np.where(np.isnan(until), self.ledger.horizon_s, until) - contacts["arrival_s"]
        return waited

    @cached_property
    def arrival_channel(self) -> NDArray[np.int64]:
        """(C,) the channel each contact came on, whatever it was switched or put off to."""
        kinds = self.talks["first_type"] if len(self.talks) else self.contacts["type"]
        of_type: NDArray[np.int64] = np.full(len(self.scenario.types.names), self.scenario.channels.of_type)
        channel: NDArray[np.int64] = of_type[kinds]
        return channel

    @cached_property
    def target_s(self) -> Floats:
        """(C,) the answer target of the channel each contact came on, of the routing block where it has none."""
        own = np.full(len(self.scenario.channels.names), self.scenario.channels.answer_target_s)
        targets: Floats = np.where(own > 0, own, self.scenario.routing.answer_target_s)
        return targets[self.arrival_channel] if len(targets) > 1 else np.full(len(self.contacts), targets[0])

    @cached_property
    def followed(self) -> Bools:
        """(C,) another contact of the same case arrived within 7 days of the end, on whatever channel."""
        followed: Bools = followed_within(self.ledger.contacts, REPEAT_WINDOW_S)
        return followed[self.counted]

    @cached_property
    def first_served(self) -> Bools:
        """(C,) the first contact of its case that was served."""
        first: Bools = first_served_of_case(self.ledger.contacts)
        return first[self.counted]

    def earliest_of_case(self, moment_s: Floats) -> tuple[Floats, Bools]:
        """The earliest of its contacts' moments, per case.

        Args:
            moment_s: (all contacts,) seconds, NaN for contacts that have no such moment.

        Returns:
            (C,) seconds from the arrival of the case to that moment, and (C,) whether the row is the first contact of
            a case that has one.
        """
        contacts = self.ledger.contacts
        earliest = np.full(len(contacts), np.inf)
        np.fmin.at(earliest, contacts["case"], moment_s)
        opens = (contacts["case"] == np.arange(len(contacts))) & np.isfinite(earliest)
        return (earliest - contacts["arrival_s"])[self.counted], opens[self.counted]

    def booked(self, term: Term) -> float:
        """Total of a term over the whole episode."""
        return float(self.ledger.booked[term])

    def spent_s(self, *activities: Activity) -> Floats:
        """(A,) seconds each agent spent on these activities over the whole episode."""
        spent: Floats = self.ledger.accounts[:, list(activities)].sum(axis=1)
        return spent

    def _ended_as(self, outcome: int) -> Bools:
        ended: Bools = self.contacts["outcome"] == outcome
        return ended


def share(part: Bools, whole: Bools) -> Ratio:
    """How many of `whole` are also in `part`, and how many `whole` are."""
    return float(np.count_nonzero(part & whole)), float(np.count_nonzero(whole))


def mean(values: Any, whole: Bools) -> Ratio:
    """The sum of the values of `whole`, and how many those are."""
    return float(values[whole].sum()), float(np.count_nonzero(whole))
