"""A few numbers worked out on another core, in a fork of this process, while this one goes on.

A thread would do where most time is spent outside of Python; a learner and a simulation both run some hundred short
operations in every step, and as threads each took twice as long, waiting for the interpreter.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

Work = Callable[[], NDArray[np.float64]]
POSSIBLE = sys.platform == "linux"  # macOS has forks, but not all of its libraries work in them


class Forked:
    """Work begun in a fork, which sees everything as it is now and changes nothing here.

    Args:
        work: what to do, given back as (N,) float64; few enough for a pipe to hold, some thousand.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self._answer, ours = os.pipe()
        self._process: int | None = os.fork()
        if self._process == 0:
            _answer(work, ours)
        os.close(ours)

    @property
    def done(self) -> bool:
        """Whether `result` need not wait."""
        if self._process is not None and os.waitpid(self._process, os.WNOHANG)[0]:
            self._process = None
        return self._process is None

    def result(self) -> NDArray[np.float64]:
        """Wait for the numbers, once; where the fork has failed, work them out here, or raise what the work raises."""
        with os.fdopen(self._answer, "rb") as pipe:
            told = pipe.read()
        self._wait()
        return np.frombuffer(told) if told else self.work()

    def stop(self) -> None:
        """Give up on it."""
        if self._process is not None:
            os.kill(self._process, signal.SIGKILL)
        os.close(self._answer)
        self._wait()

    def _wait(self) -> None:
        if self._process is not None:
            os.waitpid(self._process, 0)
            self._process = None


def _answer(work: Work, pipe: int) -> None:
    """Do the work and end, leaving what belongs to the process that went on alone."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts means the other one, which stops this one
        torch.set_num_threads(1)  # OpenMP's own threads are not forked
        os.write(pipe, np.asarray(work(), np.float64).tobytes())
    finally:
        os._exit(0)
