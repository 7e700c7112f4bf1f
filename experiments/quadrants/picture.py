"""Four panels, complexity upwards and urgency to the right: what each policy does there, and how many at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from experiments.quadrants.days import ACTIONS, Floats, Played
from maitred.envs.decision import Action
from maitred.training.day_pictures import QUADRANTS, WORDS
from maitred.training.paired import pooled
from maitred.training.pictures import CANDIDATE, INK, STYLE
from maitred.whole_file import whole_file

# domain 1.3, in the order of `QUADRANTS`: what is prescribed, and between which numbers of conversations at once
PRESCRIBED = (
    ("a bot, no agent", None),
    ("a bot, soon an agent", (3, 4)),
    ("an agent, in writing, later", (4, 6)),
    ("an agent, at once", (1, 2)),
)
COLOURS = {  # people now in blues, escalation red, machines in greens, later in yellows
    Action.ASSIGN: "#0072b2",
    Action.GROUP: "#56b4e9",
    Action.LIVE: "#003f66",
    Action.ESCALATE: "#d55e00",
    Action.BOT: "#009e73",
    Action.HAND_BACK: "#7fcfb4",
    Action.DEFER: "#e69f00",
    Action.ASYNC: "#f2cf7a",
    Action.CALLBACK: "#b8a200",
    Action.NEXT_ISSUE: "#cc79a7",
}
BAND = "#e0c3a0"
DOT: Any = {"color": CANDIDATE, "markersize": 7}
RING: Any = {"color": CANDIDATE, "markersize": 7, "markerfacecolor": "white"}
LABELLED = 0.06  # a smaller share has no room for its number


def draw_quadrants(played: Mapping[str, Played], path: Path) -> None:
    """Write a PNG of shares of actions and mean concurrency; the prescribed concurrency is a band behind the dots.

    Args:
        played: policies by what they are, from top to bottom.
        path: of the file.
    """
    shares = {name: np.nan_to_num(pooled(one.actions)) for name, one in played.items()}
    held = {name: np.stack([pooled(one.of("active")), pooled(one.of("held"))]) for name, one in played.items()}
    most = max(7.0, 1.1 * float(np.nanmax(list(held.values()))))
    with rc_context(STYLE):
        figure = Figure(figsize=(13, 2.6 + 1.1 * len(played)), layout="constrained")
        grid = np.asarray(figure.subfigures(2, 2, wspace=0.03, hspace=0.04))
        for q in range(len(QUADRANTS)):
            panel = grid[1 - q // 2, q % 2]
            bars, dots = _panel(panel, q, list(played))
            _shares(bars, [each[q] for each in shares.values()])
            _held(dots, [each[:, q] for each in held.values()], PRESCRIBED[q][1], most)
        shown = [a for i, a in enumerate(ACTIONS) if any(each[:, i].any() for each in shares.values())]
        handles: list[Artist] = [Patch(color=COLOURS[a], label=WORDS[a]) for a in COLOURS if a in shown]
        figure.legend(handles=[*handles, *_signs()], loc="outside lower center", ncols=6)
        with whole_file(path) as temporary:
            figure.savefig(temporary, format="png", dpi=110)


def _panel(panel: SubFigure, q: int, names: list[str]) -> tuple[Axes, Axes]:
    """The axes of one quadrant, a row for each policy."""
    bars, dots = panel.subplots(1, 2, sharey=True, width_ratios=(4, 1.5))
    bars.set_title(f"{QUADRANTS[q]}: {PRESCRIBED[q][0]}")
    bars.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5), xlim=(0, 1))
    bars.xaxis.set_major_formatter(PercentFormatter(1.0))
    bars.tick_params(axis="y", length=0)
    dots.tick_params(axis="y", length=0)
    if q < 2:
        bars.set_xlabel("share of decisions")
        dots.set_xlabel("conversations at once")
    return bars, dots


def _shares(axes: Axes, rows: list[Floats]) -> None:
    for y, row in enumerate(rows):
        left = 0.0
        for action, colour in COLOURS.items():
            share = float(row[ACTIONS.index(action)])
            axes.barh(y, share, left=left, height=0.66, color=colour)
            if share >= LABELLED:
                axes.text(left + share / 2, y, f"{share:.0%}", ha="center", va="center", color=_ink(colour), fontsize=8)
            left += share
        if not left:
            axes.text(0.01, y, "nothing decided", va="center", fontsize=8)


def _ink(colour: str) -> str:
    """Dark text on a light colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "white"


def _held(axes: Axes, values: list[Floats], band: tuple[int, int] | None, most: float) -> None:
    """A dot and a ring per policy: active conversations, their mean written above, and all that the agent holds."""
    if band:
        axes.axvspan(*band, color=BAND, alpha=0.6, linewidth=0)
    for y, (active, held) in enumerate(values):
        if active == active:
            axes.plot([active, held], [y, y], color=CANDIDATE, linewidth=1.2, zorder=1)
            axes.plot(held, y, "o", **RING)
            axes.plot(active, y, "o", **DOT)
            axes.text(active, y - 0.16, f"{active:.1f}", ha="center", va="bottom", fontsize=9, weight="bold")
    axes.set_xlim(0, most)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))


def _signs() -> list[Artist]:
    """What the marks of concurrency mean, for the legend."""
    return [
        Patch(color=BAND, label="prescribed at once"),
        Line2D([], [], linestyle="", marker="o", label="active at once", **DOT),
        Line2D([], [], linestyle="", marker="o", label="with the long silent", **RING),
    ]
