"""What the kernel works on: the state, candidates and ledger of B centers."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES
from maitred.envs.scenario import Scenario
from maitred.envs.trace import ARRIVAL, FORECAST, NEED, ROSTER

Array = NDArray[Any]


class Progress(IntEnum):
    """Where a center stands."""

    RUNNING = 0
    DECISION = 1  # waits for an answer
    DONE = 2  # the horizon is reached
    FULL = 3  # needs longer arrays before it can go on


class Activity(IntEnum):
    """How an agent's paid time is spent; OFF is unpaid. The ledger's agent accounts have these columns."""

    OFF = 0
    IDLE = 1
    WORK = 2
    WRAP_UP = 3
    BREAK = 4
    TRAINING = 5
    UNAVAILABLE = 6


class Outcome(IntEnum):
    """How a contact ended."""

    INSIDE = 0  # still waiting or in service at the horizon
    SERVED = 1
    ABANDONED = 2
    BLOCKED = 3  # no line was free


class Origin(IntEnum):
    """Why a contact came."""

    FIRST = 0
    RETRIAL = 1  # called again after abandoning or being blocked
    REPEAT = 2  # called again after a service that did not resolve the matter
    PROACTIVE = 3  # a predicted problem came true, or a message prompted the contact


class Term(IntEnum):
    """What is booked: the columns of `booked`, from which every objective is a weighted sum."""

    COST = 0  # money: paid agent time, scheduled time booked when the day starts, overrun when it happens; bots; tools
    FOCUS_S = 1  # seconds of agent work on contacts, wrap-up included
    CSAT = 2  # latent satisfaction of served contacts, 0..1 each
    ABANDONED = 3  # contacts, those who left without a word when that is found out
    RESOLVED = 4  # contacts
    DEADLINE_MISSED = 5  # urgent contacts not resolved in time
    PROMISE_BROKEN = 6  # deferred answers and call-backs later than promised
    TRANSFERRED = 7  # transfers and escalations
    CHURNED = 8  # money: value of customers times their chance of leaving
    MISMATCHED = 9  # contacts answered on a channel the customer did not want
    MESSAGES = 10  # proactive messages
    REPLACED = 11  # agents who left
    WAITED_S = 12  # seconds from arrival to the first human word, of served contacts that got one


class Place(IntEnum):
    """Where an open conversation is."""

    QUEUE = 0  # arriving or waiting
    LINE = 1  # the agent is at work on it, or will be after other conversations
    CUSTOMER = 2  # the customer is thinking, or has left without a word
    BOT = 3
    PROMISED = 4  # a call-back is due later
    CLOSED = 5


class Mark(IntEnum):
    """What the optional log of a center's events records."""

    ARRIVE = 0
    START_TURN = 1  # value: work, seconds
    END_TURN = 2
    REPLY = 3  # the customer has replied
    BOT_TURN = 4
    TRANSFER = 5  # value: the new type
    ESCALATE = 6
    ABANDON = 7
    SILENT = 8  # found to have left without a word
    CALLBACK = 9
    WRAP_UP = 10
    CLOSE = 11  # value: 1 if resolved
    SURVEY = 12  # value: latent satisfaction, if the customer answers
    CAP = 13  # value: the cap
    MESSAGE = 14
    SHIFT_START = 15
    SHIFT_END = 16
    BOT_START = 17  # value: the bot


