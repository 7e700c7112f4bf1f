"""Is this minute like the same time of other days? Words and intents by a classifier, volume by a CUSUM (AN-1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from maitred.training.drift.contacts import Contacts, features, together
from maitred.training.drift.detector import Detector, fit_detector
from maitred.training.drift.two_sample import two_sample
from maitred.training.drift.volume import STEP_S, STEPS, counts, threshold, usual_counts, volume_cusum

Floats = NDArray[np.float64]

WINDOW_S = 300.0
HISTORY = 300  # contacts of history that a window is compared with
FEWEST = 30  # contacts in a window that are worth a test
QUIET_STEPS = 60  # an alarm within an hour of another is the same


@dataclass(frozen=True, slots=True)
class Watched:
    """A day, minute by minute.

    Attributes:
        auc: (STEPS,) float64, of the window that ends with the step; 0.5 where it holds too few contacts.
        z: (STEPS,) float64, the classifier's standardised score.
        volume: (STEPS, intents) float64, CUSUM of each intent's counts.
        z_limit: score beyond which the classifier raises an alarm.
        volume_limit: level beyond which the volume does.
    """

    auc: Floats
    z: Floats
    volume: Floats
    z_limit: float
    volume_limit: float

    @property
    def alarmed(self) -> NDArray[np.bool_]:
        """(STEPS,) bool, either is beyond its limit."""
        found: NDArray[np.bool_] = (self.z > self.z_limit) | (self.volume > self.volume_limit).any(axis=1)
        return found

    def alarms_s(self) -> list[float]:
        """When alarms are raised, seconds of the day; those within an hour of the last are the same alarm."""
        raised: list[float] = []
        last = -QUIET_STEPS - 1
        for step in np.flatnonzero(self.alarmed):
            if step - last > QUIET_STEPS:
                raised.append((int(step) + 1) * float(STEP_S))
            last = int(step)
        return raised


def watch(history: list[Contacts], now: Contacts, vocabulary: int, intents: int, seed: int, rate: float) -> Watched:
    """Compare every minute of a day with past days.

    The limits follow from the stated rate, half of it for each test, by a union bound over minutes; neighbouring
    minutes share most of their contacts, so that fewer alarms are to be expected.

    Args:
        history: past ordinary days of the same type.
        now: the day.
        vocabulary: number of words.
        intents: number of intents.
        seed: of the folds and of what is taken from history.
        rate: false alarms a day, at most.
    """
    rng = np.random.default_rng(seed)
    auc, z = np.full(STEPS, 0.5), np.zeros(STEPS)
    for step in range(STEPS):
        end_s = (step + 1) * float(STEP_S)
        window = now.between(end_s - WINDOW_S, end_s)
        past = some(same_time(history, end_s), HISTORY, rng)
        if min(len(window), len(past)) >= FEWEST:
            x, y = (features(part, vocabulary, intents) for part in (window, past))
            found = two_sample(x, y, rng)
            auc[step], z[step] = found.auc, found.z
    volume = volume_cusum(counts(now, intents), *usual_counts(history, intents))
    return Watched(auc, z, volume, float(-ndtri(rate / 2 / STEPS)), threshold(intents, rate / 2))


def explain(history: list[Contacts], now: Contacts, at_s: float, vocabulary: int, intents: int) -> Detector:
    """Learn what the window before an alarm has that the same time of other days has not."""
    return fit_detector(now.between(at_s - WINDOW_S, at_s), same_time(history, at_s), vocabulary, intents)


def same_time(history: list[Contacts], end_s: float) -> Contacts:
    """Contacts of past days in the window that ends at a time of day: the mix of intents changes within the hour."""
    return together([day.between(end_s - WINDOW_S, end_s) for day in history])


def some(contacts: Contacts, count: int, rng: np.random.Generator) -> Contacts:
    """`count` of the contacts, or all if there are fewer."""
    chosen = rng.choice(len(contacts), min(count, len(contacts)), replace=False)
    return Contacts(contacts.s[chosen], contacts.intent[chosen], contacts.words[chosen])
