"""The turns of agents, one row each: how long they took, what came before and after, and what else was open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.envs.calibration.turns.events import CODE, NOTHING, Bools, Log
from maitred.envs.scenario import Floats, Ints

CLOCK_S = 0.001  # times of a log are rounded: what ends that much later than something begins is over by then
# What ends an agent's part in a contact without closing it.
HANDS_OVER = ("transfer", "escalate", "bot_start", "callback_no_answer")


@dataclass(frozen=True)
class Turns:
    """Ended turns of agents, by contact and time, (m,)."""

    contact: Ints
    agent: Ints
    type: Ints  # of the contact during the turn
    channel: Ints
    start_s: Floats
    end_s: Floats
    work_s: Floats  # nan where the log does not say
    asked_s: Floats  # when the reply came that the turn answers; nan for others
    accepted_s: Floats  # when the agent was given the contact; nan but on a contact's first turn
    nth: Ints  # 0 for the contact's first turn by an agent
    next: Ints  # code of the next event of the contact, -1 for none
    next_s: Floats  # and its time; the log's end for none
    context: Floats  # what the agent could see on taking over; nan on other turns
    others_open: Ints  # the agent's other open conversations when the turn started

    def where(self, use: Bools) -> Turns:
        """Only the turns in `use` (m,)."""
        return Turns(**{name: values[use] for name, values in vars(self).items()})

    @property
    def misdirected(self) -> Bools:
        """(m,) first turns with a contact that turns out to be in the wrong queue."""
        return np.asarray((self.nth == 0) & self.ended_by("transfer"))

    @property
    def unsure(self) -> Bools:
        """(m,) first turns of which it is not known to be the right queue, nobody being there: no more follows."""
        return np.asarray((self.nth == 0) & self.ended_by("silent_abandon_suspected"))

    def ended_by(self, *events: str) -> Bools:
        """(m,) whether the next event is one of these."""
        return np.isin(self.next, [CODE[event] for event in events])


def agent_turns(log: Log) -> Turns:
    """Every turn whose start and end the log holds."""
    rows = log.rows("reply", "start_turn", "end_turn")
    before, _ = log.neighbours(rows)
    previous = dict(zip(rows.tolist(), before.tolist(), strict=True))
    ends = np.array([r for r in log.rows("end_turn").tolist() if _code(log, previous[r]) == CODE["start_turn"]], int)
    starts = np.array([previous[r] for r in ends.tolist()], int)
    asked = np.array([previous[r] for r in starts.tolist()], int)
    following = _following(log)[ends]
    contact = log.contact[starts]
    first = np.append(True, contact[1:] != contact[:-1])[: len(contact)]
    accepted_s = np.full(len(log.arrived.s), np.nan)
    accepted_s[log.contact[log.rows("accept")]] = log.s[log.rows("accept")]
    return Turns(
        contact=contact,
        agent=log.agent[starts],
        type=log.type[starts],
        channel=log.channel[starts],
        start_s=log.s[starts],
        end_s=log.s[ends],
        work_s=log.duration_s[ends],
        asked_s=np.where((asked >= 0) & (log.code[asked] == CODE["reply"]), log.s[asked], np.nan),
        accepted_s=np.where(first, accepted_s[contact], np.nan),
        nth=np.arange(len(contact)) - np.maximum.accumulate(np.where(first, np.arange(len(contact)), 0)),
        next=np.where(following >= 0, log.code[following], NOTHING),
        next_s=np.where(following >= 0, log.s[following], log.end_s),
        context=log.context[starts],
        others_open=_others_open(log, starts),
    )


def _code(log: Log, row: int) -> int:
    return int(log.code[row]) if row >= 0 else NOTHING


def _following(log: Log) -> Ints:
    """(n,) the next row of the contact that moves it on, -1 for none."""
    rows = log.rows(*(event for event in CODE if event not in ("survey", "wrap", "accept", "callback_offered")))
    following = np.full(len(log.code), NOTHING)
    following[rows] = log.neighbours(rows)[1]
    return following


def _others_open(log: Log, starts: Ints) -> Ints:
    """(m,) conversations open with the agent at each start, but for the one at hand.

    A conversation is open from being accepted (or from its first turn) until it is closed and wrapped up, handed
    over, found to be abandoned, or begun by another agent.
    """
    begin_s, end_s, agent = _held(log)
    span = 2 * (log.end_s - log.s.min() + 1)
    origin = log.s.min() - 1
    at = log.agent[starts] * span + log.s[starts] - origin
    opened = np.searchsorted(np.sort(agent * span + begin_s - origin), at, side="right")
    closed = np.searchsorted(np.sort(agent * span + end_s - origin), at + CLOCK_S, side="right")
    return np.asarray(np.maximum(opened - closed - 1, 0))


def _held(log: Log) -> tuple[Floats, Floats, Ints]:
    """From when to when which agent held a conversation: begin and end (clock s), agent."""
    rows = log.rows("accept", "start_turn", "resolve", "silent_abandon_suspected", *HANDS_OVER)
    before, _ = log.neighbours(rows)
    takes = np.isin(log.code, [CODE["accept"], CODE["start_turn"]])
    new = takes[rows] & ~((before >= 0) & takes[before] & (log.agent[before] == log.agent[rows]))
    turns_up = np.flatnonzero(new | ~takes[rows])  # somebody begins, or the contact leaves its agent's hands
    marks = rows[turns_up]
    _, after = log.neighbours(marks)
    begins = new[turns_up]
    end_s = np.where(after >= 0, (log.s + _wrap_up_s(log))[after], log.end_s)
    return log.s[marks[begins]], end_s[begins], log.agent[marks[begins]]


def _wrap_up_s(log: Log) -> Floats:
    """(n,) wrap-up that follows each closing, 0 for other events."""
    rows = log.rows("resolve", "wrap")
    before, _ = log.neighbours(rows)
    wraps = (log.code[rows] == CODE["wrap"]) & (before >= 0)
    seconds = np.zeros(len(log.code))
    seconds[before[wraps]] = log.duration_s[rows[wraps]]
    return seconds
