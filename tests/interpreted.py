"""The kernel as plain Python, to debug it and to compare it with what was compiled.

Use it in a process started with NUMBA_DISABLE_JIT=1, on small worlds: it is a thousand times slower than compiled
code. It refuses an index beyond the end of an array, which compiled code does not see.
"""

from __future__ import annotations

import warnings

import numpy as np
from numba import config

from maitred.envs import simulator

WORLD_AND_STATE = ("world", "centers")


class InterpretedSimulator(simulator.Simulator):
    """A simulator whose records have their fields as attributes, as compiled code reads them."""

    def __setattr__(self, name, value):
        if name in WORLD_AND_STATE:
            value = type(value)(*(array.view(np.recarray) if array.dtype.names else array for array in value))
        super().__setattr__(name, value)


def interpret():
    """Have every simulator of this process run the kernel as plain Python.

    Raises:
        RuntimeError: numba has compiled the kernel already.
    """
    if not config.DISABLE_JIT:
        raise RuntimeError("start the process with NUMBA_DISABLE_JIT=1")
    warnings.filterwarnings("ignore", "overflow encountered", RuntimeWarning)  # hashing multiplies modulo 2^64
    warnings.filterwarnings("ignore", "invalid value|divide by zero", RuntimeWarning)  # as in compiled code
    simulator.Simulator = InterpretedSimulator
