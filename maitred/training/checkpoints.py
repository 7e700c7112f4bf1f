"""Checkpoints of a run: judged on another core while training goes on, and the best of them kept."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from maitred.agents.network import CandidateNetwork
from maitred.agents.ppo import TorchPolicy
from maitred.envs.decision import Policy
from maitred.training import forked
from maitred.training.learning import Log
from maitred.training.validation import Difference, Verdict

Judge = Callable[[Policy], Verdict]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A network as it stood after some number of decisions, and what is said of it."""

    network: CandidateNetwork
    steps: int
    verdict: Verdict


@dataclass(frozen=True, eq=False)
class _HandedIn:
    network: CandidateNetwork
    steps: int
    judged: forked.Forked


class Checkpoints:
    """Has networks judged, in order, and keeps the best; use it as a context.

    Learning curves of PPO are not monotone, so the last network need not be the best; all are compared on the same
    episodes. Which is the best does not depend on when verdicts come.

    Args:
        judge: compares a policy on validation episodes.
        log: receives each verdict, at the number of decisions at which its network stood.
        at_once: whether training waits for every verdict, because the judge changes what is learned from.

    Attributes:
        best: of those of which the verdict was heard.
        waited_s: wall clock that training waited for verdicts.
    """

    def __init__(self, judge: Judge, log: Log, at_once: bool) -> None:
        self.judge, self.log, self.at_once = judge, log, at_once or not forked.POSSIBLE
        self.best: Checkpoint | None = None
        self.waited_s = 0.0
        self._handed_in: list[_HandedIn] = []

    def __enter__(self) -> Self:
        """The same."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop what is still being judged."""
        while self._handed_in:
            self._handed_in.pop().judged.stop()

    def hand_in(self, network: CandidateNetwork, steps: int) -> None:
        """Have the network judged as it is now."""
        kept = copy.deepcopy(network)
        if self.at_once:
            began = time.monotonic()
            verdict = self.judge(TorchPolicy(kept))
            self.waited_s += time.monotonic() - began
            self._keep(Checkpoint(kept, steps, verdict))
        else:
            self._handed_in.append(_HandedIn(kept, steps, forked.Forked(partial(self._numbers, kept))))

    def hear(self, wait: bool = False) -> None:
        """Take note of the verdicts that are known, or of all."""
        began = time.monotonic()
        while self._handed_in and (wait or self._handed_in[0].judged.done):
            first = self._handed_in.pop(0)
            *difference, breach = first.judged.result().tolist()
            self.waited_s += time.monotonic() - began
            self._keep(Checkpoint(first.network, first.steps, Verdict(Difference(*difference), breach)))
            began = time.monotonic()

    def _numbers(self, network: CandidateNetwork) -> NDArray[np.float64]:
        verdict = self.judge(TorchPolicy(network))
        return np.array([verdict.difference.value, verdict.difference.low, verdict.difference.high, verdict.breach])

    def _keep(self, checkpoint: Checkpoint) -> None:
        """Keep it if it is the best so far, and log it."""
        verdict = checkpoint.verdict
        if self.best is None or verdict.rank > self.best.verdict.rank:
            self.best = checkpoint
        figures = {
            "validation/reward_difference": verdict.difference.value,
            "validation/breach": verdict.breach,
            "validation/best": self.best.verdict.difference.value,
        }
        self.log(figures, checkpoint.steps)
