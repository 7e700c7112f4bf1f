"""The one decision type: a context, candidates with features, a mask, and the answer.

The same arrays are the Gymnasium observation, the bandit's input, the row of the decision log and the
input of an exported policy. Numpy only, because the serving runtime imports it.

A candidate is a pair of a contact and a resource. In `route` the contact is given and the candidates differ
in the resource; in `pull` the resource is given and the candidates differ in the contact. One vector of pair
features therefore serves every kind, and a policy scores candidates with shared weights. The last legal
candidate of a decision may be `hold`: leave the contact waiting, or the agent free.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 1

Part = Literal["context", "contact", "agent", "pair", "hold"]


class Kind(IntEnum):
    """What is being decided."""

    ROUTE = 0  # a contact arrives: which resource takes it, or wait
    PULL = 1  # an agent is freed: which waiting contact it takes, or stay free
    REASSESS = 2  # a turn boundary: continue, escalate, hand back, go asynchronous, change channel
    CONCURRENCY = 3  # an agent's cap on open conversations
    OUTREACH = 4  # a predicted need: message the customer, or not


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
    Feature("agents_idle", "agents", 0, 1e5, "context", "agents on duty with nothing to do"),
    Feature("contacts_waiting", "contacts", 0, 1e6, "context", "contacts in all queues"),
    Feature("oldest_wait_s", "s", 0, 7 * _DAY_S, "context", "longest time any waiting contact has been queued"),
    Feature("forecast_per_h", "contacts/h", 0, 1e7, "context", "forecast arrivals in the current period"),
    Feature("forecast_load", "1", 0, 1e3, "context", "forecast work per hour over agent hours on duty"),
    Feature("busyness", "1", 0, 1e3, "context", "arrivals today over forecast to now, each plus 20"),
)

CANDIDATE_FEATURES: tuple[Feature, ...] = (
    Feature("is_hold", "0/1", 0, 1, "hold", "the candidate is to hold: wait, or stay free"),
    Feature("wait_s", "s", 0, 7 * _DAY_S, "contact", "time the contact has been queued"),
    Feature("priority", "level", 0, 100, "contact", "priority level, higher is more urgent"),
    Feature("attempts", "contacts", 0, 1e3, "contact", "earlier contacts of the same case"),
    Feature("abandon_hazard_per_min", "1/min", 0, 1e3, "contact", "fitted abandonment hazard at this wait"),
    Feature("type_waiting", "contacts", 0, 1e6, "contact", "waiting contacts of the same type"),
    Feature("type_agents_idle", "agents", 0, 1e5, "contact", "idle agents who may answer this type"),
    Feature(
        "type_handle_s",
        "s",
        0,
        _DAY_S,
        "contact",
        "expected handle time, mean over the agents who may answer",
    ),
    Feature("idle_s", "s", 0, 7 * _DAY_S, "agent", "time since the agent was last busy"),
    Feature("occupancy", "1", 0, 1, "agent", "share of the agent's time on duty in this episode spent working"),
    Feature("agent_types", "types", 0, 1e4, "agent", "number of types the agent may answer"),
    Feature("agent_log_speed", "1", -5, 5, "agent", "log of the agent's handle times over the mean; < 0 is faster"),
    Feature("shift_left_s", "s", 0, _DAY_S, "agent", "time until the agent's shift ends"),
    Feature("short_share", "1", 0, 1, "agent", "estimated share of very short contacts (hang-ups)"),
    Feature("handle_s", "s", 0, _DAY_S, "pair", "expected handle time of this contact with this agent"),
    Feature("handle_log_se", "1", 0, 5, "pair", "standard error of the log of that expectation"),
    Feature("fit", "1", -5, 5, "pair", "log handle_s over what type and agent alone predict; < 0 is a good match"),
    Feature("resolve_p", "1", 0, 1, "pair", "estimated probability that the contact is resolved"),
)

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
