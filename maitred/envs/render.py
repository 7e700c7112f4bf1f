"""The board on the wall: a center at a glance, as text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from maitred.envs.decision import Kind
from maitred.envs.kernel.layout import Activity
from maitred.envs.kernel.observe import HOLD
from maitred.envs.kpi import KPIS
from maitred.envs.objective import Objective
from maitred.envs.scenario import DAY_S
from maitred.envs.simulator import Simulator

SHOWN_KPIS = ("service_level", "asa_s", "aht_s", "abandonment", "csat", "occupancy")
SHOWN_DESKS = 45  # more are counted, not listed


@dataclass(frozen=True)
class Desk:
    """An agent on shift: since when doing what, and the type of the contact in hand, if any."""

    agent: str
    activity: Activity
    for_s: float
    type: str


@dataclass(frozen=True)
class Board:
    """What the board shows of one center.

    Attributes:
        title: scenario and clock.
        question: the pending decision in words.
        desks: agents on shift, in the scenario's order.
        queues: type and waits in seconds of those who wait, longest first.
        kpis: (name, text) of the episode so far.
    """

    title: str
    question: str
    desks: tuple[Desk, ...]
    queues: tuple[tuple[str, tuple[float, ...]], ...]
    kpis: tuple[tuple[str, str], ...]


def board_of(simulator: Simulator, b: int, objective: Objective) -> Board:
    """A snapshot of center `b`."""
    center = simulator.centers.center[b]
    day, second = divmod(int(center["now"]), DAY_S)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return Board(
        title=f"{simulator.scenario.name}   day {day + 1}   {clock}",
        question=_question(simulator, b),
        desks=_desks(simulator, b),
        queues=_queues(simulator, b),
        kpis=_kpis(simulator, b, objective),
    )


def _question(simulator: Simulator, b: int) -> str:
    x, scenario = simulator.centers, simulator.scenario
    center = x.center[b]
    candidates = x.candidates[b, : center["places"]]
    subject, real = int(center["subject"]), int((candidates != HOLD).sum())
    if subject == HOLD:
        return "no decision is pending"
    or_hold = ", or hold" if real < len(candidates) else ""
    if center["kind"] == Kind.ROUTE:
        kind = scenario.types.names[x.contacts[b, subject]["type"]]
        return f"route: {kind} contact to {_choice(real, 'agent')}{or_hold}"
    return f"pull: {scenario.agents.names[subject]} is free for {_choice(real, 'contact')}{or_hold}"


def _choice(count: int, noun: str) -> str:
    return f"the one {noun}" if count == 1 else f"one of {count} {noun}s"


def _desks(simulator: Simulator, b: int) -> tuple[Desk, ...]:
    scenario, agents, contacts = simulator.scenario, simulator.centers.agents[b], simulator.centers.contacts[b]
    now = float(simulator.centers.center["now"][b])
    desks = []
    for name, agent in zip(scenario.agents.names, agents, strict=True):
        activity = Activity(int(agent["activity"]))
        if activity != Activity.OFF:
            busy = activity in (Activity.WORK, Activity.WRAP_UP)
            type_ = scenario.types.names[contacts[agent["contact"]]["type"]] if busy else ""
            desks.append(Desk(name, activity, now - float(agent["since_s"]), type_))
    return tuple(desks)


def _queues(simulator: Simulator, b: int) -> tuple[tuple[str, tuple[float, ...]], ...]:
    x = simulator.centers
    rows = int(x.center["rows"][b])
    contacts = x.contacts[b, :rows][x.queued["waiting"][b, :rows] == 1]
    waits = x.center["now"][b] - contacts["arrival_s"]
    return tuple(
        (name, tuple(sorted(waits[contacts["type"] == t].tolist(), reverse=True)))
        for t, name in enumerate(simulator.scenario.types.names)
    )


def _kpis(simulator: Simulator, b: int, objective: Objective) -> tuple[tuple[str, str], ...]:
    ledger = replace(simulator.ledger(b), horizon_s=float(simulator.centers.center["now"][b]))
    shown = [kpi for kpi in KPIS if kpi.name in SHOWN_KPIS]
    return tuple((kpi.name, _ratio(*kpi.ratio(ledger, simulator.scenario, objective), kpi.unit)) for kpi in shown)


def _ratio(part: float, whole: float, unit: str) -> str:
    if whole == 0:
        return "-"
    return f"{part / whole:.0%}" if unit == "share" else f"{part / whole:.3g}"


def duration(seconds: float) -> str:
    """Minutes and seconds, as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def board_text(board: Board) -> str:
    """The board as lines of text."""
    kpis = "   ".join(f"{name} {value}" for name, value in board.kpis)
    lines = [board.title, board.question, "", *_desk_lines(board), "", *_queue_lines(board), "", f"SO FAR  {kpis}"]
    return "\n".join(lines)


def desk_summary(board: Board) -> str:
    """How many agents are on shift, and doing what."""
    counts = ((activity, sum(d.activity == activity for d in board.desks)) for activity in Activity)
    states = ", ".join(f"{n} {activity_name(activity)}" for activity, n in counts if n)
    return f"{len(board.desks)} on shift" + (f": {states}" if states else "")


def activity_name(activity: Activity) -> str:
    """The activity as people read it."""
    return activity.name.lower().replace("_", "-")


def _desk_lines(board: Board) -> list[str]:
    shown = board.desks[:SHOWN_DESKS]
    width = max((len(d.agent) for d in shown), default=0)
    cells = [
        f"{d.agent:<{width}}  {activity_name(d.activity):<11} {duration(d.for_s):>6}  {d.type:<12.12}" for d in shown
    ]
    rows = -(-len(cells) // 3)
    lines = ["  " + "  ".join(cells[row::rows]).rstrip() for row in range(rows)]
    hidden = len(board.desks) - len(shown)
    return [f"AGENTS  {desk_summary(board)}", *lines, *([f"  and {hidden} more"] if hidden else [])]


def _queue_lines(board: Board) -> list[str]:
    width = max(len(type_) for type_, _ in board.queues)
    lines = []
    for type_, waits in board.queues:
        longest = f"  longest {duration(waits[0])}" if waits else ""
        lines.append(f"  {type_:<{width}}  {len(waits):>3}  {'#' * min(len(waits), 40)}{longest}".rstrip())
    return [f"QUEUES  {sum(len(waits) for _, waits in board.queues)} waiting", *lines]
