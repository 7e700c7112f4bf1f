"""What the kernel works on: the scenario as arrays, and the state, candidates and ledger of B centers."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES
from maitred.envs.scenario import Scenario
from maitred.envs.trace import ARRIVAL, FORECAST, ROSTER

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


class Term(IntEnum):
    """What is booked: the columns of `booked`, from which every objective is a weighted sum."""

    COST = 0  # money: paid agent time, scheduled time booked when the day starts, overrun when it happens
    FOCUS_S = 1  # seconds of agent work on contacts, wrap-up included
    CSAT = 2  # latent satisfaction of served contacts, 0..1 each
    ABANDONED = 3  # contacts


CENTER = np.dtype(
    [
        ("now", "f8"), ("progress", "i8"), ("kind", "i8"), ("subject", "i8"), ("places", "i8"),
        ("next_arrival", "i8"), ("next_roster", "i8"), ("heap", "i8"), ("sequence", "i8"), ("rows", "i8"),
        ("decisions", "i8"), ("waiting", "i8"), ("idle", "i8"), ("idle_head", "i8"), ("idle_tail", "i8"),
        ("on_duty", "i8"), ("in_system", "i8"), ("today", "i8"), ("arrived_today", "i8"), ("events", "i8"),
        ("key", "u8"), ("arrivals", "i8"), ("roster", "i8"),
    ]
)  # fmt: skip
CONTACT = np.dtype(
    [
        ("arrival_s", "f8"), ("type", "i4"), ("level", "i4"), ("attempts", "i4"), ("decisions", "i4"),
        ("case", "i4"), ("agent", "i4"), ("answer_s", "f8"), ("end_s", "f8"), ("work_s", "f8"), ("wrap_up_s", "f8"),
        ("csat", "f8"), ("outcome", "i1"), ("origin", "i1"), ("short", "i1"), ("resolved", "i1"),
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
        ("contact", "i4"), ("pauses", "i4"), ("activity", "i1"), ("on_shift", "i1"), ("away", "i1"),
        ("offer_s", "f8"), ("overrun_s", "f8"),
    ],
    align=True,
)  # fmt: skip
EVENT = np.dtype([("s", "f8"), ("code", "i8")])
PARAMETERS = np.dtype(
    [
        ("horizon_s", "f8"), ("period_s", "f8"), ("hold_s", "f8"), ("answer_target_s", "f8"),
        ("short_max_s", "f8"), ("retrial_p", "f8"), ("retrial_mean_s", "f8"), ("repeat_short_p", "f8"),
        ("repeat_unresolved_p", "f8"), ("repeat_short_mean_s", "f8"),
        ("repeat_unresolved_mean_s", "f8"), ("lines", "i8"), ("may_hold", "i8"),
        ("exponential", "i8"), ("places", "i8"), ("pause_mean_s", "f8"), ("drift_mean_s", "f8"),
        ("ready_share", "f8"),
    ]
)  # fmt: skip
TYPE = np.dtype([("log_sd", "f8"), ("wrap_up_mean_s", "f8"), ("handle_s", "f8")])
PERSON = np.dtype([("short_share", "f8"), ("log_speed", "f8"), ("cost_per_s", "f8"), ("types", "f8")])
PAIR = np.dtype([("handle_s", "f8"), ("log_se", "f8"), ("fit", "f8"), ("resolve_p", "f8")])


class World(NamedTuple):
    """The scenario as the kernel reads it. Estimates here are what policies may see."""

    parameters: Array  # (1,) PARAMETERS
    types: Array  # (T,) TYPE
    people: Array  # (A,) PERSON
    pairs: Array  # (A, T) PAIR
    head_start_s: Array  # (P,)
    patience_from_s: Array  # (H,)
    hazard_per_s: Array  # (T, P, H)
    service_factor: Array  # (N,) by period of the day
    patience_factor: Array  # (N,)


class Centers(NamedTuple):
    """B centers: their traces, state, candidates and ledger. `contacts`, `accounts`, `booked` are the ledger."""

    arrivals: Array  # (B, N) ARRIVAL
    roster: Array  # (B, M) ROSTER
    handle_mean_s: Array  # (B, A, T) true means
    may_answer: Array  # (B, A, T) bool
    forecast: Array  # (B, periods + 1) FORECAST
    center: Array  # (B,) CENTER
    queued: Array  # (B, C) QUEUED, links of the waiting lists, one list per type ordered by rank_s
    queue_head: Array  # (B, T) int32
    queue_tail: Array  # (B, T) int32
    cursor: Array  # (B, T) int32, scratch of the merge over queues
    waiting_of_type: Array  # (B, T) int32
    idle_of_type: Array  # (B, T) int32
    agents: Array  # (B, A) AGENT, with the links of the idle list, longest idle first
    heap: Array  # (B, H) EVENT
    candidates: Array  # (B, K) int32: agent or contact row; -1 is hold
    contacts: Array  # (B, C) CONTACT
    accounts: Array  # (B, A, len(Activity)) seconds
    booked: Array  # (B, len(Term)) totals since the episode began


class Observation(NamedTuple):
    """Buffers the kernel writes observations into; see `decision.Decisions`."""

    key: Array  # (B,) uint64
    context: Array  # (B, C) float32
    candidates: Array  # (B, K, F) float32
    mask: Array  # (B, K) bool


def world_of(scenario: Scenario) -> World:
    """The scenario as arrays, with the derived estimates that observations show."""
    agents, routing, returns = scenario.agents, scenario.routing, scenario.returns
    parameters = np.zeros(1, PARAMETERS)
    for name, value in {
        "horizon_s": scenario.horizon_s,
        "period_s": scenario.arrivals.period_s,
        "hold_s": routing.hold_s,
        "answer_target_s": routing.answer_target_s,
        "short_max_s": scenario.service.short_max_s,
        "retrial_p": returns.retrial_p,
        "retrial_mean_s": returns.retrial_mean_s,
        "repeat_short_p": returns.repeat_short_p,
        "repeat_unresolved_p": returns.repeat_unresolved_p,
        "repeat_short_mean_s": returns.repeat_short_mean_s,
        "repeat_unresolved_mean_s": returns.repeat_unresolved_mean_s,
        "lines": scenario.staffing.lines,
        "may_hold": routing.may_hold,
        "exponential": scenario.service.distribution == "exponential",
        "places": routing.places,
        "pause_mean_s": scenario.staffing.pause_mean_s,
        "drift_mean_s": scenario.staffing.drift_mean_s,
        "ready_share": scenario.staffing.ready_share,
    }.items():
        parameters[name] = value
    types, people, pairs = _estimates(scenario)
    people["cost_per_s"] = agents.cost_per_min[agents.group] / 60
    return World(
        parameters, types, people, pairs, scenario.types.head_start_s, scenario.patience.from_s,
        scenario.patience.hazard_per_s, scenario.service.period_factor, scenario.patience.period_factor,
    )  # fmt: skip


def _estimates(scenario: Scenario) -> tuple[Array, Array, Array]:
    agents = scenario.agents
    types = np.zeros(len(scenario.types.names), TYPE)
    people = np.zeros(len(agents.names), PERSON)
    pairs = np.zeros(agents.mean_s.shape, PAIR)
    may = agents.may_answer
    types["log_sd"], types["wrap_up_mean_s"] = scenario.service.log_sd, scenario.service.wrap_up_mean_s
    types["handle_s"] = np.average(agents.mean_s, axis=0, weights=may)
    relative = np.where(may, np.log(np.where(may, agents.mean_s, 1.0) / types["handle_s"]), 0.0)
    people["log_speed"] = np.average(relative, axis=1, weights=may)
    people["short_share"], people["types"] = agents.short_share, may.sum(axis=1)
    pairs["handle_s"], pairs["log_se"], pairs["resolve_p"] = agents.mean_s, agents.log_se, agents.resolve_p
    pairs["fit"] = np.where(may, relative - people["log_speed"][:, None], 0.0)
    return types, people, pairs


def allocate(
    centers: int, scenario: Scenario, arrivals: int, roster: int, contacts: int, heap: int
) -> tuple[Centers, Observation]:
    """Empty arrays for `centers` centers with room for that many arrivals, roster events, contacts and events."""
    b, a, t = centers, len(scenario.agents.names), len(scenario.types.names)
    k, periods = scenario.routing.places, scenario.days * scenario.arrivals.rate_per_h.shape[2]
    arrays = Centers(
        arrivals=np.zeros((b, arrivals), ARRIVAL),
        roster=np.zeros((b, roster), ROSTER),
        handle_mean_s=np.zeros((b, a, t)),
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
        heap=np.zeros((b, heap), EVENT),
        candidates=np.zeros((b, k), np.int32),
        contacts=np.zeros((b, contacts), CONTACT),
        accounts=np.zeros((b, a, len(Activity))),
        booked=np.zeros((b, len(Term))),
    )
    return arrays, Observation(
        key=np.zeros(b, np.uint64),
        context=np.zeros((b, len(CONTEXT_NAMES)), np.float32),
        candidates=np.zeros((b, k, len(CANDIDATE_NAMES)), np.float32),
        mask=np.zeros((b, k), np.bool_),
    )
