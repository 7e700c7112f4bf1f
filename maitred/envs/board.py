"""What the board on the wall shows of a center: a snapshot, in names instead of numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum
from math import isnan

import numpy as np

from maitred.envs.clock import clock
from maitred.envs.decision import Action, Kind
from maitred.envs.kernel.layout import Activity, Outcome, Place
from maitred.envs.kpi import KPIS, kpi_values
from maitred.envs.objective import Objective
from maitred.envs.simulator import Simulator

SHOWN_KPIS = ("service_level", "asa_s", "aht_s", "abandonment", "csat", "occupancy")

_WORDS = {
    Action.HOLD: "hold",
    Action.BOT: "a bot",
    Action.GROUP: "a group",
    Action.DEFER: "an answer in writing",
    Action.CALLBACK: "a call back",
    Action.CONTINUE: "go on",
    Action.ESCALATE: "escalate",
    Action.HAND_BACK: "hand back to the bot",
    Action.ASYNC: "go on in writing",
    Action.LIVE: "go on by voice",
    Action.NEXT_ISSUE: "head off the next issue",
    Action.MESSAGE: "message",
}


class Turn(Enum):
    """Whose move it is in an open conversation."""

    WORK = "agent at work on it"
    DUE = "customer waits for the agent"
    CUSTOMER = "customer's turn"


@dataclass(frozen=True)
class Desk:
    """An agent on shift.

    Attributes:
        agent: name.
        activity: what the agent does, ...
        for_s: ... and since how many seconds.
        type: type of the contact in hand; empty if there is none.
        turns: of the open conversations, the one in hand first.
        load: weighted slots in use.
        cap: weighted slots the agent may fill.
    """

    agent: str
    activity: Activity
    for_s: float
    type: str
    turns: tuple[Turn, ...]
    load: float
    cap: float


@dataclass(frozen=True)
class Board:
    """What the board shows of one center.

    Attributes:
        title: scenario and clock.
        question: the pending decision in words.
        desks: agents on shift, in the scenario's order.
        concurrent: whether agents may hold several conversations.
        queues: type and waits in seconds of those who wait, longest first.
        elsewhere: (where, contacts) of those whom neither an agent nor a queue holds: with bots, or promised an answer.
        kpis: (name, text) of the episode so far.
    """

    title: str
    question: str
    desks: tuple[Desk, ...]
    concurrent: bool
    queues: tuple[tuple[str, tuple[float, ...]], ...]
    elsewhere: tuple[tuple[str, int], ...]
    kpis: tuple[tuple[str, str], ...]


def board_of(simulator: Simulator, b: int, objective: Objective) -> Board:
    """A snapshot of center `b`."""
    now, scenario = float(simulator.centers.center["now"][b]), simulator.scenario
    return Board(
        title=f"{scenario.name}   {clock(now, scenario.days)}",
        question=question(simulator, b),
        desks=_desks(simulator, b),
        concurrent=scenario.has_conversations,
        queues=_queues(simulator, b),
        elsewhere=_elsewhere(simulator, b),
        kpis=_kpis(simulator, b, objective),
    )


def question(simulator: Simulator, b: int) -> str:
    """The pending decision of center `b` in words."""
    if not simulator.pending[b]:
        return "no decision is pending"
    x, center = simulator.centers, simulator.centers.center[b]
    kind, places = Kind(int(center["kind"])), int(center["places"])
    chosen = x.actions[b, :places], x.candidates[b, :places]
    if kind == Kind.CONCURRENCY:
        caps = np.sort(chosen[1])
        return f"concurrency: {_subject(simulator, b, kind)} may hold {caps[0]} to {caps[-1]} at once"
    return f"{kind.name.lower()}: {_subject(simulator, b, kind)}: {_choices(kind, Counter(chosen[0].tolist()))}"


def _subject(simulator: Simulator, b: int, kind: Kind) -> str:
    """Whom a decision is about."""
    x, scenario, row = simulator.centers, simulator.scenario, int(simulator.centers.center["subject"][b])
    if kind in (Kind.PULL, Kind.CONCURRENCY):
        return scenario.agents.names[row]
    if kind == Kind.OUTREACH:
        return "a customer who may need help"
    type_ = scenario.types.names[x.contacts["type"][b, row]]
    if kind == Kind.ROUTE:
        return f"{type_} contact"
    with_bot = x.talks["place"][b, row] == Place.BOT
    return f"{type_} with {'a bot' if with_bot else scenario.agents.names[x.contacts['agent'][b, row]]}"


def _choices(kind: Kind, counts: Counter[int]) -> str:
    noun = "agent" if kind == Kind.ROUTE else "contact"
    n = counts.pop(Action.ASSIGN, 0)
    assign = [f"the one {noun}" if n == 1 else f"one of {n} {noun}s"] if n else []
    words = assign + [_WORDS[Action(action)] for action in counts]
    if kind == Kind.OUTREACH:
        words = ["leave alone", *words[1:]]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _desks(simulator: Simulator, b: int) -> tuple[Desk, ...]:
    agents, turns = simulator.centers.agents[b], _turns(simulator, b)
    now, desks = float(simulator.centers.center["now"][b]), []
    for a, (name, agent) in enumerate(zip(simulator.scenario.agents.names, agents, strict=True)):
        activity = Activity(int(agent["activity"]))
        if activity != Activity.OFF:
            busy = activity in (Activity.WORK, Activity.WRAP_UP) and agent["contact"] >= 0
            type_ = simulator.scenario.types.names[simulator.centers.contacts["type"][b, agent["contact"]]]
            load, cap = float(agent["load"]), float(agent["cap"])
            since_s = now - float(agent["since_s"])
            desks.append(Desk(name, activity, since_s, type_ if busy else "", tuple(turns.get(a, ())), load, cap))
    return tuple(desks)


def _turns(simulator: Simulator, b: int) -> dict[int, list[Turn]]:
    """The open conversations of each agent."""
    x, rows = simulator.centers, int(simulator.centers.center["rows"][b])
    place = x.talks["place"][b, :rows]
    contacts = x.contacts[b, : len(place)]
    held = (contacts["outcome"] == Outcome.INSIDE) & (contacts["agent"] >= 0)
    turns: dict[int, list[Turn]] = {}
    for row in np.nonzero(held & np.isin(place, (Place.LINE, Place.CUSTOMER)))[0].tolist():
        agent = int(contacts["agent"][row])
        of_agent = turns.setdefault(agent, [])
        if x.agents["activity"][b, agent] == Activity.WORK and x.agents["contact"][b, agent] == row:
            of_agent.insert(0, Turn.WORK)
        else:
            of_agent.append(Turn.DUE if place[row] == Place.LINE else Turn.CUSTOMER)
    return turns


def _queues(simulator: Simulator, b: int) -> tuple[tuple[str, tuple[float, ...]], ...]:
    x = simulator.centers
    rows = int(x.center["rows"][b])
    contacts = x.contacts[b, :rows][x.queued["waiting"][b, :rows] == 1]
    waits = x.center["now"][b] - contacts["arrival_s"]
    return tuple(
        (name, tuple(sorted(waits[contacts["type"] == t].tolist(), reverse=True)))
        for t, name in enumerate(simulator.scenario.types.names)
    )


def _elsewhere(simulator: Simulator, b: int) -> tuple[tuple[str, int], ...]:
    x, scenario = simulator.centers, simulator.scenario
    bots = tuple((f"with {name}", int(n)) for name, n in zip(scenario.bots.names, x.bot_load[b], strict=True))
    deferral = scenario.deferral
    promises = bool(np.any(deferral.callback) or np.any(np.asarray(deferral.async_of) >= 0))
    return bots + ((("promised", int(x.center["promised"][b])),) if promises else ())


def _kpis(simulator: Simulator, b: int, objective: Objective) -> tuple[tuple[str, str], ...]:
    ledger = replace(simulator.open_ledger(b), horizon_s=float(simulator.centers.center["now"][b]))
    shown = [kpi for kpi in KPIS if kpi.name in SHOWN_KPIS]
    values = kpi_values(ledger, simulator.scenario, objective, shown)
    return tuple((kpi.name, _text(values[kpi.name], kpi.unit)) for kpi in shown)


def _text(value: float, unit: str) -> str:
    if isnan(value):
        return "-"
    return f"{value:.0%}" if unit == "share" else f"{value:.3g}"
