"""Real days as traces: arrivals, who was there and what they answer as logged; the rest sampled from the fit.

Returns are off, since those of the log are among its arrivals. The log records a priority class only for callers
who waited (a documented fault of the Technion logs); the level of one answered at once is drawn from the shares
among those of its type who waited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maitred.envs.calibration import log_arrays
from maitred.envs.calibration.absence import agent_names
from maitred.envs.calibration.arrivals import count_days, priority_shares
from maitred.envs.calibration.assumptions import COST_PER_MIN, RESOLVE_P
from maitred.envs.calibration.levels import LEVELS, priority_level
from maitred.envs.calibration.log_arrays import PERIOD_S, PERIODS
from maitred.envs.calibration.patience import fit_patience
from maitred.envs.calibration.service import BLOCK_S, SHORT_S, fit_service, ordinary, read_services
from maitred.envs.calibration.staffing import Spells, answered_types, duty_spells
from maitred.envs.scenario import (
    DAY_S,
    Agents,
    Arrivals,
    ContactTypes,
    Floats,
    Ints,
    Patience,
    Returns,
    Routing,
    Scenario,
    Service,
    Staffing,
)
from maitred.envs.trace import ARRIVAL, FORECAST, NEED, ROSTER, SHIFT_END, SHIFT_START, Trace

SURGE = 3.0  # a half-hour with this many times the median contacts of its weekday is an incident
SURGE_CONTACTS = 40


@dataclass(frozen=True)
class Day:
    """A real day: what was measured of it, and a trace to replay it."""

    date: np.datetime64
    arrival_s: Floats  # (n,) joined the queue, second of the day
    wait_s: Floats  # (n,)
    served: NDArray[np.bool_]  # (n,)
    incident: bool
    trace: Trace


def replay_scenario(log: pa.Table, types: tuple[str, ...], agents: tuple[str, ...], head_start_s: float) -> Scenario:
    """The center as fitted to `log`, for replays: everybody of `agents`, no returns, no forecast, nobody rostered.

    Agents who are not in the log get the pooled estimate of each type. Decisions may not hold, as the bank's
    platform could not.
    """
    service, patience = fit_service(log, types, agents), fit_patience(log, types, LEVELS)
    everyone, nobody = np.ones((len(agents), len(types))), np.zeros(1, dtype=np.int64)
    return Scenario(
        name="replay",
        description="real days under fitted handle times and patience",
        days=1,
        types=ContactTypes(types, priority_shares(log, types), np.array([0.0, head_start_s])),
        arrivals=Arrivals(PERIOD_S, np.zeros((1, len(types), PERIODS)), np.zeros(7, dtype=np.int64), ("day",)),
        agents=Agents(
            names=agents,
            group=np.zeros(len(agents), dtype=np.int64),
            group_names=("everybody",),
            weight=np.ones(len(agents)),
            may_answer=everyone > 0,
            mean_s=service.mean_s,
            log_se=service.log_se,
            resolve_p=RESOLVE_P * everyone,
            short_share=service.short_share,
            cost_per_min=np.array([COST_PER_MIN]),
        ),
        service=Service("lognormal", service.log_sd, np.zeros(len(types)), service.period_factor, SHORT_S),
        patience=Patience(patience.from_s, patience.hazard_per_s, np.ones(PERIODS)),
        returns=Returns(),
        staffing=Staffing(nobody, nobody, np.zeros(1), np.ones(1), nobody + 1),  # real rosters take its place
        routing=Routing(may_hold=False),
    )


def recent_level(log: pa.Table, scenario: Scenario) -> float:
    """Handle times of the last four weeks of `log` over the fitted ones: where a center's drifting pace stood last.

    The pace of the whole center wanders from month to month like a random walk, of which the last value is the
    forecast; very short contacts are left out as in the fit.
    """
    last = ordinary(read_services(log, scenario.types.names, scenario.agents.names))
    recent = last.start_s >= last.start_s.max() - BLOCK_S
    fitted = scenario.agents.mean_s[last.agent, last.type] * scenario.service.period_factor[last.period]
    return float(last.seconds[recent].sum() / fitted[recent].sum())


def at_level(scenario: Scenario, level: float) -> Scenario:
    """The scenario with every mean handle time multiplied by `level`."""
    return replace(scenario, agents=replace(scenario.agents, mean_s=scenario.agents.mean_s * level))


def real_days(log: pa.Table, scenario: Scenario, gap_s: float, seed: np.random.SeedSequence) -> list[Day]:
    """Every day of `log` that has contacts and somebody on duty, in order.

    Args:
        log: the contacts to replay.
        scenario: whose types and agents the traces refer to, and whose estimates they scatter around.
        gap_s: idle seconds between services that count as absence.
        seed: of the draws of each day, which also depend on its date.
    """
    types, agents = scenario.types.names, scenario.agents.names
    kind, enter = log_arrays.codes(log, "type", types), log_arrays.clock_s(log, "queue_enter")
    queued = log.filter(pa.array(np.isfinite(enter) & (kind >= 0)))
    kind, enter = log_arrays.codes(queued, "type", types), log_arrays.clock_s(queued, "queue_enter")
    wait, served = log_arrays.numbers(queued, "wait_s"), log_arrays.outcome_is(queued, "served")
    level = priority_level(log_arrays.numbers(queued, "priority"))
    spells, skills = duty_spells(log, agents, gap_s), monthly_skills(log, agents, types)
    of_day = (enter // DAY_S).astype(np.int64)
    incidents = incident_days(log, types)
    days = []
    for day in np.unique(of_day):
        here, on_duty = of_day == day, spells.on_day(day)
        if len(on_duty.day) == 0:
            continue
        rng = np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=(int(day),)))
        second = enter[here] - day * DAY_S
        levels = _complete_levels(level[here], kind[here], wait[here] > 0, scenario.types.priority_share, rng)
        date = np.datetime64(int(day), "D")
        trace = Trace(
            key=rng.integers(0, 2**64, size=1, dtype=np.uint64),
            start_weekday=np.array([(day + 3) % 7]),
            arrivals=_arrivals(second, kind[here], levels, rng),
            roster=_roster(on_duty),
            handle_mean_s=scenario.agents.mean_s * np.exp(_errors(scenario, rng)),
            resolve_p=scenario.agents.resolve_p.copy(),
            empathy=np.zeros(len(agents)),
            may_answer=skills[date.astype("datetime64[M]")],
            forecast=np.zeros(PERIODS + 1, FORECAST),
            needs=np.zeros(0, NEED),
        )
        days.append(Day(date, second, wait[here], served[here], int(day) in incidents, trace))
    return days


def monthly_skills(
    log: pa.Table, agents: tuple[str, ...], types: tuple[str, ...]
) -> dict[np.datetime64, NDArray[np.bool_]]:
    """(A, T) who answers what, by month of the log; whoever answers nothing that month answers everything."""
    month = log_arrays.clock_s(log, "arrival").astype("datetime64[s]").astype("datetime64[M]")
    skills = {}
    for m in np.unique(month):
        may = answered_types(log.filter(pa.array(month == m)), agents, types)
        skills[m] = may | ~may.any(axis=1, keepdims=True)
    return skills


def incident_days(log: pa.Table, types: tuple[str, ...]) -> set[int]:
    """Days since 1970 with a surge: an outage brings callers whose patience is not the usual one."""
    counts = count_days(log, types)
    total = counts.contacts.sum(axis=1)  # (d, N)
    surge = np.zeros(len(total), dtype=bool)
    for weekday in np.unique(counts.weekday):
        same = counts.weekday == weekday
        usual = np.median(total[same], axis=0)
        surge[same] = ((total[same] > SURGE * usual) & (total[same] > SURGE_CONTACTS)).any(axis=1)
    return set(counts.day[surge].tolist())


def log_types_and_agents(log: pa.Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Types, commonest first, and everybody named."""
    counted = log["type"].value_counts().to_pylist()
    names = sorted((c for c in counted if c["values"] is not None), key=lambda c: (-c["counts"], c["values"]))
    return tuple(c["values"] for c in names), agent_names(log)