CENTER = np.dtype(
    [
        ("now", "f8"), ("progress", "i8"), ("kind", "i8"), ("subject", "i8"), ("places", "i8"), ("usual", "i8"),
        ("chosen", "i8"), ("closing", "i8"), ("freed", "i8"), ("starting", "i8"), ("queueing", "i8"),
        ("resuming", "i8"), ("needs", "i8"),
        ("next_contact", "i8"), ("next_agent", "i8"), ("next_turn", "i8"), ("next_cap", "i8"), ("next_need", "i8"),
        ("next_arrival", "i8"), ("next_roster", "i8"), ("heap", "i8"), ("sequence", "i8"), ("rows", "i8"),
        ("decisions", "i8"), ("waiting", "i8"), ("idle", "i8"), ("idle_head", "i8"), ("idle_tail", "i8"),
        ("on_duty", "i8"), ("in_system", "i8"), ("today", "i8"), ("arrived_today", "i8"), ("events", "i8"),
        ("key", "u8"), ("arrivals", "i8"), ("roster", "i8"), ("open", "i8"), ("bot_sessions", "i8"),
        ("promised", "i8"), ("messages_today", "i8"), ("logged", "i8"), ("ease", "f8"), ("ease_s", "f8"),
    ]
)  # fmt: skip
# The ledger's records are a multiple of 8 bytes long: from others, numpy copies a field whenever it is read.
CONTACT = np.dtype(
    [
        ("arrival_s", "f8"), ("type", "i4"), ("level", "i4"), ("attempts", "i4"), ("decisions", "i4"),
        ("case", "i4"), ("agent", "i4"), ("answer_s", "f8"), ("end_s", "f8"), ("work_s", "f8"), ("wrap_up_s", "f8"),
        ("csat", "f8"), ("outcome", "i2"), ("origin", "i2"), ("short", "i2"), ("resolved", "i2"),
    ]
)  # fmt: skip
TALK = np.dtype(
    [
        ("event_s", "f8"), ("asked_s", "f8"), ("left_s", "f8"), ("turn_s", "f8"),
        ("deadline_s", "f8"), ("promised_s", "f8"), ("first_reply_s", "f8"),
        ("bot_s", "f8"), ("bot_cost", "f8"), ("repeated_s", "f8"), ("automated_s", "f8"),
        ("reply_s", "f8"), ("think_s", "f8"),
        ("slots", "f4"), ("sentiment", "f4"), ("mood", "f4"), ("context", "f4"), ("urgency", "f4"),
        ("place", "i4"), ("needs", "i4"), ("group", "i4"), ("last_agent", "i4"), ("first_type", "i4"),
        ("turns", "i4"), ("agent_turns", "i4"), ("replies", "i4"), ("joins", "i4"),
        ("bot", "i4"), ("bot_turns", "i4"), ("transfers", "i4"), ("escalations", "i4"), ("handovers", "i4"),
        ("tries", "i4"), ("shock", "i4"),
        ("complexity", "i2"), ("urgent", "i2"), ("phase", "i2"), ("tier", "i2"), ("ghost", "i1"), ("silent", "i1"),
        ("inactive", "i1"), ("approved", "i1"), ("contained", "i1"), ("avoided", "i1"), ("callback", "i1"),
        ("declined", "i1"), ("deferred", "i1"), ("heavy", "i1"), ("prefers_other", "i1"), ("intolerant", "i1"),
        ("surveyed", "i1"), ("promise_broken", "i1"), ("deadline_missed", "i1"), ("sticky", "i1"), ("handed", "i1"),
        ("finishing", "i1"), ("unanswered", "i1"), ("started_complexity", "i1"),
    ]
)  # fmt: skip
QUEUED = np.dtype(
    [
        ("rank_s", "f8"),
        ("offer_s", "f8"),
        ("key", "u8"),
        ("next", "i4"),
        ("previous", "i4"),
        ("waiting", "i8"),
    ]
)
AGENT = np.dtype(
    [
        ("since_s", "f8"), ("due_s", "f8"), ("shift_end_s", "f8"), ("next", "i4"), ("previous", "i4"),
        ("contact", "i4"), ("pauses", "i4"),
        ("activity", "i1"), ("on_shift", "i1"), ("away", "i1"), ("last_call", "i1"), ("assisted", "i1"),
        ("room", "i4"), ("open", "i4"), ("live", "i4"), ("locks", "i4"), ("parked", "i4"),
        ("line_head", "i4"), ("line_tail", "i4"), ("turns_due", "i4"), ("load", "f8"), ("cap", "f8"), ("mix", "f8"),
        ("turn_end_s", "f8"), ("offer_s", "f8"), ("overrun_s", "f8"), ("experience_wk", "f8"), ("started_wk", "f8"),
        ("fatigue", "f8"), ("shift_start_s", "f8"), ("shift_busy_s", "f8"), ("hazard", "f8"), ("left", "i8"),
    ],
    align=True,
)  # fmt: skip
EVENT = np.dtype([("s", "f8"), ("code", "i8")])
LOGGED = np.dtype([("s", "f8"), ("value", "f8"), ("contact", "i4"), ("agent", "i4"), ("turn", "i4"), ("mark", "i4")])


