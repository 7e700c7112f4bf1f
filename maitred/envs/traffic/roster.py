"""Who works which shift of a day, and when they are away from it: unplanned, on break, or training a novice."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Activity
from maitred.envs.scenario import DAY_S, Scenario, Staffing
from maitred.envs.trace import AWAY_END, AWAY_START, CODE_MASK, REASON_SHIFT, ROSTER, SHIFT_END, SHIFT_START

UNPLANNED = 0


class Absence(NamedTuple):
    """Time away during a shift, and the `Activity` that it is booked as, or `UNPLANNED`."""

    start_s: float
    end_s: float
    reason: int


class Shift(NamedTuple):
    """An agent's shift in seconds of the episode, and what is planned of it besides contacts."""

    agent: int
    start_s: float
    end_s: float
    planned: list[Absence]


def draw_roster(
    scenario: Scenario, day_types: NDArray[np.int64], rng: np.random.Generator, plan_rng: np.random.Generator
) -> NDArray[np.void]:
    """(M,) `ROSTER` events in time order: who works each day's shifts, and when they are away.

    Absences of an agent neither overlap nor touch, so that nobody is back for no time at all: planned ones are laid
    apart, and a block of unplanned absence that a planned one meets does not happen.

    Args:
        scenario: the center.
        day_types: (days,) of the episode.
        rng: of shifts and unplanned absence.
        plan_rng: of missed shifts, breaks and training.
    """
    people, events = scenario.people, list[tuple[float, float, int, int]]()
    plans = people.absence_p > 0 or people.break_min > 0 or people.shadow_min_per_day > 0
    for day, day_type in enumerate(day_types):
        shifts = _assign_shifts(scenario, int(day_type), day * DAY_S, rng)
        missed_u, break_u, training_u = plan_rng.random((3, len(shifts))) if plans else np.ones((3, len(shifts)))
        there = missed_u >= people.absence_p
        for shift, u in zip(shifts, break_u, strict=True):
            shift.planned.extend(_break(shift, 60 * people.break_min, u))
        _plan_training(scenario, [shifts[i] for i in np.nonzero(there)[0]], training_u[there])
        for shift, is_there in zip(shifts, there, strict=True):
            unplanned = _unplanned(scenario.staffing, shift, rng)
            events += _events(shift, unplanned) if is_there else []
    roster = np.array(events, dtype=ROSTER)
    return roster[np.lexsort((roster["code"] & CODE_MASK, roster["s"]))]


def _assign_shifts(scenario: Scenario, day_type: int, day_s: int, rng: np.random.Generator) -> list[Shift]:
    """The shifts of the day that begins at `day_s`; agents by weight, nobody twice at a time."""
    staffing, agents = scenario.staffing, scenario.agents
    # Efraimidis and Spirakis 2006: sorting by u^(1/w) samples by weight without replacement.
    order = np.argsort(-(rng.random(len(agents.names)) ** (1 / np.maximum(agents.weight, 1e-9))))
    today = staffing.shift_day_type == day_type
    columns = staffing.shift_group, staffing.shift_start_s, staffing.shift_end_s, staffing.shift_agents
    group, start_s, end_s, wanted = (column[today] for column in columns)
    shift, agent = _who_works(order, agents.group, group, start_s, end_s, wanted)
    times = zip(agent.tolist(), (start_s[shift] + day_s).tolist(), (end_s[shift] + day_s).tolist(), strict=True)
    return [Shift(*who_and_when, []) for who_and_when in times]


