"""What is claimed: one contestant earns more than another; and what the cells of a grid say to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.judging import Judged, difference
from maitred.training.validation import Difference

Contest = Mapping[str, Sequence[Judged]]  # contestants of a cell, learners with one entry per training seed

# Contestants. All rules but that of the base are chosen in the cell, on training episodes.
BEST, FIFO, ACD, CMU = "best rule", "FIFO", "longest idle", "c-mu"
INNER, OUTER = "cap of 2 to 5", "cap of 1 or 6"
FIXED, WEIGHTED = "fixed cap", "weighted capacity"
PPO, RETRAINED = "PPO", "PPO trained here"
BASE_RULE = "best rule of the base"


@dataclass(frozen=True)
class Claim:
    """That `better` earns more per case than `worse`; `short` is the head of a column."""

    text: str
    short: str
    better: str
    worse: str

    def difference(self, contest: Contest) -> Difference | None:
        """What `better` earns more, the mean over training seeds, paired by day; None where one does not stand."""
        if not {self.better, self.worse} <= contest.keys():
            return None
        return difference(contest[self.better], contest[self.worse])


CLAIMS = (
    Claim("The best tuned rule beats FIFO", "best > FIFO", BEST, FIFO),
    Claim("c-mu beats longest idle", "c-mu > idle", CMU, ACD),
    Claim("The best fixed cap is neither 1 nor 6", "inner cap", INNER, OUTER),
    Claim("Weighted capacity beats the best fixed cap", "weighted cap", WEIGHTED, FIXED),
    Claim("PPO trained at the base beats the best rule tuned in the cell", "PPO > best", PPO, BEST),
    Claim("PPO trained at the base beats the best rule tuned there", "PPO > base", PPO, BASE_RULE),
    Claim("PPO trained in the cell beats the best rule tuned in it", "PPO here", RETRAINED, BEST),
)


def verdict(found: Difference) -> str:
    """What an interval says to a claim."""
    return "holds" if found.low > 0 else "opposite" if found.high < 0 else "undecided"


VERDICTS = ("holds", "undecided", "opposite")


def shares(found: Sequence[Difference]) -> dict[str, float]:
    """Share of cells with each verdict."""
    said = [verdict(one) for one in found]
    return {word: said.count(word) / len(said) for word in VERDICTS}
