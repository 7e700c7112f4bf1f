"""The four quadrants of complexity and urgency, each with its mode and its concurrency (domain Q-A..Q-D).

    complex and urgent    an agent at once, one of the least busy, by voice if the center mixes channels; few others
    complex and routine   in writing, later, beside many others
    simple and routine    a bot; back to it once an agent sees that it is simple
    simple and urgent     a bot for a few turns, then an agent with all that was said; some others

A contact is complex or urgent where that is believed at least as likely as not. What an agent holds is known by its
mean complexity alone, so an agent with complex work is kept to few conversations whether it is urgent or not;
the routine ones that went asynchronous weigh little while their customers are silent and so do not fill the cap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import Parameter, choose, does, either, feature, named
from maitred.agents.caps import nearest_cap
from maitred.envs.decision import Action, Choices, Decisions, Kind

COMPLEX, URGENT = 0.5, 0.5

Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quadrant:
    """Mode and concurrency by believed complexity and urgency.

    Attributes:
        complex_from: believed complexity from which a contact is complex.
        urgent_from: believed chance from which it is urgent.
        cap_complex: slots of an agent on complex work, of which a heavy conversation takes two (domain 1.3: 1-2).
        cap_simple: slots of any other (3-4).
        bot_turns: turns after which a bot gives an urgent contact up [E].
        sure_after_turns: turns, each with a reading of complexity and urgency, before an agent's mode is changed [E].
    """

    complex_from: Parameter = COMPLEX
    urgent_from: Parameter = URGENT
    cap_complex: Parameter = 2.0
    cap_simple: Parameter = 4.0
    bot_turns: Parameter = 3.0
    sure_after_turns: Parameter = 2.0

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("quadrant", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        kind, sides = decisions.kind, self._sides(decisions)
        on_complex_work = feature(decisions, "mix") >= self.complex_from
        caps = nearest_cap(decisions, np.where(on_complex_work, self.cap_complex, self.cap_simple))
        turned = choose(decisions, np.zeros(()), self._better_mode(decisions, sides))
        seated = choose(decisions, _preference(decisions, sides), _seats(decisions, sides))
        return either(kind == Kind.CONCURRENCY, caps, either(kind == Kind.REASSESS, turned, seated))

    def _sides(self, decisions: Decisions) -> Sides:
        return Sides(
            feature(decisions, "complexity") >= self.complex_from, feature(decisions, "urgency") >= self.urgent_from
        )

    def _better_mode(self, decisions: Decisions, sides: Sides) -> Flags:
        """(B, K) bool, the change of mode that a running conversation's quadrant asks for, if any."""
        turns = feature(decisions, "turns")
        with_bot = feature(decisions, "open") == 0
        give_up = with_bot & (sides.complex | (sides.urgent & (turns >= self.bot_turns)))
        with_agent = (
            (does(decisions, Action.LIVE) & sides.complex & sides.urgent)
            | (does(decisions, Action.ASYNC) & sides.complex & ~sides.urgent)
            | (does(decisions, Action.HAND_BACK) & ~sides.complex & ~sides.urgent)
        )
        sure = turns >= self.sure_after_turns
        changes: Flags = (does(decisions, Action.ESCALATE) & give_up) | (with_agent & sure)
        return changes


class Sides(NamedTuple):
    """(B, K) bool each: on which side of either axis a candidate's contact is believed to be."""

    complex: Flags
    urgent: Flags


def _elsewhere(decisions: Decisions, sides: Sides) -> Flags:
    """(B, K) bool: a bot for the simple, an answer in writing for the complex and routine."""
    return (does(decisions, Action.BOT) & ~sides.complex) | (
        does(decisions, Action.DEFER) & sides.complex & ~sides.urgent
    )


def _seats(decisions: Decisions, sides: Sides) -> Flags:
    """(B, K) bool, where a contact may go; the complex wait for an agent even where bots usually come first."""
    wait = does(decisions, Action.HOLD) & sides.complex & (decisions.kind == Kind.ROUTE)[:, None]
    seats: Flags = _elsewhere(decisions, sides) | does(decisions, Action.ASSIGN) | wait
    return seats


def _preference(decisions: Decisions, sides: Sides) -> NDArray[np.float64]:
    """(B, K): elsewhere, then agents, then waiting; in pull the urgent, in route who holds least or the simplest."""
    both = sides.complex & sides.urgent
    agent = np.where(both, -feature(decisions, "open"), -feature(decisions, "mix"))
    pulls = (decisions.kind == Kind.PULL)[:, None]
    agent = np.where(does(decisions, Action.HOLD), -np.finfo(np.float64).max, agent)
    return np.where(_elsewhere(decisions, sides), np.inf, np.where(pulls, sides.urgent, agent))
