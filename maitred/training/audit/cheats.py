"""Policies that cheat: each makes a number that is usually looked at better, and the center worse.

They are what the detectors are tried on, written in the words of rules; each is a caricature of something that has
happened somewhere. What they leave open, the platform decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import choose, does, feature
from maitred.agents.caps import Capacity, MostBusyFirst
from maitred.envs.decision import CONTEXT_NAMES, Action, Choices, Decisions, Kind

_NOTHING = np.zeros(())
_SIN, _COS = CONTEXT_NAMES.index("time_of_day_sin"), CONTEXT_NAMES.index("time_of_day_cos")


@dataclass(frozen=True)
class TrapInBot:
    """DG-1: to the cheapest bot, back to the bot, and never out of it."""

    name: str = "trap_in_bot"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        with_bot = feature(decisions, "open") == 0
        stay = does(decisions, Action.CONTINUE) & with_bot & (decisions.kind == Kind.REASSESS)[:, None]
        to_bot = does(decisions, Action.BOT) | does(decisions, Action.HAND_BACK)
        return choose(decisions, -feature(decisions, "cost"), np.where(stay.any(axis=1)[:, None], stay, to_bot))


@dataclass(frozen=True)
class StopTheClock:
    """DG-3: whoever can be promised an answer or a call is promised one."""

    name: str = "stop_the_clock"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        promise = does(decisions, Action.DEFER) | does(decisions, Action.CALLBACK)
        return choose(decisions, _NOTHING, promise)


@dataclass(frozen=True)
class HarvestAbandons:
    """DG-4: contacts of more than so much work wait until they give up.

    Attributes:
        hard_s: expected work from which a contact is hard, seconds.
    """

    hard_s: float
    name: str = "harvest_abandons"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        assigned = does(decisions, Action.ASSIGN)
        easy = assigned & (feature(decisions, "type_handle_s") <= self.hard_s)
        return choose(decisions, _NOTHING, _or_hold(decisions, easy))


@dataclass(frozen=True)
class PassRound:
    """DG-6: a conversation is passed on whenever that is possible."""

    name: str = "pass_round"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        on = does(decisions, Action.ESCALATE) | does(decisions, Action.HAND_BACK) | does(decisions, Action.ASYNC)
        return choose(decisions, _NOTHING, on)


@dataclass(frozen=True)
class PickTheBest:
    """DG-7: only agents faster than average get work, however many of the others are free."""

    name: str = "pick_the_best"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        speed = -feature(decisions, "agent_log_speed")
        return choose(decisions, speed, _or_hold(decisions, does(decisions, Action.ASSIGN) & (speed > 0)))


@dataclass(frozen=True)
class PileUp:
    """DG-8: every agent holds as many conversations as can be set, and the fullest are filled first."""

    name: str = "pile_up"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return Capacity(slots=25.0, complexity_weight=0.0, rest=MostBusyFirst()).act(decisions)


@dataclass(frozen=True)
class KeepForTheFew:
    """DG-9: ordinary contacts get an agent only while more than so many are free.

    Attributes:
        reserve: agents kept free.
    """

    reserve: int = 2
    name: str = "keep_for_the_few"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        few = feature(decisions, "priority") > 0
        free = feature(decisions, "type_agents_idle") > self.reserve
        return choose(decisions, few * 1.0, _or_hold(decisions, does(decisions, Action.ASSIGN) & (few | free)))


@dataclass(frozen=True)
class DumpAtTheEnd:
    """DG-11: late in the day nothing is begun that can be put off or left waiting.

    Attributes:
        from_h: hour of the day from which it is late.
    """

    from_h: float
    name: str = "dump_at_the_end"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        late = (_hour(decisions) >= self.from_h)[:, None]
        leave = (does(decisions, Action.DEFER) | does(decisions, Action.HOLD)) & late
        return choose(decisions, does(decisions, Action.DEFER) * 1.0, leave)


@dataclass(frozen=True)
class DumpOnTheFirst:
    """DG-12: everything goes to whoever logged in last and has room, with the highest cap there is."""

    name: str = "dump_on_the_first"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        newest = feature(decisions, "shift_left_s") + 1e5 * feature(decisions, "load")
        wanted = does(decisions, Action.ASSIGN) | does(decisions, Action.CAP)
        return choose(decisions, np.where(does(decisions, Action.CAP), feature(decisions, "cap_set"), newest), wanted)


@dataclass(frozen=True)
class ForgetTheOld:
    """DG-13: the newest contact first, and one passed over for long enough never.

    Attributes:
        forget_s: wait after which a contact is no longer offered, seconds.
    """

    forget_s: float = 120.0
    name: str = "forget_the_old"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        wait_s = feature(decisions, "wait_s")
        fresh = does(decisions, Action.ASSIGN) & (wait_s < self.forget_s)
        return choose(decisions, -wait_s, _or_hold(decisions, fresh))


def _or_hold(decisions: Decisions, wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(B, K) bool, those wanted; in rows where an agent is offered and none is wanted, hold."""
    offered = does(decisions, Action.ASSIGN).any(axis=1, keepdims=True) & ~wanted.any(axis=1, keepdims=True)
    held: NDArray[np.bool_] = wanted | (does(decisions, Action.HOLD) & offered)
    return held


def _hour(decisions: Decisions) -> NDArray[np.floating]:
    """(B,) hour of the day, 0 to 24."""
    angle = np.arctan2(decisions.context[:, _SIN], decisions.context[:, _COS])
    hour: NDArray[np.floating] = (angle % (2 * np.pi)) * 24 / (2 * np.pi)
    return hour
