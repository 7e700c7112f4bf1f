"""The traces that centers play one after another, each center on a stream of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maitred.envs.scenario import Scenario
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace

TOGETHER = 64  # traces drawn in a row; one alone, between two steps of all centers, takes twice as long: cold caches


class Streams:
    """The traces of B centers.

    That of center b's episode e follows from (seed, b // siblings, e) alone, so it depends neither on how many centers
    there are nor on when the others finish.

    Args:
        scenario: the centers' scenario.
        centers: their number B.
        siblings: how many neighbouring centers play the same traces.

    Raises:
        ValueError: siblings do not divide the centers.
    """

    def __init__(self, scenario: Scenario, centers: int, siblings: int = 1) -> None:
        if centers % siblings:
            raise ValueError(f"siblings: expected a divisor of {centers} centers, found {siblings}")
        self._scenario, self._siblings = scenario, siblings
        self._next = [0] * centers
        self._drawn: dict[int, Trace] = {}
        self._entropy = 0

    def seed(self, entropy: int) -> None:
        """Let every stream start anew."""
        self._next = [0] * len(self._next)
        self._drawn.clear()
        self._entropy = entropy

    def trace(self, center: int, episode: int, start_weekday: int | None = None) -> Trace:
        """The trace of one center's episode, both counted from 0 since seeding."""
        seed = np.random.SeedSequence(self._entropy, spawn_key=(center // self._siblings, episode))
        return draw_trace(self._scenario, seed, start_weekday)

    def next(self, center: int, start_weekday: int | None = None) -> Trace:
        """The trace of the center's next episode."""
        if start_weekday is not None:
            self._drawn[center] = self.trace(center, self._next[center], start_weekday)
        elif center not in self._drawn:
            self._draw(center)
        self._next[center] += 1
        return self._drawn.pop(center)

    @property
    def begun(self) -> NDArray[np.int64]:
        """(B,) how many episodes each center has begun since seeding."""
        return np.array(self._next)

    def go_on_from(self, source: NDArray[np.int64]) -> None:
        """Let every center go on as its sibling `source` (B,) would."""
        before = self._next
        self._next = [before[s] for s in source.tolist()]
        self._drawn = {b: trace for b, trace in self._drawn.items() if self._next[b] == before[b]}

    def _draw(self, first: int) -> None:
        """Draw what the center plays next, and along with it what those after it will."""
        for center in range(first, first + TOGETHER):
            b = center % len(self._next)
            if b not in self._drawn:
                self._drawn[b] = self.trace(b, self._next[b])
