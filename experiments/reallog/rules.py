"""Matching by estimated effects: the platform's order, moved by how well contact and agent suit each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import choose, feature, pairs
from maitred.envs.decision import Choices, Decisions

Effects = Literal["match", "speed", "handle"]
WEIGHTS_S = (0.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0, 100_000.0)  # from the platform's order to none but effects

TIE_S = 0.01  # for what is usual, so that contacts the platform holds for equal are not told apart by float32


@dataclass(frozen=True, slots=True)
class Matching:
    """The longest wait first, head start included, plus so many seconds per unit of log handle time saved.

    An index linear in wait and log handle time, where c-mu is linear in 1 / handle time alone. In `route` it comes to
    the agent of the least handle time, in `pull` to a trade of wait against effects; at weight 0 it is the platform's.

    Attributes:
        by: the effects that count: "match", agent x type alone; "speed", of the agent too; "handle", of the type too,
            so that short contacts go first.
        weight_s: seconds of waiting that a handle time shorter by a factor e is worth.
        head_start_s: seconds that contacts of each priority level count as having waited already.
    """

    by: Effects
    weight_s: float
    head_start_s: tuple[float, ...]

    @property
    def name(self) -> str:
        """What it matches by, and how much that counts."""
        return f"{self.by} x {self.weight_s:g} s"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        level = feature(decisions, "priority").astype(np.int64)
        waited_s = feature(decisions, "wait_s") + np.array(self.head_start_s)[level]
        waited_s += TIE_S * feature(decisions, "usual")
        return choose(decisions, waited_s - self.weight_s * self._effects(decisions), pairs(decisions))

    def _effects(self, decisions: Decisions) -> NDArray[np.float64]:
        if self.by == "handle":
            return np.log(np.maximum(feature(decisions, "handle_s"), 1.0, dtype=np.float64))
        match = feature(decisions, "fit").astype(np.float64)
        return match if self.by == "match" else match + feature(decisions, "agent_log_speed")