class Centers(NamedTuple):
    """B centers: their traces, state, candidates and ledger.

    `contacts`, `talks`, `beliefs`, `accounts` and `booked` are the ledger. Scenarios without conversations have no
    rows of `talks` and `beliefs`, and centers that record nothing none of `log`.
    """

    arrivals: Array  # (B, N) ARRIVAL
    roster: Array  # (B, M) ROSTER
    needs: Array  # (B, O) NEED
    handle_mean_s: Array  # (B, A, T) true means
    resolve_p: Array  # (B, A, T) true chances
    empathy: Array  # (B, A) true
    may_answer: Array  # (B, A, T) bool
    forecast: Array  # (B, periods + 1) FORECAST
    center: Array  # (B,) CENTER
    queued: (
        Array  # (B, C) QUEUED, links of the waiting lists, one list per type ordered by rank_s, and of agents' lines
    )
    queue_head: Array  # (B, T) int32
    queue_tail: Array  # (B, T) int32
    cursor: Array  # (B, T) int32, scratch of the merge over queues
    waiting_of_type: Array  # (B, T) int32
    idle_of_type: Array  # (B, T) int32, agents with room
    agents: Array  # (B, A) AGENT, with the links of the list of those with room, longest there first
    bot_load: Array  # (B, R) int32, sessions
    heap: Array  # (B, H) EVENT
    candidates: Array  # (B, K) int32: agent, contact row, bot, group or cap, by action
    actions: Array  # (B, K) int32 Action
    contacts: Array  # (B, C) CONTACT
    talks: Array  # (B, C or 0) TALK
    beliefs: Array  # (B, C or 0, complexities) float32
    scratch: Array  # (B, complexities) float32
    accounts: Array  # (B, A, len(Activity)) seconds
    booked: Array  # (B, len(Term)) totals since the episode began
    log: Array  # (B, L) LOGGED


class Observation(NamedTuple):
    """Buffers the kernel writes observations into; see `decision.Decisions`."""

    key: Array  # (B,) uint64
    context: Array  # (B, C) float32
    candidates: Array  # (B, K, F) float32
    mask: Array  # (B, K) bool


def allocate(
    centers: int, scenario: Scenario, arrivals: int, roster: int, contacts: int, heap: int, log: int
) -> tuple[Centers, Observation]:
    """Empty arrays for `centers` centers with room for that many arrivals, roster events, contacts and events."""
    b, a, t = centers, len(scenario.agents.names), len(scenario.types.names)
    k, periods = scenario.routing.places, scenario.days * scenario.arrivals.rate_per_h.shape[2]
    talks = contacts if scenario.has_conversations else 0
    arrays = Centers(
        arrivals=np.zeros((b, arrivals), ARRIVAL),
        roster=np.zeros((b, roster), ROSTER),
        needs=np.zeros((b, 0), NEED),
        handle_mean_s=np.zeros((b, a, t)),
        resolve_p=np.zeros((b, a, t)),
        empathy=np.zeros((b, a)),
        may_answer=np.zeros((b, a, t), np.bool_),
        forecast=np.zeros((b, periods + 1), FORECAST),
        center=np.zeros(b, CENTER),
        queued=np.zeros((b, contacts), QUEUED),
        queue_head=np.zeros((b, t), np.int32),
        queue_tail=np.zeros((b, t), np.int32),
        cursor=np.zeros((b, t), np.int32),
        waiting_of_type=np.zeros((b, t), np.int32),
        idle_of_type=np.zeros((b, t), np.int32),
        agents=np.zeros((b, a), AGENT),
        bot_load=np.zeros((b, len(scenario.bots.names)), np.int32),
        heap=np.zeros((b, heap), EVENT),
        candidates=np.zeros((b, k), np.int32),
        actions=np.zeros((b, k), np.int32),
        contacts=np.zeros((b, contacts), CONTACT),
        talks=np.zeros((b, talks), TALK),
        beliefs=np.zeros((b, talks, len(scenario.dialogue.names)), np.float32),
        scratch=np.zeros((b, len(scenario.dialogue.names)), np.float32),
        accounts=np.zeros((b, a, len(Activity))),
        booked=np.zeros((b, len(Term))),
        log=np.zeros((b, log), LOGGED),
    )
    return arrays, Observation(
        key=np.zeros(b, np.uint64),
        context=np.zeros((b, len(CONTEXT_NAMES)), np.float32),
        candidates=np.zeros((b, k, len(CANDIDATE_NAMES)), np.float32),
        mask=np.zeros((b, k), np.bool_),
    )
