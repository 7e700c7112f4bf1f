"""A scenario: everything that is known of a contact center before a day's luck is drawn.

Sections are frozen dataclasses of arrays with the unit in every name; each checks its own shapes and ranges
and raises `ScenarioError` naming the field. Axes: T contact types, P priority levels, A agents, G groups,
D day types, N periods of a day, H hazard steps, S shifts. The mechanisms beyond these are the `blocks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from maitred.envs.blocks import (
    BLOCKS,
    Bots,
    Channels,
    Concurrency,
    Customers,
    Deferral,
    Demand,
    Dialogue,
    Governance,
    Handoff,
    Outreach,
    People,
    Quality,
    Reassess,
)
from maitred.envs.blocks.fields import check, is_default
from maitred.envs.scenario_error import require, require_within

DAY_S = 86_400
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ContactTypes:
    """The types of contact and their mix of priority levels."""

    names: tuple[str, ...]
    priority_share: Floats  # (T, P) shares, each row sums to 1; level P-1 is the most urgent
    head_start_s: Floats  # (P,) seconds a level counts as having waited already

    def __post_init__(self) -> None:
        require(len(set(self.names)) == len(self.names) > 0, "types", "distinct names", self.names)
        require_within(self.priority_share, 0, 1, "priority_share")
        require(np.allclose(self.priority_share.sum(axis=1), 1, atol=1e-6), "priority_share", "rows that sum to 1")
        require_within(self.head_start_s, 0, DAY_S, "head_start_s")


@dataclass(frozen=True)
class Arrivals:
    """Doubly stochastic Poisson arrivals: rate x day factor x period factor.

    Both factors are gamma with mean 1; the period factor is a stationary AR(1) (through a Gaussian copula),
    after Oreshkin, Regnard and L'Ecuyer 2016 and Ibrahim et al. 2016.
    """

    period_s: int  # length of a period; divides a day
    rate_per_h: Floats  # (D, T, N) contacts per hour, first attempts only
    day_type_of_weekday: Ints  # (7,) day type of Monday..Sunday
    day_type_names: tuple[str, ...]
    day_factor_cv: float = 0.0
    period_factor_cv: float = 0.0
    period_factor_ar1: float = 0.0

    def __post_init__(self) -> None:
        require(self.period_s > 0 and DAY_S % self.period_s == 0, "period_s", "a divisor of 86400", self.period_s)
        require(self.rate_per_h.shape[2] == DAY_S // self.period_s, "arrivals", "one rate per period of the day")
        require(self.rate_per_h.shape[0] == len(self.day_type_names), "arrivals", "rates for every day type")
        require_within(self.rate_per_h, 0, 1e6, "rate_per_h")
        require(self.day_type_of_weekday.shape == (7,), "day_type_of_weekday", "seven day types")
        require_within(self.day_type_of_weekday, 0, len(self.day_type_names) - 1, "day_type_of_weekday")
        require_within(self.day_factor_cv, 0, 2, "day_factor_cv")
        require_within(self.period_factor_cv, 0, 2, "period_factor_cv")
        require_within(self.period_factor_ar1, 0, 0.999, "period_factor_ar1")


@dataclass(frozen=True)
class Agents:
    """The people who answer, and what is estimated of each with each type.

    Truth differs from the estimate: every trace draws the agents' true log mean handle times around
    `mean_s` with standard deviation `log_se`, so a policy that sees the estimate does not see the truth.
    """

    names: tuple[str, ...]
    group: Ints  # (A,) index into group_names
    group_names: tuple[str, ...]
    weight: Floats  # (A,) relative chance of being rostered for a shift of its group
    may_answer: NDArray[np.bool_]  # (A, T)
    mean_s: Floats  # (A, T) estimated mean handle time without very short contacts
    log_se: Floats  # (A, T) standard error of log(mean_s)
    resolve_p: Floats  # (A, T) estimated probability that a contact is resolved
    short_share: Floats  # (A,) share of contacts cut very short
    cost_per_min: Floats  # (G,) money per paid minute
    tenure_wk: Floats = field(default_factory=lambda: np.zeros(0))  # (A,) weeks of experience; all 0 if empty
    empathy: Floats = field(default_factory=lambda: np.zeros(0))  # (A,) estimate in standard deviations; all 0 if empty

    def __post_init__(self) -> None:
        for name in ("tenure_wk", "empathy"):
            if len(getattr(self, name)) == 0:
                object.__setattr__(self, name, np.zeros(len(self.names)))
        require_within(self.tenure_wk, 0, 2000, "tenure_wk")
        require_within(self.empathy, -5, 5, "empathy")
        require(len(set(self.names)) == len(self.names) > 0, "agents", "distinct names")
        require(bool(self.may_answer.any(axis=1).all()), "handle", "at least one type for every agent")
        require_within(self.weight, 0, 1e6, "weight")
        require_within(self.mean_s[self.may_answer], 0.1, DAY_S, "mean_s")
        require_within(self.log_se[self.may_answer], 0, 3, "log_se")
        require_within(self.resolve_p[self.may_answer], 0, 1, "resolve_p")
        require_within(self.short_share, 0, 1, "short_share")
        require_within(self.cost_per_min, 0, 100, "cost_per_min")

    @cached_property
    def type_mean_s(self) -> Floats:
        """(T,) estimated mean handle time of each type, over the agents who may answer it."""
        return np.asarray(np.average(self.mean_s, axis=0, weights=self.may_answer))


@dataclass(frozen=True)
class Service:
    """How handle times scatter around an agent's mean for a type."""

    distribution: Literal["lognormal", "exponential"]
    log_sd: Floats  # (T,) standard deviation of log handle time (lognormal only)
    wrap_up_mean_s: Floats  # (T,) exponential after-contact work; 0 for none
    period_factor: Floats  # (N,) multiplies means by period of service start
    short_max_s: float = 10.0  # very short contacts are uniform on (0, short_max_s)

    def __post_init__(self) -> None:
        require(
            self.distribution in ("lognormal", "exponential"),
            "distribution",
            "lognormal or exponential",
            self.distribution,
        )
        require_within(self.log_sd, 0, 3, "log_sd")
        require_within(self.wrap_up_mean_s, 0, 3600, "wrap_up_mean_s")
        require_within(self.period_factor, 0.01, 100, "service.period_factor")
        require_within(self.short_max_s, 0.1, 600, "short_max_s")


