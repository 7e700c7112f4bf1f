"""The board of `render` as a picture."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle
from numpy.typing import NDArray

from maitred.envs.board import Board, Desk, Turn
from maitred.envs.clock import duration
from maitred.envs.kernel.layout import Activity
from maitred.envs.render import activity_name, desk_summary, slots

SIZE_INCHES, DOTS_PER_INCH = (10.0, 6.0), 100
NAMED_DESKS = 60  # beyond this, desks are colored tiles without text
SHOWN_TURNS = 8  # squares in a tile; the slots tell of the rest
INK, QUIET_INK, QUEUED, ELSEWHERE = "#222222", "#666666", "#e08a3c", "#8d9bb0"
COLORS = {
    Activity.IDLE: "#a8ddb5",
    Activity.WORK: "#7fb3dd",
    Activity.WRAP_UP: "#c9b3e6",
}
AWAY = "#dddddd"
TURN_COLORS = {Turn.WORK: "#1f4e79", Turn.DUE: "#d7301f", Turn.CUSTOMER: "#ffffff"}


def board_image(board: Board) -> NDArray[np.uint8]:
    """The board as an (H, W, 3) uint8 picture."""
    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    figure.text(0.03, 0.945, board.title, fontsize=16, weight="bold", color=INK)
    figure.text(0.03, 0.9, board.question, fontsize=11, color=INK)
    _draw_desks(figure.add_axes((0.03, 0.19, 0.57, 0.63)), board)
    _draw_queues(figure.add_axes((0.74, 0.19, 0.23, 0.63)), board)
    if board.concurrent:
        _draw_legend(figure)
    for i, (name, value) in enumerate(board.kpis):
        x = (i + 0.5) / len(board.kpis)
        figure.text(x, 0.06, value, fontsize=17, weight="bold", ha="center", color=INK)
        figure.text(x, 0.025, name, fontsize=10, ha="center", color=QUIET_INK)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels: NDArray[np.uint8] = np.array(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return pixels[:, :, :3].copy()


def _draw_legend(figure: Figure) -> None:
    """What the squares in the tiles mean."""
    patches = [Patch(facecolor=c, edgecolor=QUIET_INK, label=turn.value) for turn, c in TURN_COLORS.items()]
    figure.legend(
        handles=patches, loc="upper left", bbox_to_anchor=(0.02, 0.18), ncol=len(patches), fontsize=9, frameon=False
    )


def _draw_desks(axes: Axes, board: Board) -> None:
    axes.set_title(desk_summary(board), fontsize=11, loc="left", color=INK)
    axes.axis("off")
    columns = max(4, math.ceil(math.sqrt(len(board.desks) * 0.8)))
    rows = max(4, math.ceil(len(board.desks) / columns))
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    for i, desk in enumerate(board.desks):
        x, y = i % columns, i // columns
        _draw_tile(axes, desk, x, y)
        if len(board.desks) <= NAMED_DESKS:
            _write_tile(axes, desk, x, y, min(9.0, 54 / rows, 40 / columns), concurrent=board.concurrent)
        _draw_turns(axes, desk, x, y)


def _draw_tile(axes: Axes, desk: Desk, x: int, y: int) -> None:
    color, style = COLORS.get(desk.activity, AWAY), "round,pad=0,rounding_size=0.06"
    axes.add_patch(FancyBboxPatch((x + 0.04, y + 0.06), 0.92, 0.88, boxstyle=style, facecolor=color, edgecolor="none"))


def _write_tile(axes: Axes, desk: Desk, x: int, y: int, size: float, *, concurrent: bool) -> None:
    doing = desk.type if desk.activity == Activity.WORK else activity_name(desk.activity)
    lines = (f"{desk.agent:.12}", f"{doing:.12}", duration(desk.for_s))
    if concurrent:  # two lines leave room for the conversations
        lines = (f"{lines[0]} {slots(desk)}", f"{lines[1]}  {lines[2]}", "")
    for i, line in enumerate(lines):
        weight = "normal" if i else "bold"
        axes.text(x + 0.5, y + 0.26 + 0.25 * i, line, fontsize=size, weight=weight, ha="center", va="center", color=INK)


def _draw_turns(axes: Axes, desk: Desk, x: int, y: int) -> None:
    """A square per open conversation, along the foot of the tile."""
    shown = desk.turns[:SHOWN_TURNS]
    left = x + 0.5 - 0.055 * len(shown)
    for i, turn in enumerate(shown):
        at = (left + 0.11 * i, y + 0.71)
        axes.add_patch(Rectangle(at, 0.09, 0.16, facecolor=TURN_COLORS[turn], edgecolor=QUIET_INK, linewidth=0.5))


def _draw_queues(axes: Axes, board: Board) -> None:
    names = [name for name, _ in (*board.queues, *board.elsewhere)]
    waiting = [len(waits) for _, waits in board.queues]
    counts = waiting + [n for _, n in board.elsewhere]
    axes.set_title(f"{sum(waiting)} waiting (and longest wait)", fontsize=11, loc="left", color=INK)
    colors = [QUEUED] * len(waiting) + [ELSEWHERE] * len(board.elsewhere)
    axes.barh(names, counts, color=colors, height=0.6)
    axes.invert_yaxis()
    axes.set_xlim(0, max(10, *counts) * 1.4)
    axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=INK)
    axes.xaxis.set_visible(False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    longest = [duration(waits[0]) if waits else "" for _, waits in board.queues] + [""] * len(board.elsewhere)
    for y, (n, wait) in enumerate(zip(counts, longest, strict=True)):
        if n:
            axes.text(n, y, f" {n}  {wait}", va="center", fontsize=9, color=INK)
