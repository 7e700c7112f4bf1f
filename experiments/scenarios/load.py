"""How loaded a scenario is planned to be: first attempts, after bots, over what its shifts can work off.

Conversations written in turns share an agent; the share of a shift that turns into work then is the exact closed
network's at its best fixed cap (`experiments.exactness.chat_formulas`). Abandonment, returns, outreach, escalations,
fatigue and the copilot are left out of account.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from experiments.exactness.chat_chain import Turns
from experiments.exactness.chat_formulas import closed_chat
from maitred.envs.blocks.fields import array, declared
from maitred.envs.scenario import Scenario

Floats = NDArray[np.float64]
SHIFT_S = 8 * 3600
WEEKDAY = 0  # the first day type


@dataclass(frozen=True)
class Load:
    """A weekday of a scenario.

    Attributes:
        contacts: first attempts.
        agents: on the roster.
        shift_h: hours of its shifts.
        work_h: hours of agents' work if bots take what they may.
        of_capacity: smallest share of every group's capacity that a fixed split of that work needs.
        without_bots: the same if nobody used a bot.
    """

    contacts: float
    agents: int
    shift_h: float
    work_h: float
    of_capacity: float
    without_bots: float


def planned_load(s: Scenario) -> Load:
    """The load of a weekday."""
    first = s.arrivals.rate_per_h[WEEKDAY].sum(axis=1) * s.arrivals.period_s / 3600
    left = left_by_bots(s)
    contacts, shift_s = first + approvals(s, left) @ first, _shift_s(s)
    return Load(
        contacts=float(first.sum()),
        agents=len(s.agents.names),
        shift_h=float(shift_s.sum() / 3600),
        work_h=float((contacts * np.nanmin(work_s(s, left), axis=0)).sum() / 3600),
        of_capacity=_smallest_share(contacts, busy_s(s, left), shift_s * productive_share(s)),
        without_bots=_smallest_share(contacts, busy_s(s, np.ones_like(left)), shift_s * productive_share(s)),
    )


def approvals(s: Scenario, left: Floats) -> Floats:
    """(T, T) approvals of one type per arriving contact of another that reaches an agent."""
    by = spread(s, "handoff", "approval_by").astype(int)
    reached = (spread(s, "dialogue", "share") * left).sum(axis=1)
    return np.where(by == np.arange(len(by))[:, None], spread(s, "handoff", "approval_p") * reached, 0.0)


def contained(s: Scenario) -> float:
    """Share of a weekday's first attempts that bots close if they take what they may."""
    contacts = s.arrivals.rate_per_h[WEEKDAY].sum(axis=1)
    closed = (spread(s, "dialogue", "share") * (1 - left_by_bots(s))).sum(axis=1)
    return float(np.average(closed, weights=contacts))


def left_by_bots(s: Scenario) -> Floats:
    """(T, C) share of contacts that reach an agent if the first bot that may take a type takes all of it."""
    left = np.ones((s.sizes["type"], s.sizes["complexity"]))
    takes, resolve_p = spread(s, "bots", "takes"), spread(s, "bots", "resolve_p")
    factor, wrong_p = spread(s, "bots", "intent_factor"), spread(s, "bots", "wrong_p")
    for t in np.nonzero(takes.any(axis=0))[0]:
        b = int(takes[:, t].argmax())
        left[t] = (1 - np.minimum(resolve_p[b] * factor[b, t], 1)) * (1 - wrong_p[b])
    return left


def work_s(s: Scenario, left: Floats) -> Floats:
    """(G, T) agent seconds that an arriving contact costs a group; NaN where it may not answer."""
    factor = (_turns_left(s, left) * _work_factor(s)).sum(axis=1)
    return np.asarray(_group_mean_s(s) * factor + _once_s(s, left))


def busy_s(s: Scenario, left: Floats) -> Floats:
    """(G, T) seconds of a shift that this work takes up at the best fixed cap."""
    in_turns_s = work_s(s, left) - _once_s(s, left)
    turn_s = in_turns_s / np.maximum(_turns_left(s, left).sum(axis=1), 1e-9)
    yields = [[_best_yield(s, turn, t) for t, turn in enumerate(row)] for row in turn_s]
    return np.asarray(in_turns_s / np.array(yields) + _once_s(s, left))


def productive_share(s: Scenario) -> float:
    """Share of an eight-hour shift in which an agent is there."""
    return s.staffing.availability * (1 - s.people.absence_p) * (1 - s.people.break_min * 60 / SHIFT_S)


