"""The cheats, planted: each in a shipped scenario, with the number it makes look better.

Where the cheat is no decision of ours, it is planted as a behaviour of the resource: in the candidate's scenario, or in
the ledger it leaves behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from maitred.agents.automation import Outreach
from maitred.agents.rules import rule
from maitred.envs.decision import Policy
from maitred.envs.kernel.layout import Term
from maitred.envs.kpi import KPIS, Ratio
from maitred.envs.kpi.definition import mean
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger
from maitred.envs.trace import Trace
from maitred.training.audit import cheats
from maitred.training.audit.clock_stopping import put_off
from maitred.training.audit.finding import Episode
from maitred.training.audit.idle_reservation import ordinary
from maitred.training.audit.registry import episodes_of
from maitred.training.audit.watching import watch

INCUMBENT = rule("incumbent")
HUNG_UP_SHARE = 0.27  # agent A21 of the bank's call log
LATE_H = 18.0
HARD_S = 250.0  # of the bank's types only the stock exchange takes longer


@dataclass(frozen=True)
class Naive:
    """A number that looks at the wrong thing: its name, episode -> ratio, and which way is better."""

    name: str
    sums: Callable[[Episode], Ratio]
    better: Literal["higher", "lower"]


@dataclass(frozen=True)
class Plant:
    """A cheat in its place.

    Attributes:
        id: of the detector that must find it.
        name: of the cheat.
        scenario: shipped scenario.
        naive: what the cheat improves over the reference.
        policy: the candidate.
        reference: what it is compared with.
        world: scenario -> the one the candidate works in, where the cheat is somebody's behaviour.
        spoil: ledger -> the one the candidate leaves behind, where the cheat is in the books.
    """

    id: str
    name: str
    scenario: str
    naive: Naive
    policy: Policy = INCUMBENT
    reference: Policy = INCUMBENT
    world: Callable[[Scenario], Scenario] | None = None
    spoil: Callable[[Ledger], Ledger] | None = None

    @property
    def is_policy(self) -> bool:
        """Whether the cheat is in what is decided."""
        return self.world is None and self.spoil is None

    def run(self, scenario: Scenario, traces: Sequence[Trace]) -> list[Episode]:
        """The episodes of the candidate on traces of the scenario."""
        seen = watch(self.world(scenario) if self.world else scenario, traces, self.policy)
        ledgers = [self.spoil(ledger) for ledger in seen.ledgers] if self.spoil else seen.ledgers
        return episodes_of(ledgers, traces, scenario, seen.deeds)


def _kpi(name: str) -> Naive:
    kpi = next(kpi for kpi in KPIS if kpi.name == name)
    return Naive(kpi.label, lambda episode: kpi.sums(episode.books), kpi.better)


def _stopped_clock_s(episode: Episode) -> Ratio:
    books = episode.books
    return mean(np.where(put_off(books), 0.0, books.wait_s), ~books.bot_only)


def _handle_per_leg_s(episode: Episode) -> Ratio:
    books = episode.books
    focus_s = books.contacts["work_s"] + books.contacts["wrap_up_s"]
    legs = 1 + books.talks["transfers"] + books.talks["handovers"]
    return float(focus_s[books.handled].sum()), float(legs[books.handled].sum())


def _wait_of_the_few_s(episode: Episode) -> Ratio:
    return mean(episode.books.wait_s, ~ordinary(episode.books))


def _reached(episode: Episode) -> Ratio:
    return episode.books.booked(Term.MESSAGES), float(len(episode.trace.needs))


def _bots_never_give_up(scenario: Scenario) -> Scenario:
    """Bots that close what they cannot solve instead of handing it over."""
    return replace(scenario, bots=replace(scenario.bots, wrong_p=0.9))


def _agents_hang_up(scenario: Scenario) -> Scenario:
    """Every second agent hangs up on as many callers as the bank's A21."""
    share = scenario.agents.short_share.copy()
    share[::2] = np.maximum(share[::2], HUNG_UP_SHARE)
    return replace(scenario, agents=replace(scenario.agents, short_share=share))


def _greet_at_once(ledger: Ledger) -> Ledger:
    """Agents write "one moment, please" two seconds after taking a contact."""
    talks = ledger.talks.copy()
    by_agent = talks["first_reply_s"] > ledger.contacts["answer_s"]
    talks["first_reply_s"][by_agent] = ledger.contacts["answer_s"][by_agent] + 2.0
    return replace(ledger, talks=talks)


def _ask_the_happy(ledger: Ledger) -> Ledger:
    """Nobody is surveyed whose satisfaction is below 0.7."""
    talks = ledger.talks.copy()
    talks["surveyed"][~(ledger.contacts["csat"] >= 0.7)] = 0
    return replace(ledger, talks=talks)


PLANTS: tuple[Plant, ...] = (
    Plant("DG-1", "bots never give up", "omni", _kpi("containment"), world=_bots_never_give_up),
    Plant("DG-1", "cheapest bot for all", "w8_bots", _kpi("cost_per_contact"), cheats.TrapInBot(), rule("bot_first")),
    Plant("DG-2", "agents hang up", "bank", _kpi("aht_s"), world=_agents_hang_up),
    Plant(
        "DG-3",
        "promises for all",
        "w6_outage",
        Naive("Wait, stopped by a promise", _stopped_clock_s, "lower"),
        cheats.StopTheClock(),
    ),
    Plant("DG-4", "hard ones wait", "bank", _kpi("aht_s"), cheats.HarvestAbandons(HARD_S)),
    Plant("DG-5", "greeting at once", "bpo_chat", _kpi("first_response_s"), spoil=_greet_at_once),
    Plant("DG-6", "passed on", "omni", Naive("Handle time per leg", _handle_per_leg_s, "lower"), cheats.PassRound()),
    Plant("DG-7", "the best only", "w6_outage", _kpi("aht_s"), cheats.PickTheBest()),
    Plant("DG-8", "highest cap", "bpo_chat", _kpi("asa_s"), cheats.PileUp()),
    Plant(
        "DG-9",
        "kept for the few",
        "bank",
        Naive("Wait of the few", _wait_of_the_few_s, "lower"),
        cheats.KeepForTheFew(),
    ),
    Plant(
        "DG-10",
        "messages to all",
        "w6_outage",
        Naive("Predictions reached", _reached, "higher"),
        Outreach(threshold=0.0),
    ),
    Plant("DG-11", "nothing after six", "bpo_chat", _kpi("overrun"), cheats.DumpAtTheEnd(LATE_H)),
    Plant("DG-12", "all to the newest", "bpo_chat", _kpi("asa_s"), cheats.DumpOnTheFirst()),
    Plant("DG-13", "the old forgotten", "bank", _kpi("asa_s"), cheats.ForgetTheOld()),
    Plant("DG-14", "the happy asked", "bpo_chat", _kpi("csat_survey"), spoil=_ask_the_happy),
)
