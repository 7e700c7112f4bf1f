"""What a center is planned from: streams of contacts, groups of agents, mechanisms.

Sources stand in brackets, as in the blocks of a scenario: a published figure (by its place in the domain notes), or
[E] for a choice of ours that no source claims, so that claims have to be checked against others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from maitred.envs.scenario import Returns, Routing

Floats = NDArray[np.float64]
LogSurvival = Callable[[Floats], Floats]  # log of the share that still waits after so many seconds

ONSHORE, OFFSHORE, SPECIALIST = 0.65, 0.20, 0.91  # money per paid minute (domain 2.5) [E]


@dataclass(frozen=True)
class Stream:
    """Contacts of one type.

    Attributes:
        name: the type.
        per_day: first attempts on a weekday.
        work_s: mean work of one turn at work factor 1; of the whole contact on a channel without turns.
        patience: log survival in the queue.
        channel: its channel.
        mix: shares of the complexities; None where the scenario has only one.
        wrap_up_s: mean after-contact work, seconds.
        log_sd: of a turn's work (of the whole contact where there is one turn).
        open_h: hours of the day between which contacts arrive.
    """

    name: str
    per_day: float
    work_s: float
    patience: LogSurvival
    channel: str = "voice"
    mix: tuple[float, ...] | None = None
    wrap_up_s: float = 0.0
    log_sd: float = 0.9
    open_h: tuple[int, int] = (8, 20)


@dataclass(frozen=True)
class Group:
    """Agents of one cost.

    Attributes:
        name: the group.
        answers: the types they may answer, each with the share of its contacts that is planned for them.
        cost_per_min: money per paid minute.
        speed: factor on work.
        resolve_p: mean chance of resolution; 0.70 (SQM, domain 2.4).
        tenure_wk: lowest and highest, uniform.
        open_h: hours of the day of their shifts.
        on_duty: agents on one shift over all of `open_h`; 0 to plan eight-hour shifts by load.
    """

    name: str
    answers: Mapping[str, float]
    cost_per_min: float = ONSHORE
    speed: float = 1.0
    resolve_p: float = 0.70
    tenure_wk: tuple[float, float] = (10, 150)
    open_h: tuple[int, int] = (8, 20)
    on_duty: int = 0


@dataclass(frozen=True)
class Plan:
    """A center before its agents are drawn and its shifts are set.

    Attributes:
        name: of the scenario.
        description: what it is for.
        streams: its types.
        groups: its agents.
        blocks: the mechanisms that are on; channels and dialogue get their types from the streams.
        load: share of capacity that the shifts are planned for.
        days: length of an episode.
        intraday: whether volume follows the hours of the day, or is even while open.
        weekend: volume of a weekend day over that of a weekday.
        busyness: CV of the day factor, CV and lag-one correlation of the hour factor (domain 2.1).
        speed_cv: of agents' mean times (0.22 measured, domain 2.1); 0 for equal agents.
        log_se: standard error of the estimated log mean times [E].
        resolve_cv: of agents' chances of resolution (domain 2.4).
        distribution: of work.
        returns: who comes back; retrials as measured (domain 2.1), repeats 0.65 within 1.5 days [E] (domain 2.4).
        staffing: how much of a shift is worked, and trunk lines: fields of `Staffing`.
        routing: what the platform allows.
        seed: of the agents' draws.
    """

    name: str
    description: str
    streams: Sequence[Stream]
    groups: Sequence[Group]
    blocks: Mapping[str, Any] = field(default_factory=dict)
    load: float = 0.70
    days: int = 1
    intraday: bool = True
    weekend: float = 1.0
    busyness: tuple[float, float, float] = (0.13, 0.18, 0.5)
    speed_cv: float = 0.22
    log_se: float = 0.10
    resolve_cv: float = 0.12
    distribution: Literal["lognormal", "exponential"] = "lognormal"
    returns: Returns = Returns(0.36, 1200, repeat_unresolved_p=0.65, repeat_unresolved_mean_s=129_600)  # noqa: RUF009
    staffing: Mapping[str, Any] = field(default_factory=lambda: {"availability": 0.9})
    routing: Routing = Routing()  # noqa: RUF009
    seed: int = 1


def rounded(values: Any, digits: int = 3) -> Floats:
    """To so many significant digits, so that the files stay readable."""
    cut = np.vectorize(lambda v: float(f"{v:.{digits}g}"), otypes=[float])
    return np.asarray(cut(np.asarray(values, dtype=float)))


def by_name(names: Sequence[str], values: Mapping[str, float], rest: float = 0.0) -> Floats:
    """(len(names),) the value of each name, `rest` where none is given."""
    return np.array([values.get(name, rest) for name in names], dtype=float)


def towards(names: Sequence[str], targets: Mapping[str, str], among: Sequence[str] = ()) -> NDArray[np.int64]:
    """(len(names),) index in `among` (`names` if empty) of each name's target; -1 for none."""
    places = list(among or names)
    return np.array([places.index(targets[name]) if name in targets else -1 for name in names], dtype=np.int64)
