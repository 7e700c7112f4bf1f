"""Priority levels: how a log's priority classes become the levels of a scenario."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVELS = 2
HIGH_FROM = 2  # the bank's own rule: only its class 2 has a head start, 0 and 1 queue alike


def priority_level(log_priority: ArrayLike) -> NDArray[np.int64]:
    """Return the level of each contact, 0 regular and 1 high, from its priority class in the log."""
    return (np.asarray(log_priority) >= HIGH_FROM).astype(np.int64)
