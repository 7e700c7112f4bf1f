"""Conversations of several classes with one agent, as an exact Markov chain.

An agent is one server whom every open conversation visits: the customer writes (think time), the message waits in the
agent's line, first come first served, and the agent's reply ends the turn. Served in that order, classes with unequal
work have no product form, so the state holds the order of the classes in the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array
from scipy.sparse.linalg import spsolve

State = TypeVar("State")


@dataclass(frozen=True)
class Turns:
    """The turns of one class of conversation, all times exponential.

    Attributes:
        work_s: mean time of the agent per turn with one conversation open, seconds, > 0.
        think_s: mean time from a reply to the customer's next message, seconds, > 0.
        switch_overhead: share by which every further open conversation lengthens a turn, >= 0. A conversation is
            open while its customer thinks, too; the number is taken when the turn starts.
    """

    work_s: float
    think_s: float
    switch_overhead: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("work_s", self.work_s), ("think_s", self.think_s)):
            if not 0 < value < np.inf:
                raise ValueError(f"{name}: expected a positive number of seconds, found {value}")
        if not 0 <= self.switch_overhead < np.inf:
            raise ValueError(f"switch_overhead: expected a share of 0 or more, found {self.switch_overhead}")

    def turn_s(self, conversations: int) -> float:
        """Mean time of a turn that starts with so many conversations open, seconds."""
        return self.work_s * (1 + self.switch_overhead * (conversations - 1))


@dataclass(frozen=True)
class MixedChat:
    """Stationary values per class, (C,) float64 each.

    Attributes:
        reply_s: mean time from a customer's message to the end of the agent's reply, seconds.
        utilisation: share of the agent's time spent on the class.
        turns_per_s: replies per second.
    """

    reply_s: NDArray[np.float64]
    utilisation: NDArray[np.float64]
    turns_per_s: NDArray[np.float64]


def mixed_chat(classes: Sequence[Turns], conversations: Sequence[int]) -> MixedChat:
    """A closed network: `conversations[c]` conversations of each class stay open for ever with one agent.

    A class's busy share over its mean turn is its throughput; its mean number in line over that is its reply time
    (Little). The chain has at most about e K! states for K conversations.

    Args:
        classes: C classes.
        conversations: C counts, each at least 1.
    """
    if len(conversations) != len(classes) or min(conversations, default=0) < 1:
        raise ValueError(f"conversations: expected {len(classes)} counts of 1 or more, found {list(conversations)}")
    turn_s = np.array([turns.turn_s(sum(conversations)) for turns in classes])
    nobody: tuple[int, ...] = ()
    masses = stationary(nobody, lambda line: _line_moves(line, classes, conversations, turn_s))
    in_line, busy = np.zeros(len(classes)), np.zeros(len(classes))
    for line, mass in masses.items():
        np.add.at(in_line, list(line), mass)
        busy[list(line[:1])] += mass
    return MixedChat(in_line * turn_s / busy, busy, busy / turn_s)


def _line_moves(
    line: tuple[int, ...], classes: Sequence[Turns], conversations: Sequence[int], turn_s: NDArray[np.float64]
) -> Iterable[tuple[tuple[int, ...], float]]:
    """A customer of some class stops thinking, or the agent replies to the head of the line."""
    for c, turns in enumerate(classes):
        thinking = conversations[c] - line.count(c)
        if thinking:
            yield (*line, c), thinking / turns.think_s
    if line:
        yield line[1:], 1 / turn_s[line[0]]


def stationary(start: State, moves: Callable[[State], Iterable[tuple[State, float]]]) -> dict[State, float]:
    """Stationary distribution of the Markov chain that `moves` spans from `start`.

    The balance equations are solved for all masses beside that of `start`, and then normalised.

    Args:
        start: a state to which the chain returns from wherever it gets.
        moves: the next states, each with its rate > 0; a state is never among its own next states.
    """
    number, flows = {start: 0}, list[tuple[int, int, float]]()
    states = [start]
    for state in states:  # grows while it is read
        for following, rate in moves(state):
            if following not in number:
                number[following] = len(states)
                states.append(following)
            flows.append((number[state], number[following], rate))
    origin, goal, rate_s = (np.array(column) for column in zip(*flows, strict=True))
    rows, columns = np.concatenate([goal, origin]), np.concatenate([origin, origin])
    balance = csc_array((np.concatenate([rate_s, -rate_s]), (rows, columns)))
    others = spsolve(balance[1:, 1:], -balance[1:, [0]].toarray().ravel())
    weights = np.append(1.0, others)
    return dict(zip(states, (weights / weights.sum()).tolist(), strict=True))
