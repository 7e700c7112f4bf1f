"""The one decision type: a context, candidates with features, a mask, and the answer.

The same arrays are the Gymnasium observation, the bandit's input, the row of the decision log and the
input of an exported policy. Numpy only, because the serving runtime imports it.

A candidate is an action on a pair of a contact and a resource. In `route` the contact is given and the candidates
differ in the resource; in `pull` the resource is given and the candidates differ in the contact; in `reassess` the
pair is given and the candidates differ in the action. One vector of features therefore serves every kind, and a
policy scores candidates with shared weights. One candidate of every decision is `usual`: what the platform does by
its own rule. The last legal candidate may be `hold`: leave the contact waiting, or the agent free.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 3

# What the operator wants: the weights of the objective that a policy can be conditioned on, and their defaults.
PREFERENCE: dict[str, float] = {"cost": 1.0, "focus_per_min": 0.30, "csat": 8.0}

Part = Literal["context", "contact", "agent", "pair", "action"]


class Kind(IntEnum):
    """What is being decided."""

    ROUTE = 0  # a contact arrives: which resource takes it, or wait
    PULL = 1  # an agent is freed: which waiting contact it takes, or stay free
    REASSESS = 2  # a turn boundary: continue, escalate, hand back, go asynchronous, change channel
    CONCURRENCY = 3  # an agent's cap on open conversations
    OUTREACH = 4  # a predicted need: message the customer, or not


class Action(IntEnum):
    """What a candidate does; all but ASSIGN have a feature of their own."""

    ASSIGN = 0  # this agent takes this contact
    HOLD = 1  # the contact waits on, the agent stays free
    BOT = 2  # a bot or virtual agent takes the contact
    GROUP = 3  # the contact waits for the agents of one group
    DEFER = 4  # an answer in writing within a promised time
    CALLBACK = 5  # a call back within a window
    CONTINUE = 6  # the conversation goes on as it is; no message is sent
    ESCALATE = 7  # to the specialists of its type, or from a bot to a human
    HAND_BACK = 8  # to automation
    ASYNC = 9  # go on in writing, without the customer waiting on the line
    LIVE = 10  # go on by voice
    NEXT_ISSUE = 11  # spend work now to head off a repeat
    CAP = 12  # how many slots the agent may fill
    MESSAGE = 13  # send a proactive message


@dataclass(frozen=True, slots=True)
class Feature:
    """One observed number: its name, unit, inclusive range and what it says.

    `part` tells which object of the JSON form carries it.
    """

    name: str
    unit: str
    low: float
    high: float
    part: Part
    meaning: str


_DAY_S = 86_400.0

CONTEXT_FEATURES: tuple[Feature, ...] = (
    *(
        Feature(
            f"kind_{kind.name.lower()}",
            "0/1",
            0,
            1,
            "context",
            f"the decision is of kind {kind.name.lower()}",
        )
        for kind in Kind
    ),
    Feature("time_of_day_sin", "1", -1, 1, "context", "sine of the time of day as an angle"),
    Feature("time_of_day_cos", "1", -1, 1, "context", "cosine of the time of day as an angle"),
    Feature("agents_on_duty", "agents", 0, 1e5, "context", "agents on shift and not on a break"),
    Feature("agents_idle", "agents", 0, 1e5, "context", "agents on duty with room for more"),
    Feature("contacts_waiting", "contacts", 0, 1e6, "context", "contacts in all queues"),
    Feature("oldest_wait_s", "s", 0, 7 * _DAY_S, "context", "longest time any waiting contact has been queued"),
    Feature("forecast_per_h", "contacts/h", 0, 1e7, "context", "forecast arrivals in the current period"),
    Feature("forecast_load", "1", 0, 1e3, "context", "forecast work per hour over agent hours on duty"),
    Feature("busyness", "1", 0, 1e3, "context", "arrivals today over forecast to now, each plus 20"),
    Feature("conversations_open", "contacts", 0, 1e6, "context", "conversations that agents hold"),
    Feature("bot_sessions", "contacts", 0, 1e6, "context", "conversations that bots hold"),
    Feature("promised", "contacts", 0, 1e6, "context", "call-backs and deferred answers that are owed"),
    Feature("weight_cost", "1", 0, 1e3, "context", "what the operator pays to save a unit of money"),
    Feature("weight_focus_per_min", "money/min", 0, 1e3, "context", "what the operator pays to save a minute of work"),
    Feature("weight_csat", "money", 0, 1e5, "context", "what the operator pays for a fully satisfied contact"),
)

CANDIDATE_FEATURES: tuple[Feature, ...] = (
    *(
        Feature(f"is_{action.name.lower()}", "0/1", 0, 1, "action", f"the candidate's action is {action.name.lower()}")
        for action in Action
        if action != Action.ASSIGN
    ),
    Feature("usual", "0/1", 0, 1, "action", "what the platform does by its own rule"),
    Feature("cost", "money", 0, 1e4, "action", "expected price of the action itself, agent time apart"),
    Feature("delay_s", "s", 0, 7 * _DAY_S, "action", "time until the promised answer or call-back"),
    Feature("cap_set", "slots", 0, 1e3, "action", "the cap that the action sets"),
    Feature("wait_s", "s", 0, 7 * _DAY_S, "contact", "time since the contact came, until a human answers it"),
    Feature("priority", "level", 0, 100, "contact", "priority level, higher is more urgent"),
    Feature("attempts", "contacts", 0, 1e3, "contact", "earlier contacts of the same case"),
    Feature("abandon_hazard_per_min", "1/min", 0, 1e3, "contact", "fitted abandonment hazard at this wait"),
    Feature("type_waiting", "contacts", 0, 1e6, "contact", "waiting contacts of the same type"),
    Feature("type_agents_idle", "agents", 0, 1e5, "contact", "agents with room who may answer this type"),
    Feature("type_handle_s", "s", 0, _DAY_S, "contact", "expected work left, mean over the agents who may answer"),
    Feature("live", "0/1", 0, 1, "contact", "the channel is an exclusive lock on its agent"),
    Feature("think_s", "s", 0, 7 * _DAY_S, "contact", "mean time the customer takes to reply; 0 for a single turn"),
    Feature("complexity", "0..1", 0, 1, "contact", "believed complexity, mean"),
    Feature("complexity_sd", "0..1", 0, 1, "contact", "believed complexity, standard deviation"),
    Feature("urgency", "0..1", 0, 1, "contact", "believed chance that the contact is urgent"),
    Feature(
        "deadline_left_s",
        "s",
        -7 * _DAY_S,
        7 * _DAY_S,
        "contact",
        "time until the mean deadline of urgent contacts of the type; 0 if routine",
    ),
    Feature("sentiment", "-1..1", -1, 1, "contact", "sentiment as last read"),
    Feature("turns", "turns", 0, 1e4, "contact", "work turns so far, of bots and agents"),
    Feature("transfers", "transfers", 0, 1e3, "contact", "transfers and escalations so far"),
    Feature("context_kept", "0..1", 0, 1, "contact", "share of what was said that the next agent will see"),
    Feature("customer_value", "money", 0, 1e6, "contact", "what the customer is worth"),
    Feature("prefers_other", "0/1", 0, 1, "contact", "the customer would rather use another channel"),
    Feature("need_p", "0..1", 0, 1, "contact", "predicted chance that the problem is real"),
    Feature("idle_s", "s", 0, 7 * _DAY_S, "agent", "time since the agent was last busy"),
    Feature("occupancy", "1", 0, 1, "agent", "share of the agent's time on duty in this episode spent working"),
    Feature("agent_types", "types", 0, 1e4, "agent", "number of types the agent may answer"),
    Feature("agent_log_speed", "1", -5, 5, "agent", "log of the agent's handle times over the mean; < 0 is faster"),
    Feature("shift_left_s", "s", 0, _DAY_S, "agent", "time until the agent's shift ends"),
    Feature("short_share", "1", 0, 1, "agent", "estimated share of very short contacts (hang-ups)"),
    Feature("open", "contacts", 0, 1e3, "agent", "conversations the agent holds"),
    Feature("load", "slots", 0, 1e3, "agent", "weighted slots in use"),
    Feature("cap", "slots", 0, 1e3, "agent", "weighted slots the agent may fill"),
    Feature("turns_due", "contacts", 0, 1e3, "agent", "customers waiting for the agent's reply"),
    Feature("mix", "0..1", 0, 1, "agent", "mean believed complexity of the conversations the agent holds"),
    Feature("tenure_wk", "weeks", 0, 2000, "agent", "experience, contacts handled included"),
    Feature("fatigue", "0..1", 0, 1, "agent", "average of recent occupancy"),
    Feature("empathy", "sd", -5, 5, "agent", "estimated empathy in standard deviations"),
    Feature("handle_s", "s", 0, _DAY_S, "pair", "expected work left of this contact with this agent"),
    Feature("handle_log_se", "1", 0, 5, "pair", "standard error of the log of that expectation"),
    Feature("fit", "1", -5, 5, "pair", "log handle_s over what type and agent alone predict; < 0 is a good match"),
    Feature("resolve_p", "1", 0, 1, "pair", "estimated probability that the contact is resolved"),
    Feature("last_agent", "0/1", 0, 1, "pair", "the agent handled the case before"),
)

PREFERRED = slice(len(CONTEXT_FEATURES) - len(PREFERENCE), None)  # the weights among the context features
CONTEXT_NAMES: tuple[str, ...] = tuple(f.name for f in CONTEXT_FEATURES)
CANDIDATE_NAMES: tuple[str, ...] = tuple(f.name for f in CANDIDATE_FEATURES)


@dataclass(frozen=True, slots=True)
class Decisions:
    """A batch of B decisions with K candidate places, C context and F candidate features.

    Attributes:
        key: (B,) uint64, identity of each decision; it also seeds any exploration, so that a draw does not
            depend on how decisions are batched.
        context: (B, C) float32, in the units of `CONTEXT_FEATURES`.
        candidates: (B, K, F) float32, in the units of `CANDIDATE_FEATURES`; zero where there is none.
        mask: (B, K) bool, True where the candidate is legal. Every row has at least one True. The real
            candidates come first, in the short-list order (longest waiting or longest idle first), then hold.
    """

    key: NDArray[np.uint64]
    context: NDArray[np.float32]
    candidates: NDArray[np.float32]
    mask: NDArray[np.bool_]

    @property
    def kind(self) -> NDArray[np.int64]:
        """(B,) int64, the `Kind` of each decision, read from its one-hot context features."""
        kinds: NDArray[np.int64] = self.context[:, : len(Kind)].argmax(axis=1)
        return kinds

    def __len__(self) -> int:
        """Number of decisions B."""
        return len(self.key)

    def __getitem__(self, rows: slice | NDArray[np.generic]) -> Decisions:
        """Some of the batch: a slice, (B,) bool or (N,) indices."""
        return Decisions(self.key[rows], self.context[rows], self.candidates[rows], self.mask[rows])


@dataclass(frozen=True, slots=True)
class Choices:
    """The answer to a batch of decisions.

    Attributes:
        candidate: (B,) int64, index of the chosen candidate; always legal.
        propensity: (B,) float64 in (0, 1], probability with which it was chosen.
    """

    candidate: NDArray[np.int64]
    propensity: NDArray[np.float64]


class Policy(Protocol):
    """Whatever decides: a rule, a bandit, a trained network, a loaded bundle."""

    @property
    def name(self) -> str:
        """Short name used in tables and logs."""
        ...

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch; randomness comes from `decisions.key` alone."""
        ...


def uniforms(key: NDArray[np.uint64], purpose: int) -> NDArray[np.float64]:
    """(B,) uniforms in [0, 1), a pure function of each decision's key and a purpose number.

    SplitMix64 finaliser (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
    """
    with np.errstate(over="ignore"):
        z = key.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15) * np.uint64(purpose + 1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw(probabilities: NDArray[np.floating], key: NDArray[np.uint64], purpose: int = 0) -> Choices:
    """Draw one candidate per row of (B, K) probabilities; rows sum to 1 and are 0 where masked."""
    p = probabilities.astype(np.float64)
    cumulative = p.cumsum(axis=1)
    u = uniforms(key, purpose) * cumulative[:, -1]
    candidate = (cumulative > u[:, None]).argmax(axis=1)
    return Choices(candidate, p[np.arange(len(p)), candidate] / cumulative[:, -1])


def best(scores: NDArray[np.floating], mask: NDArray[np.bool_]) -> Choices:
    """The legal candidate of highest score in each row of (B, K); ties go to the lowest index."""
    candidate = np.where(mask, scores, -np.inf).argmax(axis=1)
    return Choices(candidate, np.ones(len(candidate)))
