"""Contacts of the same case: which was followed by another, and which was the first that was served."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Outcome

SERVED = int(Outcome.SERVED)
NONE = -1


@njit(cache=True, nogil=True)
def followed_within(contacts: NDArray[np.void], window_s: float) -> NDArray[np.bool_]:
    """(N,) which of N `CONTACT` records ended at most `window_s` before the next contact of their case arrived."""
    followed = np.zeros(len(contacts), np.bool_)
    before = np.full(len(contacts), NONE)  # by case, the contact before the one at hand
    for row in range(len(contacts)):
        case = contacts[row].case
        if before[case] != NONE:
            followed[before[case]] = contacts[row].arrival_s - contacts[before[case]].end_s <= window_s
        before[case] = row
    return followed


@njit(cache=True, nogil=True)
def first_served_of_case(contacts: NDArray[np.void]) -> NDArray[np.bool_]:
    """(N,) which of N `CONTACT` records are the first contact of their case that was served."""
    first, helped = np.zeros(len(contacts), np.bool_), np.zeros(len(contacts), np.bool_)
    for row in range(len(contacts)):
        case = contacts[row].case
        if contacts[row].outcome == SERVED and not helped[case]:
            first[row] = helped[case] = True
    return first
