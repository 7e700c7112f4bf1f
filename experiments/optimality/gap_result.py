"""What the study of gaps found for one network at one load, as rows of tables and as figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.figures import Figure, number, print_table
from experiments.intervals import ratio_interval

TARGET = 0.01  # of the mean gap of PPO; a rule beyond it has to be beaten
HEADER = (
    "network", "load", "optimum", "best rule", "its gap %", "PPO mean %", "95 % over seeds", "max %", "below rule",
    "s each", "verdict",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """Gaps of one case."""

    network: str
    load: float
    optimum: float
    rules: dict[str, float]
    ppo: tuple[float, ...]
    seconds: float

    @property
    def best_rule(self) -> str:
        """The rule of the smallest gap."""
        return min(self.rules, key=self.rules.__getitem__)

    @property
    def verdict(self) -> str:
        """Whether the targets are met."""
        mean, rule = float(np.mean(self.ppo)), self.rules[self.best_rule]
        missed = ["above 1 %"] * (mean > TARGET) + ["not below the best rule"] * (rule > TARGET and mean >= rule)
        return "; ".join(missed) or "met"

    @property
    def cells(self) -> tuple[str, ...]:
        """Cells of the table."""
        gaps, rule = np.array(self.ppo), self.rules[self.best_rule]
        interval = ratio_interval(gaps, np.ones(len(gaps)), 0.95) if len(gaps) > 1 else None
        return (
            self.network,
            f"{self.load:g}",
            number(self.optimum),
            self.best_rule,
            percent(rule),
            percent(float(gaps.mean())),
            f"({percent(interval.low)}, {percent(interval.high)})" if interval else "-",
            percent(float(gaps.max())),
            f"{(gaps < rule).sum()}/{len(gaps)}",
            f"{self.seconds:.0f}",
            self.verdict,
        )


def percent(share: float) -> str:
    """Two decimals, the sign being in the header; what rounds to zero is not negative."""
    return f"{round(100 * share, 2) + 0.0:.2f}"


def print_rules(results: Sequence[Result]) -> None:
    """One table per network: the gap of every rule at every load."""
    for network in dict.fromkeys(one.network for one in results):
        columns = [one for one in results if one.network == network]
        names = sorted(columns[0].rules, key=columns[0].rules.__getitem__)
        rows = [(name, *(percent(one.rules[name]) if name in one.rules else "-" for one in columns)) for name in names]
        print_table(f"{network}: gaps of the rules, %", ("rule", *(f"load {one.load:g}" for one in columns)), rows)


def figures(results: Sequence[Result]) -> list[Figure]:
    """Everything by name, for a file."""
    found = []
    for one in results:
        where = f"{one.network}, load {one.load:g}"
        found.append(Figure(f"{where}, optimum", one.optimum, "money/min"))
        found += [Figure(f"{where}, {name}", gap, "gap") for name, gap in one.rules.items()]
        found += [Figure(f"{where}, ppo seed {seed}", gap, "gap") for seed, gap in enumerate(one.ppo)]
    return found