def _errors(scenario: Scenario, rng: np.random.Generator) -> Floats:
    se = scenario.agents.log_se
    return np.asarray(se * rng.standard_normal(se.shape) - se**2 / 2)


def _complete_levels(
    level: Ints, kind: Ints, waited: NDArray[np.bool_], share: Floats, rng: np.random.Generator
) -> Ints:
    drawn = (rng.random(len(level))[:, None] > share.cumsum(axis=1)[kind][:, :-1]).sum(axis=1)
    return np.where(waited, level, drawn)


def _arrivals(second: Floats, kind: Ints, level: Ints, rng: np.random.Generator) -> NDArray[np.void]:
    arrivals = np.zeros(len(second), ARRIVAL)
    arrivals["s"], arrivals["type"], arrivals["level"] = second, kind, level
    arrivals["key"] = rng.integers(0, 2**64, size=len(second), dtype=np.uint64)
    return arrivals[np.argsort(second, kind="stable")]


def _roster(spells: Spells) -> NDArray[np.void]:
    end = np.minimum(spells.end_s, DAY_S)
    present = end > spells.start_s
    start, end, agent = spells.start_s[present], end[present], spells.agent[present]
    roster = np.zeros(2 * len(agent), ROSTER)
    roster["s"] = np.concatenate([start, end])
    roster["end_s"] = np.concatenate([end, end])
    roster["agent"] = np.concatenate([agent, agent])
    roster["code"] = np.repeat([SHIFT_START, SHIFT_END], len(agent))
    return roster[np.lexsort((roster["code"], roster["s"]))]