def spread(s: Scenario, block: str, name: str) -> Floats:
    """A field of a block over its axes."""
    values = getattr(s, block)
    return array(values, next(f for f in declared(values) if f.name == name), s.sizes)


def _smallest_share(contacts: Floats, busy_s: Floats, capacity_s: Floats) -> float:
    """The static planning problem (Harrison 1998): contacts split over groups so that the fullest is least full."""
    groups, types = busy_s.shape
    every_contact, used = np.zeros((types, groups * types + 1)), np.zeros((groups, groups * types + 1))
    for g in range(groups):
        every_contact[:, g * types : (g + 1) * types] = np.diag(np.isfinite(busy_s[g]).astype(float))
        used[g, g * types : (g + 1) * types] = np.nan_to_num(busy_s[g])
    used[:, -1] = -capacity_s
    goal = np.eye(groups * types + 1)[-1]
    return float(linprog(goal, used, np.zeros(groups), every_contact, contacts).fun)


def _best_yield(s: Scenario, turn_s: float, t: int) -> float:
    """Largest share of an agent's time that becomes work on a type, over fixed caps."""
    think_s = _of_channel(s, "think_mean_s")[t]
    if think_s == 0 or not turn_s > 0:
        return 1.0
    turns = Turns(turn_s, think_s, s.concurrency.switch_overhead)
    caps = range(1, _most_open(s, t) + 1)
    return float(max(closed_chat(turns, k).throughput for k in caps) * turn_s / (turn_s + think_s))


def _most_open(s: Scenario, t: int) -> int:
    """Conversations of a type that the highest cap lets an agent hold, inactive ones at their own weight."""
    cap = s.concurrency.max_cap_slots if s.concurrency.decided else s.concurrency.cap_slots
    after_s, think_s = _of_channel(s, "inactive_after_s")[t], _of_channel(s, "think_mean_s")[t]
    slots = _of_channel(s, "inactive_slots" if 0 < after_s < think_s else "slots")[t]
    return max(1, int(min(cap / slots, s.concurrency.open_limit)))


def _of_channel(s: Scenario, name: str) -> Floats:
    """(T,) a field of the channel that each type comes by."""
    return np.asarray(spread(s, "channels", name)[spread(s, "channels", "of_type").astype(int)])


def _turns_left(s: Scenario, left: Floats) -> Floats:
    """(T, C) mean turns per arriving contact that agents work, by complexity."""
    in_turns = _of_channel(s, "think_mean_s")[:, None] > 0
    return spread(s, "dialogue", "share") * left * np.where(in_turns, spread(s, "dialogue", "turns_mean"), 1)


def _work_factor(s: Scenario) -> Floats:
    """(C,) an agent's work in a turn of each complexity over that at factor 1."""
    return spread(s, "dialogue", "work_factor") * (1 - spread(s, "dialogue", "automation_share"))


def _group_mean_s(s: Scenario) -> Floats:
    """(G, T) mean work of a turn over the members; NaN where none may answer."""
    agents = s.agents
    member = (agents.group == np.arange(len(agents.group_names))[:, None])[:, :, None] & agents.may_answer
    total = np.where(member, agents.mean_s, 0).sum(axis=1)
    mean_s = np.full(total.shape, np.nan)
    return np.asarray(np.divide(total, member.sum(axis=1), out=mean_s, where=member.any(axis=1)))


def _once_s(s: Scenario, left: Floats) -> Floats:
    """(T,) work once per contact: wrap-up, the pause after it, and what a misrouted contact costs."""
    lost = s.handoff.discovery_s + s.handoff.repeat_info_s * (1 - s.handoff.context_kept) + s.handoff.kept_info_s
    once = s.service.wrap_up_mean_s + s.staffing.pause_mean_s + spread(s, "handoff", "misroute_p") * lost
    return np.asarray(once * (spread(s, "dialogue", "share") * left).sum(axis=1))


def _shift_s(s: Scenario) -> Floats:
    """(G,) seconds of the shifts of a weekday."""
    staffing = s.staffing
    seconds = staffing.shift_agents * (staffing.shift_end_s - staffing.shift_start_s)
    today = staffing.shift_day_type == WEEKDAY
    return np.asarray(np.bincount(staffing.shift_group[today], seconds[today], len(s.agents.group_names)), dtype=float)
