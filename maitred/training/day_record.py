"""What a simulated episode looks like from outside: the state every few minutes, and what was decided of whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from maitred.agents.candidates import feature
from maitred.agents.quadrant import COMPLEX, URGENT
from maitred.envs.decision import Action, Choices, Decisions, Kind
from maitred.envs.decision_request import action_of
from maitred.envs.kernel.layout import Activity, Place
from maitred.envs.simulator import Simulator

EVERY_S = 300.0
STALE_AFTER = 6  # moments, half an hour: so long is the state at the last decision shown
ABOUT_A_CONTACT = (Kind.ROUTE, Kind.PULL, Kind.REASSESS)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Instant(NamedTuple):
    """A center at one moment.

    Attributes:
        waiting: (T,) contacts in queue by type.
        activity: (A,) `Activity` of each agent.
        open: (A,) conversations each agent holds.
        cap: (A,) slots each agent may fill.
        bot_sessions: conversations that bots hold.
        promised: call-backs and answers that are owed.
        talks: (conversations, 4) row of the contact, believed complexity, believed urgency and how many
            conversations its agent holds; one line per open conversation, none in a center without conversations.
    """

    waiting: Ints
    activity: Ints
    open: Ints
    cap: Floats
    bot_sessions: int
    promised: int
    talks: Floats


@dataclass(frozen=True)
class DayRecord:
    """N moments and M answers of one episode.

    Attributes:
        instants: the moments, `EVERY_S` apart, each as it was at the first decision from then on, None where none
            was asked for before the next moment.
        answered: (M, 3) action, believed complexity and urgency of each answer about a contact that changed
            something: neither to hold nor to go on.
    """

    instants: tuple[Instant | None, ...]
    answered: Floats

    @property
    def hours(self) -> Floats:
        """(N,) hours since the episode began."""
        return np.arange(len(self.instants)) * EVERY_S / 3600

    def stacked(self, name: str) -> Floats:
        """(N, ...) one attribute of all moments; NaN where no decision was asked for in the half hour before."""
        seen = self.seen
        width = np.shape(getattr(seen[0], name)) if seen else (0,)
        values, age = np.full((len(self.instants), *width), np.nan), STALE_AFTER
        for n, instant in enumerate(self.instants):
            age = 0 if instant is not None else age + 1
            if instant is not None:
                values[n] = getattr(instant, name)
            elif age < STALE_AFTER:
                values[n] = values[n - 1]
        return values

    @property
    def seen(self) -> list[Instant]:
        """The moments at which a decision was asked for."""
        return [instant for instant in self.instants if instant is not None]

    @property
    def talks(self) -> Floats:
        """(lines, 4) the open conversations of all moments, one after the other; see `Instant.talks`."""
        return np.concatenate([np.empty((0, 4)), *(instant.talks for instant in self.seen)])


@dataclass
class Recorder:
    """Collects a record while center 0 of a simulator is stepped."""

    simulator: Simulator
    instants: list[Instant | None] = field(default_factory=list)
    answered: list[tuple[float, float, float]] = field(default_factory=list)

    def answer(self, decisions: Decisions, choices: Choices) -> None:
        """Note the answer to the one pending decision."""
        place = int(choices.candidate[0])
        action = action_of(decisions.candidates[0, place])
        if decisions.kind[0] in ABOUT_A_CONTACT and action not in (Action.HOLD, Action.CONTINUE):
            complexity, urgency = (float(feature(decisions, name)[0, place]) for name in ("complexity", "urgency"))
            self.answered.append((float(action), complexity, urgency))

    def look(self) -> bool:
        """Note the state at a pending decision, if it is the first since a moment; returns whether it was."""
        moment = int(self.simulator.centers.center["now"][0] // EVERY_S)
        due = moment >= len(self.instants)
        if due:
            self.instants += [None] * (moment - len(self.instants)) + [instant(self.simulator)]
        return due

    def record(self) -> DayRecord:
        """What was collected."""
        missing = int(self.simulator.scenario.horizon_s // EVERY_S) - len(self.instants)
        return DayRecord((*self.instants, *[None] * missing), np.array(self.answered).reshape(-1, 3))


def instant(simulator: Simulator) -> Instant:
    """Center 0 as it is."""
    x = simulator.centers
    center, agents = x.center[0], x.agents[0]
    return Instant(
        x.waiting_of_type[0].astype(np.int64),
        agents["activity"].astype(np.int64),
        agents["open"].astype(np.int64),
        agents["cap"].copy(),
        int(center["bot_sessions"]),
        int(center["promised"]),
        _talks(simulator),
    )


def _talks(simulator: Simulator) -> Floats:
    x, rows = simulator.centers, int(simulator.centers.center["rows"][0])
    talks = x.talks[0, :rows]
    held = np.nonzero((talks["place"] == Place.LINE) | (talks["place"] == Place.CUSTOMER))[0]
    complexity = x.beliefs[0, held] @ simulator.world.complexities["dialogue_level"]
    together = x.agents["open"][0, x.contacts["agent"][0, held]]
    return np.column_stack([held, complexity, talks["urgency"][held], together])


def quadrant_of(complexity: Floats, urgency: Floats) -> Ints:
    """(n,) 0 simple and routine, 1 simple and urgent, 2 complex and routine, 3 complex and urgent."""
    return 2 * (complexity >= COMPLEX) + (urgency >= URGENT)


def share_of_busy(activity: Floats) -> Floats:
    """(N,) of (N, A) activities: occupancy, those at work or wrapping up over those and the idle; NaN if none."""
    busy = np.isin(activity, (Activity.WORK, Activity.WRAP_UP)).sum(axis=1)
    idle = (activity == Activity.IDLE).sum(axis=1)
    share: Floats = np.divide(busy, busy + idle, out=np.full(len(activity), np.nan), where=busy + idle > 0)
    return share


def trend(record: DayRecord) -> float:
    """Spearman's rank correlation, over contacts, of believed urgency x complexity with concurrency (domain Q-X).

    Concurrency is how many conversations the contact's agent held, averaged over the moments of the contact. NaN
    where no two contacts differ in either.
    """
    row, complexity, urgency, together = record.talks.T
    contacts, of = np.unique(row, return_inverse=True)
    if len(contacts) < 2:
        return float("nan")
    count = np.bincount(of)
    product, held = (np.bincount(of, values) / count for values in (complexity * urgency, together))
    if np.ptp(product) == 0 or np.ptp(held) == 0:
        return float("nan")
    return float(spearmanr(product, held).statistic)
