"""From a plan to a scenario: intraday demand, eight-hour shifts that cover its work, and agents for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from experiments.scenarios.load import approvals, busy_s, left_by_bots, productive_share
from experiments.scenarios.plan import Floats, Group, LogSurvival, Plan, by_name, rounded, towards
from maitred.envs.blocks import People
from maitred.envs.scenario import Agents, Arrivals, ContactTypes, Patience, Scenario, Service, Staffing

DAYTIME = (1.01, 1.15, 1.32, 1.20, 1.00, 1.27, 1.21, 1.20, 1.23, 1.00, 0.88, 0.70, 0.62, 0.65, 0.56)  # domain 2.8
HOURLY = np.array([0.30, 0.18, 0.12, 0.10, 0.10, 0.15, 0.35, 0.70, *DAYTIME, 0.40])  # the night [E]
STEPS_S = np.array([0.0, 15, 30, 60, 120, 300, 600, 1200, 3600])  # of the hazard of abandoning
SHIFT_H, START_EVERY_H = 8, 2
NEW_WK = 13  # below this tenure, estimates have twice the error [E]
TYPE_SHARE = 0.45  # spread of an agent's mean times between types over that between agents [E]
PROVENANCE = {"built_by": "python -m experiments.scenarios.build"}

Shift = tuple[int, int, int]  # start and end, hours of the day; agents


def scenario_of(plan: Plan) -> Scenario:
    """The scenario of a plan: first with one agent per group to learn the work, then with shifts and agents."""
    draft = _draft(plan)
    shifts = _shifts(plan, draft)
    roster = [max(sum(agents for *_, agents in day[g]) for day in shifts) for g in range(len(plan.groups))]
    return replace(draft, staffing=_staffing(plan, shifts), agents=_agents(plan, roster))


def cover(group: Group, needed: Floats) -> list[Shift]:
    """Shifts of eight hours, shorter before closing, started every two hours while too few are on duty.

    Args:
        group: its opening hours, and whether it has one fixed shift.
        needed: (24,) agents by hour of the day.
    """
    opens, closes = group.open_h
    if group.on_duty:
        return [(opens, closes, group.on_duty)]
    on_duty, shifts = np.zeros(24), []
    for start in range(opens, max(opens + 1, closes - SHIFT_H // 2 + 1), START_EVERY_H):
        end = min(start + SHIFT_H, closes)
        more = round(float(needed[start : start + START_EVERY_H].mean() - on_duty[start]))
        if more := max(more, int(on_duty[start] == 0)):
            shifts.append((start, end, more))
            on_duty[start:end] += more
    return shifts


def _draft(plan: Plan) -> Scenario:
    names = tuple(stream.name for stream in plan.streams)
    return Scenario(
        name=plan.name,
        description=plan.description,
        days=plan.days,
        types=ContactTypes(names, np.ones((len(names), 1)), np.zeros(1)),
        arrivals=_arrivals(plan),
        agents=_agents(plan, [1] * len(plan.groups)),
        service=Service(
            plan.distribution,
            log_sd=np.array([stream.log_sd for stream in plan.streams], dtype=float),
            wrap_up_mean_s=np.array([stream.wrap_up_s for stream in plan.streams], dtype=float),
            period_factor=np.ones(24),
        ),
        patience=_patience([stream.patience for stream in plan.streams]),
        returns=plan.returns,
        staffing=_staffing(plan, [[[(0, 24, 1)]]]),
        routing=plan.routing,
        provenance=PROVENANCE,
        **_blocks(plan, names),
    )


def _blocks(plan: Plan, names: Sequence[str]) -> dict[str, Any]:
    """The plan's blocks; what belongs to a type comes from its stream."""
    blocks = dict(plan.blocks)
    if "channels" in blocks and len(blocks["channels"].names) > 1:
        channel = {stream.name: stream.channel for stream in plan.streams}
        blocks["channels"] = replace(blocks["channels"], of_type=towards(names, channel, blocks["channels"].names))
    if "dialogue" in blocks:
        share = np.array([stream.mix for stream in plan.streams])
        blocks["dialogue"] = replace(blocks["dialogue"], share=share)
    return blocks


def _arrivals(plan: Plan) -> Arrivals:
    weekday = np.array([_per_h(plan, stream.per_day, stream.open_h) for stream in plan.streams])
    alike = plan.weekend == 1
    return Arrivals(
        period_s=3600,
        rate_per_h=rounded(weekday[None] if alike else np.stack([weekday, plan.weekend * weekday])),
        day_type_of_weekday=np.zeros(7, int) if alike else np.array([0, 0, 0, 0, 0, 1, 1]),
        day_type_names=("every_day",) if alike else ("weekday", "weekend"),
        day_factor_cv=plan.busyness[0],
        period_factor_cv=plan.busyness[1],
        period_factor_ar1=plan.busyness[2],
    )


