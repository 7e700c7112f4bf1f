"""One agent and conversations of one class: exact reply time, utilisation and throughput.

The overhead is per further OPEN conversation: a turn that starts with n of them open has the exponential mean
a (1 + sw (n - 1)), a conversation whose customer thinks included. In the closed network n is always K, so the agent
is an exponential server of fixed mean, the network has a product form, and mean value analysis is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.exactness.chat_chain import Turns, stationary


@dataclass(frozen=True)
class ClosedChat:
    """Stationary values of K conversations that stay open for ever with one agent.

    Attributes:
        reply_s: mean time from a customer's message to the end of the agent's reply, seconds.
        utilisation: share of the agent's time spent working.
        slow_down: mean time of a turn and its think time, over that with one conversation; the factor on the duration.
        throughput: turns per time over that with one conversation.
    """

    reply_s: float
    utilisation: float
    slow_down: float
    throughput: float


def closed_chat(turns: Turns, conversations: int) -> ClosedChat:
    """Mean value analysis: who joins the k-th sees the line of k - 1 (Reiser and Lavenberg 1980).

    "Mean-value analysis of closed multichain queuing networks", Journal of the ACM 27(2).

    Args:
        turns: the class of all conversations.
        conversations: K, at least 1.
    """
    if conversations < 1:
        raise ValueError(f"conversations: expected 1 or more, found {conversations}")
    turn_s, in_line, reply_s, turns_per_s = turns.turn_s(conversations), 0.0, 0.0, 0.0
    for k in range(1, conversations + 1):
        reply_s = turn_s * (1 + in_line)
        turns_per_s = k / (reply_s + turns.think_s)
        in_line = turns_per_s * reply_s
    alone_s = turns.work_s + turns.think_s
    return ClosedChat(reply_s, turns_per_s * turn_s, (reply_s + turns.think_s) / alone_s, turns_per_s * alone_s)


@dataclass(frozen=True)
class OpenChat:
    """Stationary values of one agent with a cap to whom conversations arrive.

    Attributes:
        mean_open: time average of the number of open conversations.
        utilisation: share of the agent's time spent working.
        wait_s: mean time before a conversation is opened, over all that are let in, seconds.
        reply_s: mean time from a customer's message, or the opening, to the end of the agent's reply, seconds.
        lost_p: share of arrivals that find the waiting line full.
    """

    mean_open: float
    utilisation: float
    wait_s: float
    reply_s: float
    lost_p: float


# Conversations with the agent or waiting for one of its places; of the open ones, those that need a reply; and the
# number that was open when the present turn started (0 while the agent is idle).
_Crowd = tuple[int, int, int]


def open_chat(turns: Turns, arrivals_per_s: float, cap: int, mean_turns: float, line: int) -> OpenChat:
    """Poisson arrivals, a geometric number of turns each, at most `cap` open and `line` waiting to be opened.

    A conversation opens with a message and closes with the agent's last reply. Its place is filled at once, before
    the next turn starts. Times follow from mean numbers by Little's law.

    Args:
        turns: the class of all conversations.
        arrivals_per_s: conversations per second, > 0.
        cap: open conversations at most, at least 1.
        mean_turns: mean number of the agent's turns per conversation, >= 1.
        line: places to wait in; long enough where `lost_p` is negligible.
    """
    for name, value, least in (("cap", cap, 1), ("mean_turns", mean_turns, 1), ("line", line, 0)):
        if value < least:
            raise ValueError(f"{name}: expected {least} or more, found {value}")
    if arrivals_per_s <= 0:
        raise ValueError(f"arrivals_per_s: expected a positive rate, found {arrivals_per_s}")
    masses = stationary((0, 0, 0), lambda crowd: _crowd_moves(crowd, turns, arrivals_per_s, cap, mean_turns, line))
    mean_open = sum(mass * min(inside, cap) for (inside, _, _), mass in masses.items())
    waiting = sum(mass * max(inside - cap, 0) for (inside, _, _), mass in masses.items())
    in_turn = sum(mass * messages for (_, messages, _), mass in masses.items())
    busy = sum(mass for (_, messages, _), mass in masses.items() if messages)
    lost_p = sum(mass for (inside, _, _), mass in masses.items() if inside == cap + line)
    let_in_per_s = arrivals_per_s * (1 - lost_p)
    return OpenChat(mean_open, busy, waiting / let_in_per_s, in_turn / (let_in_per_s * mean_turns), lost_p)


def _crowd_moves(
    crowd: _Crowd, turns: Turns, arrivals_per_s: float, cap: int, mean_turns: float, line: int
) -> Iterable[tuple[_Crowd, float]]:
    """An arrival, a customer's next message, a reply after which the customer thinks, or the last reply."""
    inside, messages, at_start = crowd
    thinking = min(inside, cap) - messages
    if inside < cap:
        yield (inside + 1, messages + 1, at_start or inside + 1), arrivals_per_s
    elif inside < cap + line:
        yield (inside + 1, messages, at_start), arrivals_per_s
    if thinking:
        yield (inside, messages + 1, at_start or min(inside, cap)), thinking / turns.think_s
    if messages:
        replies_per_s, closing_p = 1 / turns.turn_s(at_start), 1 / mean_turns
        if closing_p < 1:
            yield _next_turn(inside, messages - 1, cap), replies_per_s * (1 - closing_p)
        yield _next_turn(inside - 1, messages - 1 + (inside > cap), cap), replies_per_s * closing_p


def _next_turn(inside: int, messages: int, cap: int) -> _Crowd:
    return inside, messages, min(inside, cap) if messages else 0
