"""What is watched: when contacts came, with which intent, and the words of their problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Contacts:
    """N contacts of one day in time order.

    Attributes:
        s: (N,) float64, seconds since midnight.
        intent: (N,) int64.
        words: (N, W) int64, number of each word said, repeats possible.
    """

    s: NDArray[np.float64]
    intent: NDArray[np.int64]
    words: NDArray[np.int64]

    def between(self, start_s: float, end_s: float) -> Contacts:
        """Those in (start_s, end_s]."""
        first, last = np.searchsorted(self.s, [start_s, end_s], side="right")
        return Contacts(self.s[first:last], self.intent[first:last], self.words[first:last])

    def __len__(self) -> int:
        """Number of contacts."""
        return len(self.s)


def together(parts: list[Contacts]) -> Contacts:
    """Contacts of several days as one, no longer in time order."""
    return Contacts(*(np.concatenate([getattr(part, name) for part in parts]) for name in Contacts.__slots__))


def features(contacts: Contacts, vocabulary: int, intents: int) -> NDArray[np.float64]:
    """(N, vocabulary + intents) float64: whether each word is said, then whether it is of each intent."""
    x = np.zeros((len(contacts), vocabulary + intents))
    rows = np.arange(len(contacts))
    x[rows[:, None], contacts.words] = 1
    x[rows, vocabulary + contacts.intent] = 1
    return x
