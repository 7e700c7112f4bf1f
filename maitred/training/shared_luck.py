"""Siblings: centers that begin a rollout in one state and meet the same luck, so that what is left is what they did.

Most of what a center earns within minutes is who happened to come. No value of a state can tell that, but another
center can that went on from the same state in the same trace and decided otherwise. What a center chooses changes
nothing of what befalls another, so an advantage less a fixed share of the others' at the same time has the mean it had,
and varies less (Mao, Venkatakrishnan, Schwarzkopf and Alizadeh 2019, "Variance reduction for reinforcement learning in
input-driven environments", sec. 4; several rollouts from one state with common random numbers: Schulman et al. 2015,
"Trust region policy optimization", sec. 5.2). The share is fitted to these same advantages, which biases it by about
one part in as many as there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def less_shared_luck(advantages: Floats, decided_s: NDArray[np.float64], siblings: int) -> Floats:
    """Advantages less the part that siblings share.

    Args:
        advantages: (S, B) of S decisions in a row of B centers.
        decided_s: (S, B) when each was decided, seconds on a clock that siblings share; never falling.
        siblings: how many neighbouring centers have begun in one state; divides B.

    Returns:
        (S, B) advantage - slope * the siblings' mean advantage at that time, with the slope of least squares.
    """
    told = told_by_siblings(advantages, decided_s, siblings)
    square = float((told * told).sum())
    slope = float((advantages * told).sum()) / square if square else 0.0
    return advantages - np.float32(slope) * told


def told_by_siblings(advantages: Floats, decided_s: NDArray[np.float64], siblings: int) -> Floats:
    """(S, B) mean advantage of each center's siblings at the time of each of its decisions, between theirs linear."""
    told = np.zeros(advantages.shape)
    for first in range(0, advantages.shape[1], siblings):
        group = range(first, first + siblings)
        for one in group:
            for other in group:
                if other != one:
                    told[:, one] += np.interp(decided_s[:, one], decided_s[:, other], advantages[:, other])
    mean: Floats = (told / (siblings - 1)).astype(np.float32)
    return mean
