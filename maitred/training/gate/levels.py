"""The level of each next candidate, so that few of all those ever promoted are worse.

A gate that tests candidate after candidate at 5 % each promotes one in twenty of the equal ones: where improvement
has dried up, those are all it promotes. Here a level is a wealth that tests spend and promotions earn back (LORD++:
Ramdas, Yang, Wainwright and Jordan 2017, "Online control of the false discovery rate with decaying memory"). While
candidates keep proving better, as under drift, levels stay high; where they do not, levels fade.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FADING = 1.6  # gamma_j is proportional to j^-1.6
_TESTS = 10_000


def _shares() -> NDArray[np.float64]:
    shares = np.arange(1, _TESTS + 1) ** -_FADING
    return np.asarray(shares / shares.sum())


SHARES = _shares()


def level(candidate: int, promoted: Sequence[int], alpha: float = 0.05) -> float:
    """The one-sided level at which a candidate is to be tested.

    Each test must rest on decisions that came after its candidate was named; then the expected share of candidates
    not better, among all promoted, is at most alpha after any number of tests.

    Args:
        candidate: its number, 1 for the first ever tested and at most 10,000.
        promoted: numbers of the candidates promoted before it, increasing.
        alpha: accepted share of promotions that are not better, in (0, 1).
    """
    first = alpha / 2
    earned = [first if i == 0 else alpha for i in range(len(promoted))]
    return float(
        first * SHARES[candidate - 1]
        + sum(wealth * SHARES[candidate - number - 1] for wealth, number in zip(earned, promoted, strict=True))
    )