def _per_h(plan: Plan, per_day: float, open_h: tuple[int, int]) -> Floats:
    hours = np.arange(24)
    shape = np.where((hours >= open_h[0]) & (hours < open_h[1]), HOURLY if plan.intraday else 1.0, 0.0)
    return np.asarray(per_day * shape / shape.sum())


def _patience(log_survivals: Sequence[LogSurvival]) -> Patience:
    """The mean hazard within each step; the last as up to twice its start."""
    edges = np.append(STEPS_S, 2 * STEPS_S[-1])
    hazard = [-np.diff(log_survival(edges)) / np.diff(edges) for log_survival in log_survivals]
    return Patience(STEPS_S, rounded(hazard)[:, None, :], np.ones(24))


def _shifts(plan: Plan, draft: Scenario) -> list[list[list[Shift]]]:
    """By day type and group; work that comes while a group is closed is spread over its open hours."""
    left = left_by_bots(draft)
    seconds = np.nan_to_num(busy_s(draft, left))
    shifts = []
    for rate_per_h in draft.arrivals.rate_per_h:
        day = []
        for group, busy in zip(plan.groups, seconds, strict=True):
            contacts_per_h = rate_per_h + approvals(draft, left) @ rate_per_h
            needed = (by_name(draft.types.names, group.answers) * busy) @ contacts_per_h / 3600
            opens, closes = group.open_h
            needed += (needed.sum() - needed[opens:closes].sum()) / (closes - opens)
            day.append(cover(group, needed / plan.load / productive_share(draft)))
        shifts.append(day)
    return shifts


def _staffing(plan: Plan, shifts: Sequence[Sequence[Sequence[Shift]]]) -> Staffing:
    rows = [(d, g, *shift) for d, day in enumerate(shifts) for g, group in enumerate(day) for shift in group]
    day_type, group, start_h, end_h, agents = np.array(rows, dtype=np.int64).T
    return Staffing(day_type, group, 3600.0 * start_h, 3600.0 * end_h, agents, **plan.staffing)


def _agents(plan: Plan, roster: Sequence[int]) -> Agents:
    """Agents whose pace, resolution, tenure and empathy lie evenly over their distributions, dealt at random."""
    rng = np.random.default_rng(plan.seed)
    people = plan.blocks.get("people", People())
    of = [group for group, n in zip(plan.groups, roster, strict=True) for _ in range(n)]
    may_answer = np.array([[stream.name in group.answers for stream in plan.streams] for group in of])
    low_wk, high_wk = np.array([group.tenure_wk for group in of]).T
    tenure_wk = np.round(low_wk + (high_wk - low_wk) * _dealt(rng, roster))
    resolve_p = np.array([group.resolve_p for group in of]) * (1 + plan.resolve_cv * ndtri(_dealt(rng, roster)))
    error = np.where(tenure_wk < NEW_WK, 2, 1) * plan.log_se
    return Agents(
        names=tuple(
            f"{group.name}{i:02d}" for group, n in zip(plan.groups, roster, strict=True) for i in range(1, n + 1)
        ),
        group=np.repeat(np.arange(len(roster)), roster),
        group_names=tuple(group.name for group in plan.groups),
        weight=np.ones(len(of)),
        may_answer=may_answer,
        mean_s=np.where(may_answer, rounded(_pace(plan, of, rng, roster) * _learning(people, tenure_wk)[:, None]), 0),
        log_se=np.where(may_answer, error[:, None], 0),
        resolve_p=np.where(may_answer, rounded(resolve_p.clip(0.05, 0.98))[:, None], 0),
        short_share=np.zeros(len(of)),
        cost_per_min=np.array([group.cost_per_min for group in plan.groups]),
        tenure_wk=tenure_wk if "people" in plan.blocks else np.zeros(len(of)),
        # Half of the variance between agents is known [E]; a trace draws the rest.
        empathy=np.round(np.sqrt(0.5) * people.empathy_sd * ndtri(_dealt(rng, roster)), 1),
    )


def _pace(plan: Plan, of: Sequence[Group], rng: np.random.Generator, roster: Sequence[int]) -> Floats:
    """(A, T) settled mean work of a turn."""
    sd = np.sqrt(np.log1p(plan.speed_cv**2))
    agent = np.array([group.speed for group in of]) * np.exp(sd * ndtri(_dealt(rng, roster)))
    by_type = np.exp(TYPE_SHARE * sd * ndtri(np.stack([_dealt(rng, roster) for _ in plan.streams], axis=1)))
    return np.asarray(agent[:, None] * by_type * [stream.work_s for stream in plan.streams])


def _learning(people: People, tenure_wk: Floats) -> Floats:
    """(A,) work at the present tenure over that of settled agents (domain 2.6)."""
    return np.asarray(1 + (people.learn_ratio - 1) * 2 ** (-tenure_wk / people.learn_half_life_wk))


def _dealt(rng: np.random.Generator, roster: Sequence[int]) -> Floats:
    """(A,) the evenly spaced quantiles of each group's members, in random order."""
    return np.concatenate([rng.permutation((np.arange(n) + 0.5) / n) for n in roster])
