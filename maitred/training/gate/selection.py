"""The best of many candidates: ranked on one log, and only the winner tested on another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maitred.training.gate.difference import Estimate


def best(validated: Sequence[Estimate]) -> int:
    """Place of the candidate to be tested: that of the highest mean less one standard error on validation decisions.

    What it scored there is too good by the luck of being picked, and is no evidence. Its test on decisions that had
    no part in the ranking needs no correction for how many were ranked. The standard error is taken off because the
    luckiest of many is mostly one of those that vary most.

    Args:
        validated: of each candidate against the champion, on the same validation decisions.
    """
    return int(np.argmax([one.mean - one.error for one in validated]))
