"""The pictures of a simulated day; each function draws one figure from a record."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from maitred.envs.decision import Action
from maitred.envs.kernel.layout import Activity
from maitred.envs.scenario import Scenario
from maitred.training.day_record import DayRecord, quadrant_of, share_of_busy
from maitred.training.pictures import CANDIDATE, INK, MAX_AGENT_LABELS, OTHERS, REFERENCE

QUADRANTS = ("Simple and routine", "Simple and urgent", "Complex and routine", "Complex and urgent")
CEILING = 0.85  # occupancy that agents bear for long (domain RS-6)
WORDS = {
    Action.ASSIGN: "to an agent",
    Action.BOT: "to a bot",
    Action.GROUP: "to a group",
    Action.DEFER: "answer later, in writing",
    Action.CALLBACK: "call back",
    Action.ESCALATE: "escalate",
    Action.HAND_BACK: "back to the bot",
    Action.ASYNC: "go on in writing",
    Action.LIVE: "go on by voice",
    Action.NEXT_ISSUE: "solve the next issue too",
}
DOING = {
    Activity.WORK: ("at work", "#0072b2"),
    Activity.WRAP_UP: ("wrapping up", "#56b4e9"),
    Activity.IDLE: ("free, or waiting for customers to reply", "#cfe8cf"),
    Activity.BREAK: ("on a break", "#cbd2d9"),
    Activity.TRAINING: ("in training", "#e69f00"),
    Activity.UNAVAILABLE: ("away", "#9aa5b1"),
}
HALF_HOUR = 6  # moments

Floats = NDArray[np.float64]


def queues(record: DayRecord, scenario: Scenario) -> Figure:
    """Contacts waiting, by type, one on top of the other."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    axes = figure.subplots()
    waiting = record.stacked("waiting")
    colours = [OTHERS[t % len(OTHERS)] for t in range(waiting.shape[1])]
    axes.stackplot(record.hours, waiting.T, labels=scenario.types.names, colors=colours, step="post", linewidth=0)
    axes.set(ylabel="contacts waiting", ylim=(0, max(5, 1.05 * np.nanmax(waiting.sum(axis=1)))))
    _clock(axes, scenario)
    figure.legend(loc="outside lower center", ncols=6)
    return figure


