"""The optional log of what happens in a center, turn by turn: the source of turn-level logs and of pictures."""

from __future__ import annotations

from maitred.envs.kernel.compiler import inner


@inner
def record(x, b, mark, row, agent, turn, value):
    """Write down one event where the center keeps a log; `row` and `agent` are -1 for none."""
    if x.log.shape[1] > 0:
        center = x.center[b]
        entry = x.log[b, center.logged]
        entry.s, entry.value, entry.contact, entry.agent = center.now, value, row, agent
        entry.turn, entry.mark = turn, mark
        center.logged += 1
