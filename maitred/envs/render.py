"""The board as text."""

from __future__ import annotations

from maitred.envs.board import Board, Desk, Turn
from maitred.envs.clock import duration
from maitred.envs.kernel.layout import Activity

SHOWN_DESKS = 45  # more are counted, not listed
GLYPHS = {Turn.WORK: ">", Turn.DUE: "!", Turn.CUSTOMER: "."}


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


def slots(desk: Desk) -> str:
    """Slots in use of slots allowed."""
    return f"{desk.load:.3g}/{desk.cap:.3g}"


def _desk_lines(board: Board) -> list[str]:
    shown = board.desks[:SHOWN_DESKS]
    width = max((len(d.agent) for d in shown), default=0)
    cells = [_cell(desk, width, concurrent=board.concurrent) for desk in shown]
    rows = -(-len(cells) // 3)
    lines = ["  " + "  ".join(cells[row::rows]).rstrip() for row in range(rows)]
    legend = "   ".join(f"{glyph} {turn.value}" for turn, glyph in GLYPHS.items())
    hidden = len(board.desks) - len(shown)
    return [
        f"AGENTS  {desk_summary(board)}",
        *([f"  {legend}"] if board.concurrent else []),
        *lines,
        *([f"  and {hidden} more"] if hidden else []),
    ]


def _cell(desk: Desk, width: int, *, concurrent: bool) -> str:
    cell = f"{desk.agent:<{width}}  {activity_name(desk.activity):<11} {duration(desk.for_s):>6}  {desk.type:<12.12}"
    glyphs = "".join(GLYPHS[turn] for turn in desk.turns)
    return f"{cell}  {slots(desk):>5} {glyphs:<6}" if concurrent else cell


def _queue_lines(board: Board) -> list[str]:
    width = max(len(name) for name, _ in (*board.queues, *board.elsewhere))
    lines = []
    for type_, waits in board.queues:
        longest = f"  longest {duration(waits[0])}" if waits else ""
        lines.append(f"  {type_:<{width}}  {len(waits):>3}  {'#' * min(len(waits), 40)}{longest}".rstrip())
    lines += [f"  {where:<{width}}  {n:>3}  {'+' * min(n, 40)}".rstrip() for where, n in board.elsewhere]
    return [f"QUEUES  {sum(len(waits) for _, waits in board.queues)} waiting", *lines]