@dataclass(frozen=True)
class Patience:
    """Abandonment as a piecewise constant hazard of the time in queue; the last step goes on forever."""

    from_s: Floats  # (H,) starts of the steps, the first 0
    hazard_per_s: Floats  # (T, P, H)
    period_factor: Floats  # (N,) multiplies patience by period of joining the queue

    def __post_init__(self) -> None:
        require(
            self.from_s[0] == 0 and bool((np.diff(self.from_s) > 0).all()),
            "patience.from_s",
            "0, then increasing",
        )
        require_within(self.hazard_per_s, 0, 10, "hazard_per_s")
        require_within(self.period_factor, 0.01, 100, "patience.period_factor")


@dataclass(frozen=True)
class Returns:
    """Callers who come back: after abandoning, after being cut short, after an unresolved contact."""

    retrial_p: float = 0.0
    retrial_mean_s: float = 1200.0  # delays are exponential
    repeat_short_p: float = 0.0
    repeat_short_mean_s: float = 120.0
    repeat_unresolved_p: float = 0.0
    repeat_unresolved_mean_s: float = 3600.0

    def __post_init__(self) -> None:
        for name in ("retrial_p", "repeat_short_p", "repeat_unresolved_p"):
            require_within(getattr(self, name), 0, 0.95, name)
        for name in ("retrial_mean_s", "repeat_short_mean_s", "repeat_unresolved_mean_s"):
            require_within(getattr(self, name), 1, 30 * DAY_S, name)


@dataclass(frozen=True)
class Staffing:
    """Shifts of a day and how much of a shift an agent is really available.

    A shift needs `shift_agents` agents of its group; a trace draws who, without replacement within the day.
    While on shift an agent is away for whole blocks of `away_block_s`, each with probability 1 - availability.
    An agent there is not always ready: pauses follow contacts and interrupt free time (`kernel/readiness.py`).
    """

    shift_day_type: Ints  # (S,)
    shift_group: Ints  # (S,)
    shift_start_s: Floats  # (S,) second of the day
    shift_end_s: Floats  # (S,) second of the day, at most 86400
    shift_agents: Ints  # (S,)
    availability: float = 1.0
    away_block_s: int = 900
    pause_mean_s: float = 0.0  # exponential, after each contact; 0 for none
    drift_mean_s: float = 60.0  # exponential, absences of a free agent
    ready_share: float = 1.0  # of free time after the first pause; 1 for no absences
    lines: int = 0  # trunk lines; contacts beyond are blocked; 0 for no limit

    def __post_init__(self) -> None:
        require(len(self.shift_start_s) > 0, "shifts", "at least one shift")
        require_within(self.shift_start_s, 0, DAY_S, "shift_start_s")
        require(bool((self.shift_end_s > self.shift_start_s).all()), "shift_end_s", "ends after their starts")
        require_within(self.shift_end_s, 0, DAY_S, "shift_end_s")
        require_within(self.shift_agents, 1, 100_000, "shift_agents")
        require_within(self.availability, 0.05, 1, "availability")
        require_within(self.away_block_s, 60, 4 * 3600, "away_block_s")
        require_within(self.pause_mean_s, 0, 3600, "pause_mean_s")
        require_within(self.ready_share, 0.05, 1, "ready_share")
        require_within(self.drift_mean_s, 1, 3600, "drift_mean_s")
        require(self.ready_share == 1 or self.pause_mean_s > 0, "ready_share", "1 where there are no pauses")
        require_within(self.lines, 0, 1_000_000, "lines")


