"""Simulated time as people read it."""

from __future__ import annotations

from maitred.envs.scenario import DAY_S


def clock(now_s: float, days: int) -> str:
    """The time of day, with the day where an episode has several."""
    day, second = divmod(int(now_s), DAY_S)
    time = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return f"day {day + 1} of {days}, {time}" if days > 1 else time


def duration(seconds: float) -> str:
    """Minutes and seconds, as m:ss."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
