"""An episode of many weeks under a policy, and what each week of it came to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.learning_value.rules import Floats, to_learn
from maitred.envs.decision import Policy
from maitred.envs.kernel.layout import Outcome, Term
from maitred.envs.kpi.people import WEEK_S, novices
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger, Simulator
from maitred.envs.trace import SHIFT_START, Trace

MEASURES = {
    "novice_share": "share of contacts taken by novices",
    "novice_handle": "novices' handle time over the experienced's",
    "to_learn": "share of the handle time that novices still have to learn",
    "aht_s": "handle time, s",
    "cost": "cost per served contact, money",
    "reward": "reward per case, money",
    "abandonment": "share abandoned",
}
OBJECTIVE = Objective()
BATCH = 10  # episodes simulated together: half a year of ledgers each


def play(scenario: Scenario, traces: Sequence[Trace], policy: Policy) -> Floats:
    """Run a policy on every trace.

    Args:
        scenario: the center as the policy believes it to be; whole weeks long.
        traces: E episodes.
        policy: who decides.

    Returns:
        (E, W, len(MEASURES), 2) numerators and denominators per week. Novices are the places that began with less
        experience than the half-life of learning; a leaver's place is taken by somebody new and keeps its side.
    """
    parts = [_play(scenario, traces[first : first + BATCH], policy) for first in range(0, len(traces), BATCH)]
    return np.concatenate(parts)


def _play(scenario: Scenario, traces: Sequence[Trace], policy: Policy) -> Floats:
    simulator, weeks = Simulator(scenario, traces), scenario.days // 7
    pay = np.array([weekly_pay(scenario, trace) for trace in traces])
    paid_ahead = simulator.booked.copy()  # the ledger books the whole episode's pay at its start
    simulator.step()
    booked, experience_wk = _now(simulator)
    at_end = [np.repeat(x[:, None], weeks, axis=1) for x in (booked, experience_wk)]
    ended = np.zeros(len(simulator), np.int64)
    while (pending := simulator.pending).any():
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = policy.act(simulator.decisions(pending)).candidate
        simulator.step(answers)
        week = np.minimum(simulator.centers.center["now"] // WEEK_S, weeks).astype(np.int64)
        for b in np.flatnonzero(week > ended):
            at_end[0][b, ended[b] : week[b]], at_end[1][b, ended[b] : week[b]] = booked[b], experience_wk[b]
        ended, (booked, experience_wk) = week, _now(simulator)
    at_end[0][:, -1], at_end[1][:, -1] = booked, experience_wk
    spent = np.diff(at_end[0], axis=1, prepend=paid_ahead[:, None])
    spent[:, :, Term.COST] += pay
    return np.array([weekly(simulator.ledger(b), scenario, spent[b], at_end[1][b]) for b in range(len(simulator))])


def _now(simulator: Simulator) -> tuple[Floats, Floats]:
    return simulator.booked.copy(), simulator.centers.agents["experience_wk"].copy()


def weekly_pay(scenario: Scenario, trace: Trace) -> Floats:
    """(W,) money for the shifts that start in each week, breaks and absences within them included."""
    agents, starts = scenario.agents, trace.roster[trace.roster["code"] == SHIFT_START]
    minutes = (starts["end_s"] - starts["s"]) / 60
    cost = minutes * agents.cost_per_min[agents.group[starts["agent"]]]
    return np.asarray(np.bincount((starts["s"] // WEEK_S).astype(np.int64), cost, scenario.days // 7), np.float64)


def weekly(ledger: Ledger, scenario: Scenario, booked: Floats, experience_wk: Floats) -> Floats:
    """Numerators and denominators of one episode by week.

    Args:
        ledger: of the whole episode.
        scenario: the center.
        booked: (W, terms) what each week added to the totals.
        experience_wk: (W, A) weeks of experience at the end of each.

    Returns:
        (W, len(MEASURES), 2) in the order of `MEASURES`.
    """
    weeks, new = len(booked), novices(scenario)
    contacts = ledger.contacts
    of_week = np.minimum(contacts["arrival_s"] // WEEK_S, weeks - 1).astype(np.int64)
    served = (contacts["outcome"] == Outcome.SERVED) & (contacts["agent"] >= 0)
    handled, week = contacts[served], of_week[served]
    by_new, work_s = new[handled["agent"]], handled["work_s"] + handled["wrap_up_s"]

    def count(which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
        return np.bincount(of_week[which], minlength=weeks).astype(float)

    everyone = np.bincount(week, minlength=weeks).astype(float)
    expected_s = _experienced_s(handled["type"], work_s, by_new, len(scenario.types.names))
    pairs = {
        "novice_share": (np.bincount(week, by_new, weeks), everyone),
        "novice_handle": (np.bincount(week, by_new * work_s, weeks), np.bincount(week, by_new * expected_s, weeks)),
        "to_learn": (to_learn(scenario.people, experience_wk[:, new]).sum(axis=1), np.full(weeks, float(new.sum()))),
        "aht_s": (np.bincount(week, work_s, weeks), everyone),
        "cost": (booked[:, Term.COST], count(contacts["outcome"] == Outcome.SERVED)),
        "reward": (booked @ OBJECTIVE.weights(), count(contacts["attempts"] == 0)),
        "abandonment": (count(contacts["outcome"] == Outcome.ABANDONED), count(contacts["outcome"] != Outcome.INSIDE)),
    }
    return np.stack([np.stack(pairs[name], axis=-1) for name in MEASURES], axis=1)


def _experienced_s(
    kind: np.ndarray[tuple[int], np.dtype[np.int32]], work_s: Floats, by_new: Floats, types: int
) -> Floats:
    """(C,) the experienced agents' mean handle time with the type of each contact, over the whole episode."""
    weight = 1.0 - by_new
    mean = np.bincount(kind, weight * work_s, types) / np.maximum(np.bincount(kind, weight, types), 1)
    return np.asarray(mean[kind])
