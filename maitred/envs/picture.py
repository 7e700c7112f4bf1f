"""The board of `render` as a picture."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Activity
from maitred.envs.render import Board, Desk, activity_name, desk_summary, duration

SIZE_INCHES, DOTS_PER_INCH = (10.0, 6.0), 100
NAMED_DESKS = 60  # beyond this, desks are colored tiles without text
INK, BAR = "#222222", "#e08a3c"
COLORS = {
    Activity.IDLE: "#a8ddb5",
    Activity.WORK: "#7fb3dd",
    Activity.WRAP_UP: "#c9b3e6",
}
AWAY = "#dddddd"


def board_image(board: Board) -> NDArray[np.uint8]:
    """The board as an (H, W, 3) uint8 picture."""
    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    figure.text(0.03, 0.945, board.title, fontsize=16, weight="bold", color=INK)
    figure.text(0.03, 0.9, board.question, fontsize=11, color=INK)
    _draw_desks(figure.add_axes((0.03, 0.19, 0.55, 0.63)), board)
    _draw_queues(figure.add_axes((0.71, 0.19, 0.25, 0.63)), board)
    for i, (name, value) in enumerate(board.kpis):
        x = (i + 0.5) / len(board.kpis)
        figure.text(x, 0.08, value, fontsize=17, weight="bold", ha="center", color=INK)
        figure.text(x, 0.04, name, fontsize=10, ha="center", color="#666666")
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels: NDArray[np.uint8] = np.array(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return pixels[:, :, :3].copy()


def _draw_desks(axes: Axes, board: Board) -> None:
    axes.set_title(desk_summary(board), fontsize=11, loc="left", color=INK)
    axes.axis("off")
    columns = max(4, math.ceil(math.sqrt(len(board.desks) * 0.8)))
    rows = max(4, math.ceil(len(board.desks) / columns))
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    for i, desk in enumerate(board.desks):
        _draw_desk(axes, desk, i % columns, i // columns, named=len(board.desks) <= NAMED_DESKS)


def _draw_desk(axes: Axes, desk: Desk, x: int, y: int, *, named: bool) -> None:
    color = COLORS.get(desk.activity, AWAY)
    style = "round,pad=0,rounding_size=0.06"
    axes.add_patch(FancyBboxPatch((x + 0.04, y + 0.06), 0.92, 0.88, boxstyle=style, facecolor=color, edgecolor="none"))
    if not named:
        return
    doing = desk.type if desk.activity == Activity.WORK else activity_name(desk.activity)
    axes.text(x + 0.5, y + 0.3, f"{desk.agent:.12}", fontsize=9, weight="bold", ha="center", va="center", color=INK)
    axes.text(x + 0.5, y + 0.54, f"{doing:.12}", fontsize=8, ha="center", va="center", color=INK)
    axes.text(x + 0.5, y + 0.76, duration(desk.for_s), fontsize=8, ha="center", va="center", color=INK)


def _draw_queues(axes: Axes, board: Board) -> None:
    types = [type_ for type_, _ in board.queues]
    waiting = [len(waits) for _, waits in board.queues]
    axes.set_title(f"{sum(waiting)} waiting: how many, longest wait", fontsize=11, loc="left", color=INK)
    axes.barh(types, waiting, color=BAR, height=0.6)
    axes.invert_yaxis()
    axes.set_xlim(0, max(10, *waiting) * 1.3)
    axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=INK)
    axes.xaxis.set_visible(False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    for y, (_, waits) in enumerate(board.queues):
        if waits:
            axes.text(len(waits), y, f" {len(waits)}  {duration(waits[0])}", va="center", fontsize=9, color=INK)
