"""A simulated day on the terminal, as it goes: who holds what, who waits, and the KPIs so far."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from maitred.envs.clock import clock, duration
from maitred.envs.kernel.layout import Activity
from maitred.envs.kpi import KPIS, applicable, kpi_values
from maitred.envs.objective import Objective
from maitred.envs.simulator import Simulator
from maitred.training.wording import label, short_label, value_text

SO_FAR = ("service_level", "asa_s", "aht_s", "abandonment", "csat", "occupancy", "cost_per_contact")
COLOURS = {
    Activity.IDLE: ("green", "free"),
    Activity.WORK: ("bold blue", "working"),
    Activity.WRAP_UP: ("magenta", "wrapping up"),
}
AWAY = "bright_black"
SHOWN_AGENTS = 60  # more are counted, not listed
BAR = 12  # characters of the longest queue


def view(simulator: Simulator, policy: str) -> RenderableType:
    """Center 0 as a screen: clock, agents, queues, bots and KPIs."""
    now = float(simulator.centers.center["now"][0])
    head = Table.grid(expand=True)
    head.add_column(ratio=1)
    head.add_column(justify="right")
    head.add_row(
        Text(f"{simulator.scenario.name} under {policy}", "bold"), Text(clock(now, simulator.scenario.days), "bold")
    )
    body = Table.grid(expand=True, padding=(0, 1))
    body.add_column(ratio=3)
    body.add_column(ratio=2)
    body.add_row(_agents(simulator), Group(_queues(simulator), _elsewhere(simulator)))
    progress = Table.grid()
    progress.add_row(ProgressBar(total=simulator.scenario.horizon_s, completed=now))
    return Group(head, progress, body, Panel(_so_far(simulator), title="So far", title_align="left"))


def line(simulator: Simulator) -> str:
    """The same in one line, where there is no terminal to draw on."""
    center = simulator.centers.center[0]
    time = clock(float(center["now"]), simulator.scenario.days)
    return (
        f"{time}  {center['waiting']} waiting, {center['on_duty']} agents "
        f"on duty, {center['open']} conversations, {center['bot_sessions']} with bots, {center['promised']} promised"
    )


def _agents(simulator: Simulator) -> Panel:
    """One cell per agent on shift: name, a dot per conversation, and as many rings as there is room for."""
    agents = simulator.centers.agents[0]
    on_shift = np.nonzero(agents["activity"] != Activity.OFF)[0]
    cells = [_agent(simulator, int(a)) for a in on_shift[:SHOWN_AGENTS]]
    if (hidden := len(on_shift) - SHOWN_AGENTS) > 0:
        cells.append(Text(f"and {hidden} more", "dim"))
    words = (*COLOURS.values(), (AWAY, "away"))
    legend = Text("● a conversation held  ○ room for one more    ", "dim")
    legend.append_text(Text("  ").join(Text(word, colour) for colour, word in words))
    content = Group(Columns(cells, equal=True), Text(), legend)
    return Panel(content, title=f"{len(on_shift)} agents on shift", title_align="left")


def _agent(simulator: Simulator, a: int) -> Text:
    agent = simulator.centers.agents[0, a]
    colour, _ = COLOURS.get(Activity(int(agent["activity"])), (AWAY, ""))
    room = max(int(agent["cap"] - agent["load"]), 1) if agent["room"] else 0
    return Text.assemble(f"{simulator.scenario.agents.names[a]:.10} ", ("●" * int(agent["open"]) + "○" * room, colour))


def _queues(simulator: Simulator) -> Panel:
    """Waiting contacts by type, with the longest wait."""
    x, now = simulator.centers, float(simulator.centers.center["now"][0])
    grid = Table("type", "waiting", "longest", box=None, header_style="dim", padding=(0, 1, 0, 0))
    most = max(int(x.waiting_of_type[0].max()), BAR)
    for t, name in enumerate(simulator.scenario.types.names):
        waiting, head = int(x.waiting_of_type[0, t]), int(x.queue_head[0, t])
        longest = duration(now - float(x.contacts["arrival_s"][0, head])) if head >= 0 else ""
        bar = ("█" * -(-waiting * BAR // most), "yellow")
        grid.add_row(Text(name, no_wrap=True), Text.assemble(f"{waiting:>3} ", bar, no_wrap=True), longest)
    return Panel(grid, title=f"{int(x.center['waiting'][0])} waiting", title_align="left")


def _elsewhere(simulator: Simulator) -> Panel:
    center = simulator.centers.center[0]
    text = f"{center['bot_sessions']} with bots\n{center['promised']} promised an answer or a call back"
    return Panel(text, title="With no agent", title_align="left")


def _so_far(simulator: Simulator) -> Text:
    now = float(simulator.centers.center["now"][0])
    ledger = replace(simulator.open_ledger(0), horizon_s=now)
    kpis = [kpi for kpi in applicable(simulator.scenario) if kpi.name in SO_FAR]
    values = kpi_values(ledger, simulator.scenario, Objective(), kpis)
    return Text("   ".join(f"{short_label(kpi)} {value_text(kpi, value)}" for kpi, value in values.items()))


def kpi_table(values: dict[str, float], title: str) -> Table:
    """The headline KPIs with what they mean."""
    table = Table("KPI", "value", "meaning", title=title, title_justify="left")
    table.columns[1].justify = "right"
    for kpi in KPIS:
        if kpi.headline and kpi.name in values:
            table.add_row(label(kpi.name), value_text(kpi.name, values[kpi.name]), Text(kpi.meaning, "dim"))
    return table