@dataclass(frozen=True)
class Routing:
    """What the routing platform allows: how many candidates are scored, and how long a hold lasts."""

    places: int = 16  # candidate places of a decision, hold included
    hold_s: float = 20.0  # a held contact or agent is offered again after this
    may_hold: bool = True
    answer_target_s: float = 20.0  # the x of service level, and the wait that was promised
    offer_groups: bool = False  # whether a contact may be sent to wait for one group's agents

    def __post_init__(self) -> None:
        require_within(self.places, 2, 1024, "places")
        require_within(self.hold_s, 1, 3600, "hold_s")
        require_within(self.answer_target_s, 1, DAY_S, "answer_target_s")


@dataclass(frozen=True)
class Scenario:
    """A contact center: its demand, its people and its rules. See `scenario_file` for the YAML form."""

    name: str
    description: str
    days: int  # length of an episode
    types: ContactTypes
    arrivals: Arrivals
    agents: Agents
    service: Service
    patience: Patience
    returns: Returns
    staffing: Staffing
    routing: Routing
    channels: Channels = Channels()
    dialogue: Dialogue = Dialogue()
    concurrency: Concurrency = Concurrency()
    bots: Bots = Bots()
    handoff: Handoff = Handoff()
    reassess: Reassess = Reassess()
    deferral: Deferral = Deferral()
    outreach: Outreach = Outreach()
    demand: Demand = Demand()
    people: People = People()
    customers: Customers = Customers()
    quality: Quality = Quality()
    governance: Governance = Governance()
    provenance: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        t, p, a = len(self.types.names), len(self.types.head_start_s), len(self.agents.names)
        g, d, n = (
            len(self.agents.group_names),
            len(self.arrivals.day_type_names),
            DAY_S // self.arrivals.period_s,
        )
        shapes = {
            "priority_share": (self.types.priority_share, (t, p)),
            "rate_per_h": (self.arrivals.rate_per_h, (d, t, n)),
            "may_answer": (self.agents.may_answer, (a, t)),
            "mean_s": (self.agents.mean_s, (a, t)),
            "log_se": (self.agents.log_se, (a, t)),
            "resolve_p": (self.agents.resolve_p, (a, t)),
            "group": (self.agents.group, (a,)),
            "weight": (self.agents.weight, (a,)),
            "short_share": (self.agents.short_share, (a,)),
            "tenure_wk": (self.agents.tenure_wk, (a,)),
            "empathy": (self.agents.empathy, (a,)),
            "cost_per_min": (self.agents.cost_per_min, (g,)),
            "log_sd": (self.service.log_sd, (t,)),
            "wrap_up_mean_s": (self.service.wrap_up_mean_s, (t,)),
            "service.period_factor": (self.service.period_factor, (n,)),
            "patience.period_factor": (self.patience.period_factor, (n,)),
            "hazard_per_s": (self.patience.hazard_per_s, (t, p, len(self.patience.from_s))),
        }
        for name, (array, shape) in shapes.items():
            require(array.shape == shape, name, f"shape {shape}", array.shape)
        require_within(self.days, 1, 366, "days")
        require_within(self.agents.group, 0, g - 1, "group")
        require_within(self.staffing.shift_group, 0, g - 1, "shift_group")
        require_within(self.staffing.shift_day_type, 0, d - 1, "shift_day_type")
        require(bool(self.agents.may_answer.any(axis=0).all()), "handle", "someone who answers every type")

        for block in BLOCKS:
            check(block, getattr(self, block), self.sizes)
        two_person = np.broadcast_to(self.governance.two_person, t) > 0
        approved = np.broadcast_to(self.handoff.approval_by, t) >= 0
        require(bool((approved | ~two_person).all()), "governance.two_person", "handoff.approval_by for these types")

    @cached_property
    def has_conversations(self) -> bool:
        """Whether contacts are more than one call: anything beyond demand and people is on."""
        return any(not is_default(getattr(self, name)) for name in BLOCKS if name not in ("demand", "people"))

    @property
    def sizes(self) -> dict[str, int]:
        """Lengths of the axes of blocks."""
        return {axis: len(names) for axis, names in self.axes.items()}

    @property
    def axes(self) -> dict[str, tuple[str, ...]]:
        """Names along the axes of blocks."""
        return {
            "type": self.types.names,
            "channel": self.channels.names,
            "complexity": self.dialogue.names,
            "bot": self.bots.names,
            "tier": self.customers.names,
        }

    @property
    def horizon_s(self) -> float:
        """Length of an episode in seconds."""
        return float(self.days * DAY_S)
