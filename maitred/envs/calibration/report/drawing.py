"""How every picture of the report looks: measured in grey with its interval, fitted in colour."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from maitred.envs.calibration.log_arrays import PERIODS

MEASURED, FITTED, SECOND = "0.35", "#0072B2", "#D55E00"
WIDTH_IN = 10.0
STYLE: Any = {  # matplotlib types its keys as a literal of 300 names
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "0.92",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.hashsalt": "maitred",  # the same fits give the same bytes
}


@dataclass(frozen=True)
class Picture:
    """A picture of the page. `title` says what one sees, `note` how it was made."""

    title: str
    note: str
    source: str  # data URI


def panels(
    rows: int, columns: int, height_in: float, *, sharex: bool = False, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """Return a figure of the page's width with `rows` x `columns` axes, row by row."""
    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey)
    return figure, list(axes.ravel())


def picture(figure: Figure, title: str, note: str) -> Picture:
    """Embed a figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return Picture(title, note, f"data:image/svg+xml;base64,{encoded}")


def legend_below(figure: Figure, axes: Axes) -> None:
    """Explain the marks of `axes`, which all panels share, under the figure."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))


def hours_of_day() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the middles of the half-hours of a day, (48,) hours."""
    return (np.arange(PERIODS) + 0.5) * 24 / PERIODS


def clock_axis(axes: Axes) -> None:
    """Label an axis of hours of the day."""
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 3))
    axes.set_xlabel("hour of the day")