def occupancy(record: DayRecord, scenario: Scenario) -> Figure:
    """What agents are doing, and the share of their time on duty that is work."""
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    share, doing = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
    activity = record.stacked("activity")
    share.plot(record.hours, _smooth(share_of_busy(activity)), color=CANDIDATE, linewidth=2)
    share.axhline(CEILING, color=INK, linewidth=0.9, linestyle="--")
    share.text(0.003, CEILING + 0.02, f"{CEILING:.0%}: more than this wears people out", fontsize=8,
               transform=share.get_yaxis_transform())  # fmt: skip
    share.set(title="Occupancy: working, of those at their desks (half-hour means)", ylim=(0, 1.05))
    share.yaxis.set_major_formatter(PercentFormatter(1.0))
    counts = [np.where(np.isnan(activity[:, 0]), np.nan, (activity == a).sum(axis=1)) for a in DOING]
    names, colours = zip(*DOING.values(), strict=True)
    doing.stackplot(record.hours, counts, labels=names, colors=colours, step="post", linewidth=0)
    doing.set(title="Agents on shift, and what they do", ylabel="agents")
    _clock(doing, scenario)
    figure.legend(*doing.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def concurrency(record: DayRecord, scenario: Scenario) -> Figure:
    """Conversations per agent, the slots they may fill, and conversations that nobody human holds."""
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    held, machine = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    on_duty, open_ = _on_duty(record), record.stacked("open")
    held.plot(record.hours, _mean(open_, on_duty & (open_ > 0)), color=CANDIDATE, linewidth=2, label="mean held")
    held.plot(record.hours, open_.max(axis=1), color=REFERENCE, linewidth=1, label="most held by one agent")
    caps = _mean(record.stacked("cap"), on_duty)
    held.plot(record.hours, caps, color=OTHERS[0], linewidth=1.4, linestyle="--", label="mean cap, in slots")
    held.set(title="Conversations held by an agent who has any", ylabel="conversations")
    held.set_ylim(0, 1.25 * np.nanmax(open_))  # room for the legend
    held.legend(loc="upper left", ncols=3)
    machine.plot(record.hours, record.stacked("bot_sessions"), color=OTHERS[1], linewidth=2, label="with bots")
    promised = record.stacked("promised")
    machine.plot(record.hours, promised, color=OTHERS[2], linewidth=2, label="promised an answer or a call back")
    machine.set(title="Contacts that no agent holds", ylabel="contacts")
    machine.set_ylim(0, max(5, 1.3 * np.nanmax(promised)))
    machine.legend(loc="upper left", ncols=2)
    _clock(machine, scenario)
    return figure


def agents(record: DayRecord, scenario: Scenario) -> Figure:
    """Conversations of every agent over the day, half-hour means; grey is off duty."""
    on_duty = _on_duty(record)
    seen = np.nonzero(on_duty.any(axis=0))[0]
    order = seen[np.lexsort((on_duty[:, seen].argmax(axis=0), scenario.agents.group[seen]))]
    values = np.where(on_duty, record.stacked("open"), np.nan)[:, order]
    half_hours = -(-len(values) // HALF_HOUR)
    means = np.array([_mean(values[i * HALF_HOUR : (i + 1) * HALF_HOUR].T, None) for i in range(half_hours)]).T
    figure = Figure(figsize=(11, min(2.2 + 0.19 * len(order), 9)), layout="constrained")
    axes = figure.subplots()
    extent = (0, half_hours / 2, len(order) - 0.5, -0.5)
    image = axes.imshow(means, aspect="auto", cmap="YlGnBu", vmin=0, extent=extent, interpolation="none")
    figure.colorbar(image, ax=axes, label="conversations held", pad=0.01)
    axes.set_facecolor("#e4e7eb")
    names = [f"{scenario.agents.names[a]} ({scenario.agents.group_names[scenario.agents.group[a]]})" for a in order]
    few = len(order) <= MAX_AGENT_LABELS
    axes.set_yticks(range(len(order)) if few else [], names if few else [])
    axes.set_ylabel("" if few else f"{len(order)} agents, by group and start of shift")
    _clock(axes, scenario)
    return figure


def quadrants(record: DayRecord, scenario: Scenario) -> Figure:
    """Per believed quadrant: how many conversations an agent holds, and what is decided."""
    figure = Figure(figsize=(11, 6.2), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True)
    of_talk = quadrant_of(record.talks[:, 1], record.talks[:, 2])
    of_answer = quadrant_of(record.answered[:, 1], record.answered[:, 2])
    shown = [a for a in WORDS if (record.answered[:, 0] == a).any()]
    for q, name in enumerate(QUADRANTS):
        axes = grid[1 - q // 2, q % 2]  # complex above, urgent on the right
        held = record.talks[of_talk == q, 3]
        at_once = f", {held.mean():.1f} at once" if len(held) else ""
        axes.set_title(f"{name}: {len(held) / len(of_talk):.0%}{at_once}")
        answers = record.answered[of_answer == q, 0]
        shares = [float((answers == a).mean()) if len(answers) else 0.0 for a in shown]
        axes.barh([WORDS[a] for a in shown], shares, color=CANDIDATE, height=0.62)
        axes.bar_label(axes.containers[0], [f"{share:.0%}" for share in shares], padding=3, fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.08)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.tick_params(axis="y", length=0)
    for axes in grid[1]:
        axes.set_xlabel("share of the decisions about these contacts")
    return figure


def _clock(axes: Axes, scenario: Scenario) -> None:
    """Hours of the day along the bottom; over several days, the day as well."""
    days = scenario.days
    axes.set_xlim(0, 24 * days)
    axes.xaxis.set_major_locator(MaxNLocator(12 * min(days, 2), steps=[1, 2, 3, 6], integer=True))
    day = "day {} " if days > 1 else ""
    axes.xaxis.set_major_formatter(FuncFormatter(lambda h, _: f"{day.format(int(h // 24) + 1)}{int(h) % 24:02d}:00"))
    axes.tick_params(axis="x", labelrotation=0 if days == 1 else 30)


def _on_duty(record: DayRecord) -> NDArray[np.bool_]:
    """(N, A) who is on shift, as far as known."""
    activity = record.stacked("activity")
    on_shift: NDArray[np.bool_] = (activity != Activity.OFF) & ~np.isnan(activity)
    return on_shift


def _mean(values: Floats, where: NDArray[np.bool_] | None) -> Floats:
    """(N,) means of (N, A) values over those `where`, or that are not NaN; NaN where there is none."""
    where = ~np.isnan(values) if where is None else where
    count = where.sum(axis=1)
    total = np.where(where, values, 0).sum(axis=1)
    means: Floats = np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
    return means


def _smooth(values: Floats) -> Floats:
    """(N,) means over the half hour around each moment, over what is not NaN."""
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(values, HALF_HOUR // 2, constant_values=np.nan), HALF_HOUR + 1
    )
    return np.where(np.isnan(values), np.nan, _mean(around, None))
