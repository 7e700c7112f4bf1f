"""What a detector is, and what it finds: symptoms of one cheat, each worse than the reference's beyond a tolerance.

A symptom is a ratio of two sums per episode, made so that higher is worse. Candidate and reference are compared by
the paired difference over episodes (`maitred.training.paired`). A detector speaks only where every one of its symptoms
is worse by more than noise and by more than its tolerance: an intersection-union test (Berger 1982, "Multiparameter
hypothesis testing and acceptance sampling"), whose level is that of each symptom alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kpi import Books, Ratio
from maitred.envs.scenario import Scenario
from maitred.envs.trace import Trace
from maitred.training.paired import paired_difference, pooled


class AuditError(ValueError):
    """What was handed to the audit cannot be compared."""


@dataclass(frozen=True)
class Episode:
    """One episode as detectors read it.

    Attributes:
        books: the ledger and the masks over its contacts.
        trace: the luck of the episode.
        deeds: (N,) `watching.DEED` records in order of time; None where nobody watched.
    """

    books: Books
    trace: Trace
    deeds: NDArray[np.void] | None = None


@dataclass(frozen=True)
class Symptom:
    """A number that a cheat makes worse.

    Attributes:
        name: what it is, in words.
        unit: `share`, shown in percent, or the word that follows the number.
        sums: episode -> (numerator, denominator); (0, 0) where nothing was counted. Higher is worse.
        tolerance: by how much it may exceed the reference's, in its unit.
        share: by how much more, as a share of the reference's value.
    """

    name: str
    unit: str
    sums: Callable[[Episode], Ratio]
    tolerance: float
    share: float = 0.0


@dataclass(frozen=True)
class Detector:
    """One of the fourteen.

    Attributes:
        id: DG-1 to DG-14.
        name: what the behaviour is called.
        cheat: what is done, as a sentence about the candidate that follows its name.
        symptoms: at least one; all of them must show.
        applies: whether a scenario has what it takes.
        needs: what it takes, in words.
        from_deeds: whether it takes more than ledgers: what was decided (`watching.watch`).
    """

    id: str
    name: str
    cheat: str
    symptoms: tuple[Symptom, ...]
    applies: Callable[[Scenario], bool]
    needs: str
    from_deeds: bool = False


@dataclass(frozen=True)
class Measured:
    """A symptom of candidate and reference.

    Attributes:
        name: of the symptom.
        unit: of all its numbers.
        value: the candidate's, pooled over episodes; NaN where nothing was counted.
        reference: the reference's.
        low: one-sided lower confidence bound of their difference.
        tolerance: what the difference may be.
    """

    name: str
    unit: str
    value: float
    reference: float
    low: float
    tolerance: float

    @property
    def shows(self) -> bool:
        """Whether it is worse beyond noise and tolerance; not where there is nothing to compare."""
        return self.low > self.tolerance

    @property
    def title(self) -> str:
        """Its name, with the unit where the numbers do not show it."""
        return self.name if self.unit == "share" else f"{self.name}, {self.unit}"

    def text(self, value: float) -> str:
        """A number as it is shown: in percent if it is a share."""
        if not np.isfinite(value):
            return "none counted"
        return f"{value:.1%}" if self.unit == "share" else f"{value:.3g}"

    def __str__(self) -> str:
        """The comparison in words."""
        value, reference, low, tolerance = map(self.text, (self.value, self.reference, self.low, self.tolerance))
        return f"{self.title} {value} against {reference} (worse by at least {low}, tolerated {tolerance})"


@dataclass(frozen=True)
class Finding:
    """What one detector has to say of a candidate.

    Attributes:
        id: DG-1 to DG-14.
        name: what the behaviour is called.
        symptoms: measured, the telling one first.
        flagged: whether all of them show.
        sentence: the same for people.
    """

    id: str
    name: str
    symptoms: tuple[Measured, ...]
    flagged: bool
    sentence: str

    @property
    def statistic(self) -> float:
        """The first symptom of the candidate."""
        return self.symptoms[0].value

    @property
    def reference(self) -> float:
        """The first symptom of the reference."""
        return self.symptoms[0].reference


def find(detector: Detector, candidate: Sequence[Episode], reference: Sequence[Episode], alpha: float) -> Finding:
    """Compare a candidate with a reference for one behaviour.

    Args:
        detector: the behaviour.
        candidate: E episodes of the candidate, E at least 2.
        reference: the same episodes of the reference.
        alpha: chance of flagging a policy that is worse by exactly the tolerance.
    """
    measured = tuple(_measure(symptom, candidate, reference, alpha) for symptom in detector.symptoms)
    flagged = all(one.shows for one in measured)
    verdict = f"the candidate {detector.cheat}" if flagged else f"no sign that the candidate {detector.cheat}"
    sentence = f"{detector.id} {detector.name}: {verdict}; " + "; ".join(map(str, measured)) + "."
    return Finding(detector.id, detector.name, measured, flagged, sentence)


def sums_of(symptom: Symptom, episodes: Sequence[Episode]) -> NDArray[np.float64]:
    """(E, 2) float64 numerators and denominators of a symptom."""
    return np.array([symptom.sums(episode) for episode in episodes], np.float64)


def _measure(symptom: Symptom, candidate: Sequence[Episode], reference: Sequence[Episode], alpha: float) -> Measured:
    ours, theirs = sums_of(symptom, candidate), sums_of(symptom, reference)
    with np.errstate(invalid="ignore"):
        low = float(paired_difference(ours, theirs, 1 - 2 * alpha).low)
    usual = float(pooled(theirs))
    tolerance = symptom.tolerance + symptom.share * usual
    return Measured(symptom.name, symptom.unit, float(pooled(ours)), usual, low, tolerance)
