"""What the runs of a regime come to, held against the targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from experiments.feedback_loop.generations import WORSE
from experiments.intervals import Interval
from experiments.parts import Content

BELOW = 0.02  # a run has degraded once its truth is this far below generation 0


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of one regime in one setting; arrays are (seeds, 1 + generations), from generation 0 on.

    Attributes:
        setting: name of what moves.
        regime: name.
        generations: what each left, by field of `Generation`; NaN where nothing was shipped or demoted.
    """

    setting: str
    regime: str
    generations: dict[str, NDArray[np.float64]]

    @classmethod
    def of(cls, setting: str, regime: str, runs: Sequence[list[Content]]) -> Runs:
        """From one list of generations per seed."""
        fields = runs[0][0]
        return cls(setting, regime, {f: np.array([[g[f] for g in run] for run in runs], np.float64) for f in fields})

    def mean(self, field: str) -> float:
        """Over seeds and generations, generation 0 left out."""
        return float(np.mean(self.generations[field][:, 1:]))

    @property
    def above_first(self) -> NDArray[np.float64]:
        """Truth less that of generation 0's policy in the same period."""
        return np.asarray(self.generations["truth"] - self.generations["first"])

    @property
    def degraded(self) -> tuple[int, int]:
        """Runs that were ever 2 points below generation 0, and all runs."""
        return int((self.above_first < -BELOW).any(axis=1).sum()), len(self.above_first)

    @property
    def worse(self) -> tuple[int, int]:
        """Shipped generations that were truly worse than what they replaced, and all shipped generations."""
        shipped = self.generations["shipped"]
        return int((shipped < -WORSE).sum()), int(np.isfinite(shipped).sum())

    @property
    def demoted(self) -> int:
        """How often a champion made way for generation 0."""
        return int(np.isfinite(self.generations["demoted"]).sum())

    @property
    def largest_loss(self) -> float:
        """The most that one shipped generation took from the truth, 0 if none did."""
        shipped = self.generations["shipped"]
        return float(min(np.nanmin(shipped), 0.0)) if np.isfinite(shipped).any() else 0.0


def given_up(ours: Runs, theirs: Runs, field: str = "truth") -> Interval:
    """Mean truth of one regime less another's, paired by seed, with Student's interval at 95 %."""
    paired = (ours.generations[field] - theirs.generations["truth"])[:, 1:].mean(axis=1)
    half = t.ppf(0.975, len(paired) - 1) * paired.std(ddof=1) / np.sqrt(len(paired))
    return Interval(float(paired.mean()), float(paired.mean() - half), float(paired.mean() + half))
