"""More contacts of one intent than there should be: a CUSUM on the counts of each minute (AN-1).

What an intent should have is its share of history's contacts at this time of day. A busy day is no anomaly, a busy
intent is; a center with a single intent has nothing to compare it with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maitred.training.drift.contacts import DAY_S, Contacts

Floats = NDArray[np.float64]

STEP_S = 60
STEPS = int(DAY_S) // STEP_S
FACTOR = 2.0  # the rise that is looked for; larger ones are found sooner


def counts(contacts: Contacts, intents: int) -> Floats:
    """(STEPS, intents) float64, contacts of each step of the day."""
    step = np.ceil(contacts.s / STEP_S).astype(np.int64) - 1
    found = np.bincount(step.clip(0, STEPS - 1) * intents + contacts.intent, minlength=STEPS * intents)
    return found.reshape(STEPS, intents).astype(np.float64)


def usual_counts(history: list[Contacts], intents: int) -> tuple[Floats, Floats]:
    """(STEPS, intents) float64 each, mean counts of past days, and as many as they may be: a standard error more.

    Not smoothed over time, as opening hours are steps.
    """
    total, days = np.sum([counts(day, intents) for day in history], axis=0), len(history)
    return total / days, (total + np.sqrt(total) + 1) / days


def volume_cusum(now: Floats, usual: Floats, most: Floats) -> Floats:
    """(STEPS, intents) float64, the CUSUM of the log likelihood ratio of `FACTOR` times an intent's usual odds.

    Given how many contacts came in a step, those of one intent are binomial, however busy it is: the conditional test
    of two Poisson rates (Przyborowski and Wilenski 1940), summed as a CUSUM (Page 1954; Lucas 1985, "Counted data
    CUSUM's"). As the likelihood ratio from any step on is a martingale of mean 1 where nothing happened, the chance
    that it ever exceeds exp(h) is at most exp(-h) (Ville 1939).

    Args:
        now: (STEPS, intents) counts of today.
        usual: (STEPS, intents) mean counts.
        most: (STEPS, intents) the counts that the intent itself is compared with, no less than `usual`, positive.
    """
    others_now, others = (table.sum(axis=1, keepdims=True) - table for table in (now, usual))
    others_share = np.log((most + others) / (FACTOR * most + others))  # raised over usual, logarithm
    step = now * (np.log(FACTOR) + others_share) + others_now * others_share
    found: Floats = np.zeros_like(step)
    level = np.zeros(now.shape[1])
    for t in range(STEPS):
        level = np.maximum(level + step[t], 0.0)
        found[t] = level
    return found


def threshold(intents: int, alarms_per_day: float) -> float:
    """The level that is exceeded on at most this share of ordinary days: a union bound over steps and intents."""
    return float(np.log(STEPS * intents / alarms_per_day))
