"""Mixed classes in chat against a simulation that keeps the conversations themselves, turns first come first served."""

import random
from statistics import mean, stdev

from experiments.optimality.assembly import assemble
from experiments.optimality.network import ChatAgent, ChatClass, ChatNetwork
from experiments.optimality.rules import chat_rules
from experiments.optimality.solver import evaluate

BATCHES, EVENTS = 40, 3000

QUICK = ChatClass("quick", 0.3, 2.0, 1.0, 3.0, 12, 3.0, 1.5, 0.5, 0.0)
SLOW = ChatClass("slow", 0.2, 4.0, 2.0, 5.0, 12, 4.0, 0.5, 4.0, 0.0)
NETWORK = ChatNetwork("one agent", "", 0.2, (QUICK, SLOW), (ChatAgent("agent", 3, (0.3, 1.5), (1.0, 1.0)),))


class Desk:
    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.waiting, self.line, self.thinking, self.slow_down = [0, 0], [], [], None

    def open_next(self):
        opened = len(self.line) + len(self.thinking)
        if any(self.waiting) and opened < 3:
            i = max((0, 1), key=lambda i: self.waiting[i] / NETWORK.classes[i].arrivals_per_min)
            self.waiting[i] -= 1
            self.line.append(i)

    def begin_turn(self):
        if self.line and self.slow_down is None:
            self.slow_down = 1 + NETWORK.switch_overhead * (len(self.line) + len(self.thinking) - 1)

    def step(self):
        """One event; returns the minutes before it and what they and it cost."""
        events = [(one.arrivals_per_min, self.arrive, i) for i, one in enumerate(NETWORK.classes)]
        events += [(self.waiting[i] / one.patience_min, self.give_up, i) for i, one in enumerate(NETWORK.classes)]
        events += [(1 / NETWORK.classes[i].think_min, self.write, k) for k, i in enumerate(self.thinking)]
        if self.line:
            work = NETWORK.agents[0].work_min[self.line[0]] * self.slow_down
            events.append((1 / work, self.reply, None))
        minutes = self.draw.expovariate(sum(rate for rate, _, _ in events))
        cost = sum(n * one.waiting_cost_per_min for n, one in zip(self.waiting, NETWORK.classes, strict=True))
        cost += sum(NETWORK.classes[i].reply_cost_per_min for i in self.line)
        _, happen, what = self.draw.choices(events, [rate for rate, _, _ in events])[0]
        return minutes, minutes * cost + happen(what)

    def arrive(self, i):
        self.waiting[i] += 1
        self.open_next()
        self.begin_turn()
        return 0.0

    def give_up(self, i):
        self.waiting[i] -= 1
        return NETWORK.classes[i].abandonment_cost

    def write(self, k):
        self.line.append(self.thinking.pop(k))
        self.begin_turn()
        return 0.0

    def reply(self, _):
        i, self.slow_down = self.line.pop(0), None
        if self.draw.random() < 1 / NETWORK.classes[i].mean_turns:
            self.open_next()
        else:
            self.thinking.append(i)
        self.begin_turn()
        return 0.0


def test_mixed_classes_agree_with_a_simulation():
    model = assemble(NETWORK)
    exact = evaluate(model.process, chat_rules(model)["fixed caps 3"]).cost_per_min
    desk, excess = Desk(seed=1), []
    for _ in range(BATCHES):
        minutes, costs = map(sum, zip(*(desk.step() for _ in range(EVENTS)), strict=True))
        excess.append((costs - exact * minutes) / minutes)
    error = stdev(excess) / BATCHES**0.5
    assert error < 0.03 * exact
    assert abs(mean(excess)) < 3.3 * error, (mean(excess), error, exact)
