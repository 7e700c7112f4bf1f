"""Frozen days as the four quadrants see them: what is decided, how many conversations an agent holds, who waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from maitred.envs.decision import Policy
from maitred.envs.kernel.layout import Outcome, Place
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger, Simulator
from maitred.envs.trace import Trace
from maitred.training.day_pictures import WORDS
from maitred.training.day_record import DayRecord, Recorder, quadrant_of, trend

ACTIONS = tuple(WORDS)  # that change something about a contact
MEASURES = (*(action.name.lower() for action in ACTIONS), "held", "active", "contacts", "wait_s", "abandonment")
QUADRANTS = 4  # 0 simple and routine, 1 simple and urgent, 2 complex and routine, 3 complex and urgent

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Played:
    """A policy on E days.

    Attributes:
        policy: its name.
        ratios: (E, 4, M, 2) numerators and denominators of `MEASURES` by quadrant: each action over all of them that
            change something; conversations that the agent holds, over conversations, looked at every five minutes;
            the same without those whose customer has been silent for long; contacts per day; seconds to an answer
            over answered contacts; abandoned over all contacts.
        trend: (E,) rank correlation of urgency x complexity with concurrency, each day.
    """

    policy: str
    ratios: Floats
    trend: Floats

    def of(self, measure: str) -> Floats:
        """(E, 4, 2) numerators and denominators of one measure."""
        return self.ratios[:, :, MEASURES.index(measure)]

    @property
    def actions(self) -> Floats:
        """(E, 4, A, 2) numerators and denominators of the shares of `ACTIONS`."""
        return self.ratios[:, :, : len(ACTIONS)]


def play(scenario: Scenario, traces: Sequence[Trace], policy: Policy) -> Played:
    """A policy on each trace, recorded as `maitred simulate` records a day."""
    days = [_day(scenario, trace, policy) for trace in track(traces, description=policy.name[:60])]
    ratios = np.array([measures(record, active, ledger, scenario) for record, active, ledger in days])
    return Played(policy.name, ratios, np.array([trend(record) for record, _, _ in days]))


def _day(scenario: Scenario, trace: Trace, policy: Policy) -> tuple[DayRecord, Floats, Ledger]:
    simulator = Simulator(scenario, [trace])
    recorder, active = Recorder(simulator), [np.zeros(0)]
    simulator.step()
    while simulator.pending[0]:
        if recorder.look():
            active.append(_active(simulator))
        decisions = simulator.decisions()
        choices = policy.act(decisions)
        recorder.answer(decisions, choices)
        simulator.step(choices.candidate)
    return recorder.record(), np.concatenate(active), simulator.ledger(0)


def _active(simulator: Simulator) -> Floats:
    """How many active conversations the agent of each open one has, in the order of `Instant.talks`; NaN if silent."""
    x, rows = simulator.centers, int(simulator.centers.center["rows"][0])
    talks, agent = x.talks[0, :rows], x.contacts["agent"][0, :rows]
    held = (talks["place"] == Place.LINE) | (talks["place"] == Place.CUSTOMER)
    active = held & (talks["inactive"] == 0)
    together = np.bincount(agent[active], minlength=len(simulator.scenario.agents.names))
    return np.where(active[held], together[agent[held]], np.nan)


def measures(record: DayRecord, active: Floats, ledger: Ledger, scenario: Scenario) -> Floats:
    """(4, M, 2) numerators and denominators of a day.

    Actions and concurrency are by what was believed at the time. Contacts, waits and abandonment are by what the
    contact really was: of one that left before its first turn nothing is believed but what all of its type are.

    Args:
        record: of the day.
        active: (lines,) for each of `record.talks`, active conversations of its agent; NaN if it is silent itself.
        ledger: of the day.
        scenario: the center.
    """
    action, *believed = record.answered.T
    of_answer, of_talk = quadrant_of(*believed), quadrant_of(record.talks[:, 1], record.talks[:, 2])
    answers, spoken = _count(of_answer), ~np.isnan(active)
    taken = [(_count(of_answer[action == a]), answers) for a in ACTIONS]
    held = (_count(of_talk, record.talks[:, 3]), _count(of_talk))
    beside = (_count(of_talk[spoken], active[spoken]), _count(of_talk[spoken]))
    return np.moveaxis(np.array([*taken, held, beside, *_outcomes(ledger, scenario)]), -1, 0)


def _outcomes(ledger: Ledger, scenario: Scenario) -> list[tuple[Floats, Floats]]:
    """Contacts per day, waits and abandonment, (4,) numerators and denominators of each, by the true quadrant."""
    contacts, talks = ledger.contacts, ledger.talks
    level = np.broadcast_to(scenario.dialogue.level, len(scenario.dialogue.names))
    of_contact = quadrant_of(level[talks["started_complexity"]], talks["urgent"])
    wait_s = contacts["answer_s"] - contacts["arrival_s"]
    answered = (contacts["outcome"] == Outcome.SERVED) & ~np.isnan(wait_s)
    every = _count(of_contact)
    return [
        (every, np.full(QUADRANTS, float(scenario.days))),
        (_count(of_contact[answered], wait_s[answered]), _count(of_contact[answered])),
        (_count(of_contact[contacts["outcome"] == Outcome.ABANDONED]), every),
    ]


def _count(quadrant: NDArray[np.int64], weights: Floats | None = None) -> Floats:
    return np.bincount(quadrant, weights, QUADRANTS).astype(np.float64)
