"""Customer-by-customer simulations of one agent with several conversations, as plain as can be."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.exactness.chat_chain import Turns

Floats = NDArray[np.float64]


def closed(classes: Sequence[Turns], conversations: Sequence[int], turns: int, rng: np.random.Generator) -> Floats:
    """Replies, their total time and the agent's work per class, and the elapsed time: (4, C), less a warm-up.

    Every customer has one next message; the earliest of them is the next in a line served first come first served.
    """
    owners = [c for c, count in enumerate(conversations) for _ in range(count)]
    overhead = [1 + each.switch_overhead * (len(owners) - 1) for each in classes]
    messages = [(rng.exponential(classes[c].think_s), who) for who, c in enumerate(owners)]
    heapq.heapify(messages)
    sums, free_s, warm_s = np.zeros((4, len(classes))), 0.0, 0.0
    for turn in range(turns):
        at_s, who = heapq.heappop(messages)
        c = owners[who]
        work_s = rng.exponential(classes[c].work_s * overhead[c])
        free_s = max(free_s, at_s) + work_s
        heapq.heappush(messages, (free_s + rng.exponential(classes[c].think_s), who))
        if turn == turns // 10:
            sums[:], warm_s = 0.0, free_s
        sums[:3, c] += 1.0, free_s - at_s, work_s
    sums[3] = free_s - warm_s
    return sums


class Center:
    """One agent with a cap and a waiting line, by events; `sums` holds what was counted since the last reset."""

    def __init__(self, turns: Turns, arrivals_per_s: float, cap: int, mean_turns: float, line: int, seed: int) -> None:
        self.turns, self.gap_s, self.cap, self.mean_turns, self.places = (
            turns,
            1 / arrivals_per_s,
            cap,
            mean_turns,
            line,
        )
        self.rng = np.random.default_rng(seed)
        self.now, self.opened, self.busy = 0.0, 0, False
        self.waiting: deque[float] = deque()
        self.line: deque[tuple[float, int]] = deque()  # messages: when they came, and the turns left of each
        self.events: list[tuple[float, Callable[..., None], tuple[float, int]]] = []
        self.sums = dict.fromkeys(
            ("time", "open", "work", "arrived", "lost", "wait", "opened", "reply", "replies"), 0.0
        )
        self.after(self.gap_s, self.arrive, (0.0, 0))

    def after(self, mean_s: float, event: Callable[..., None], message: tuple[float, int]) -> None:
        self.events.append((self.now + self.rng.exponential(mean_s), event, message))

    def run(self, events: int) -> dict[str, float]:
        self.sums = dict.fromkeys(self.sums, 0.0)
        for _ in range(events):
            first = min(self.events, key=lambda event: event[0])
            self.events.remove(first)
            self.add(time=first[0] - self.now, open=self.opened * (first[0] - self.now))
            self.add(work=self.busy * (first[0] - self.now))
            self.now = first[0]
            first[1](first[2])
            if self.line and not self.busy:
                self.busy = True
                overhead = 1 + self.turns.switch_overhead * (self.opened - 1)
                self.after(self.turns.work_s * overhead, self.reply, self.line.popleft())
        return self.sums

    def add(self, **amounts: float) -> None:
        for name, amount in amounts.items():
            self.sums[name] += amount

    def arrive(self, _: tuple[float, int]) -> None:
        self.after(self.gap_s, self.arrive, (0.0, 0))
        self.add(arrived=1)
        if self.opened < self.cap:
            self.open_for(self.now)
        elif len(self.waiting) < self.places:
            self.waiting.append(self.now)
        else:
            self.add(lost=1)

    def open_for(self, arrival_s: float) -> None:
        self.add(wait=self.now - arrival_s, opened=1)
        self.opened += 1
        self.line.append((self.now, int(self.rng.geometric(1 / self.mean_turns))))

    def write(self, message: tuple[float, int]) -> None:
        self.line.append((self.now, message[1]))

    def reply(self, message: tuple[float, int]) -> None:
        self.busy = False
        self.add(reply=self.now - message[0], replies=1)
        if message[1] > 1:
            self.after(self.turns.think_s, self.write, (0.0, message[1] - 1))
        else:
            self.opened -= 1
            if self.waiting:
                self.open_for(self.waiting.popleft())
