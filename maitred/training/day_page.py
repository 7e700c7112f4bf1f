"""The files of a simulation: KPIs as JSON, a picture each as PNG, and a page that needs nothing from outside."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from maitred.envs.kpi import applicable
from maitred.envs.scenario import Scenario
from maitred.training import day_pictures
from maitred.training.day_record import DayRecord, trend
from maitred.training.pictures import STYLE
from maitred.training.simulate import Simulation
from maitred.training.wording import label, value_text
from maitred.whole_file import whole_file

PAGE, KPI_FILE = "day.html", "kpis.json"
DPI = 144


@dataclass(frozen=True)
class Picture:
    """A picture with what a reader should know.

    Attributes:
        name: of its file.
        heading: what it shows.
        words: how to read it.
        draw: makes the figure.
        talks: whether it needs conversations, which a center of single calls has none of.
    """

    name: str
    heading: str
    words: str
    draw: Callable[[DayRecord, Scenario], Figure]
    talks: bool = False


PICTURES = (
    Picture("queues", "Who waited", "Contacts in queue at each moment, one colour per type.", day_pictures.queues),
    Picture(
        "occupancy",
        "How busy the agents were",
        "Above: of the agents at their desks, the share at work or wrapping up. Below: everybody on shift. A customer "
        "who is thinking about a reply takes no agent's time, so an agent with open conversations can be free.",
        day_pictures.occupancy,
    ),
    Picture(
        "concurrency",
        "How many conversations at once",
        "The cap counts in slots: a heavy conversation takes two, one whose customer has long been silent a tenth. "
        "So an agent can hold more conversations than the cap, or fewer.",
        day_pictures.concurrency,
        talks=True,
    ),
    Picture(
        "quadrants",
        "What was done with whom",
        "Contacts by what is believed of them: complex above, urgent on the right. Titles tell each panel's share of "
        "all open conversations and how many its agents held at once, on average. Bars share out the decisions that "
        "changed something; to wait on and to go on as before are left out. A contact counts in every decision about "
        "it, and moves between the panels as more becomes known.",
        day_pictures.quadrants,
        talks=True,
    ),
    Picture(
        "agents",
        "Who held how many",
        "One row per agent: the darker, the more contacts in hand. Grey is off duty.",
        day_pictures.agents,
    ),
)


def write_simulation(simulation: Simulation, folder: Path) -> Path:
    """Write KPIs, pictures and page into `folder`, which is made if it is not there; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        drawn = {picture: _png(picture.draw(simulation.record, simulation.scenario)) for picture in _shown(simulation)}
    for picture, png in drawn.items():
        _write(folder / f"{picture.name}.png", png)
    _write(folder / KPI_FILE, _kpis(simulation).encode())
    _write(folder / PAGE, _html(simulation, drawn).encode())
    return folder / PAGE


def _shown(simulation: Simulation) -> list[Picture]:
    if not simulation.record.seen:
        return []
    talks = len(simulation.record.talks) > 0
    return [picture for picture in PICTURES if talks or not picture.talks]


def _html(simulation: Simulation, drawn: dict[Picture, bytes]) -> str:
    environment = Environment(
        loader=PackageLoader("maitred.training"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    correlation = trend(simulation.record)
    return environment.get_template("day.html").render(
        simulation=simulation,
        kpis=[
            (label(kpi.name), value_text(kpi.name, simulation.kpis[kpi.name]), kpi.meaning)
            for kpi in applicable(simulation.scenario)
            if kpi.headline
        ],
        pictures=[(picture, base64.b64encode(png).decode()) for picture, png in drawn.items()],
        trend=None if correlation != correlation else f"{correlation:+.2f}".replace("-", "−"),
    )


def _kpis(simulation: Simulation) -> str:
    content = {
        "scenario": simulation.scenario.name,
        "days": simulation.scenario.days,
        "policy": simulation.policy,
        "seed": simulation.seed,
        "kpis": {name: None if value != value else value for name, value in simulation.kpis.items()},
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return stream.getvalue()


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