@njit(cache=True, nogil=True)
def _who_works(
    order: NDArray[np.int64],
    group_of: NDArray[np.int64],
    group: NDArray[np.int64],
    start_s: NDArray[np.float64],
    end_s: NDArray[np.float64],
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fill S shifts one after another with whoever of their group comes first in (A,) `order` and is free.

    Returns:
        The shift and the agent of each place filled, (P,) both.
    """
    shifts, people = np.empty(wanted.sum(), np.int64), np.empty(wanted.sum(), np.int64)
    free_from_s, filled = np.zeros(len(order)), 0
    for shift in range(len(group)):
        missing = wanted[shift]
        for agent in order:
            if missing == 0:
                break
            if group_of[agent] == group[shift] and free_from_s[agent] <= start_s[shift]:
                shifts[filled], people[filled], free_from_s[agent] = shift, agent, end_s[shift]
                filled, missing = filled + 1, missing - 1
    return shifts[:filled], people[:filled]


def _break(shift: Shift, length_s: float, u: float) -> list[Absence]:
    """A break in the middle third of where it can lie, so that a shift's agents do not leave all at once.

    A shift no longer than the break has none.
    """
    room_s = shift.end_s - shift.start_s - length_s
    if length_s == 0 or room_s <= 0:
        return []
    start_s = float(shift.start_s + room_s * (1 + u) / 3)
    return [Absence(start_s, start_s + length_s, Activity.BREAK)]


def _plan_training(scenario: Scenario, shifts: list[Shift], uniforms: NDArray[np.float64]) -> None:
    """Plan time of an expert for each agent who is nesting on these shifts of a day, once a day.

    The expert is of the agent's group and past nesting: whoever trains least that day, of these the most tenured.
    Where none has the time in one piece while both are at work, there is no training.
    """
    agents, length_s = scenario.agents, 60 * scenario.people.shadow_min_per_day
    if length_s == 0 or not shifts:
        return
    nesting = agents.tenure_wk + shifts[0].start_s / (7 * DAY_S) < scenario.people.nesting_wk
    experts = [shift for shift in shifts if not nesting[shift.agent]]
    trained: set[int] = set()
    sessions: Counter[int] = Counter()
    for novice, u in zip(shifts, uniforms, strict=True):
        if not nesting[novice.agent] or novice.agent in trained:
            continue
        colleagues = [e for e in experts if agents.group[e.agent] == agents.group[novice.agent]]
        for expert in sorted(colleagues, key=lambda e: (sessions[e.agent], -agents.tenure_wk[e.agent])):
            start_s = _start_of_training(novice, expert, length_s, u)
            if start_s is not None:
                expert.planned.append(Absence(start_s, start_s + length_s, Activity.TRAINING))
                sessions[expert.agent] += 1
                trained.add(novice.agent)
                break


def _start_of_training(novice: Shift, expert: Shift, length_s: float, u: float) -> float | None:
    """A start, uniform over those that leave both agents at work, by inversion; None if there is none."""
    end_s = min(novice.end_s, expert.end_s)
    starts, rooms = [max(novice.start_s, expert.start_s)], []
    for absence in sorted(novice.planned + expert.planned):
        rooms.append(min(absence.start_s, end_s) - starts[-1] - length_s)
        starts.append(max(absence.end_s, starts[-1]))
    rooms.append(end_s - starts[-1] - length_s)
    cumulative = np.cumsum(np.maximum(rooms, 0))
    if cumulative[-1] == 0:
        return None
    gap = int(np.searchsorted(cumulative, u * cumulative[-1], side="right"))
    return float(starts[gap] + rooms[gap] - (cumulative[gap] - u * cumulative[-1]))


def _unplanned(staffing: Staffing, shift: Shift, rng: np.random.Generator) -> list[Absence]:
    """Absence by blocks of the shift; blocks in a row are one absence."""
    away_p = 1 - staffing.availability
    if away_p == 0:
        return []
    edges = np.append(np.arange(shift.start_s, shift.end_s, staffing.away_block_s), shift.end_s)
    away = rng.random(len(edges) - 1) < away_p
    for planned in shift.planned:
        away &= (edges[1:] < planned.start_s) | (edges[:-1] > planned.end_s)
    turns = np.nonzero(np.diff(away, prepend=False, append=False))[0]
    return [Absence(leave, back, UNPLANNED) for leave, back in edges[turns].reshape(-1, 2)]


def _events(shift: Shift, unplanned: list[Absence]) -> list[tuple[float, float, int, int]]:
    agent, start_s, end_s, planned = shift
    events = [(start_s, end_s, agent, SHIFT_START), (end_s, end_s, agent, SHIFT_END)]
    for leave, back, reason in planned + unplanned:
        events += [(leave, back, agent, AWAY_START | reason << REASON_SHIFT), (back, back, agent, AWAY_END)]
    return events
