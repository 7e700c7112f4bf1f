"""Routing before caps: while the first part of a budget lasts, the caps are the teacher's.

Chances as open as learning routes asks for, opened for caps as well, fill a center with caps that nobody would
choose, and who takes whom is then learned in that center. Over the rule begun at, in money per case and the mean of
three seeds: on `omni`, in two million decisions, +0.056 instead of +0.031, on `bpo_chat`, in one million, +0.070
instead of +0.051 (`experiments.joint.table`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import Kind, Policy
from maitred.envs.observation import Arrays
from maitred.training.training_centers import TrainingCenters

KEPT = 0.5  # share of the budget


class RoutingFirst(TrainingCenters):
    """Centers in which, to begin with, a cap is asked for with the teacher's answer as the only legal candidate.

    Args:
        teacher: who sets the caps.
        kept: whether that still holds, given how many steps all centers have taken.
        settings: those of `TrainingCenters`.
    """

    def __init__(self, *, teacher: Policy, kept: Callable[[int], bool], **settings: Any) -> None:
        super().__init__(**settings)
        self.teacher, self.kept, self.taken = teacher, kept, 0
        self._mask = np.ones((0, 0), np.bool_)
        self._answered, self._answers = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def reset(self) -> Any:
        """Begin every center's day; then hand over."""
        return self._asked(super().reset())

    def gather(self) -> Any:
        """Put all siblings where the eldest stands; what they then observe."""
        return self._asked(super().gather())

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Keep the actions, and the teacher's where it has answered."""
        actions = actions.copy()
        actions[self._answered] = self._answers
        super().step_async(actions)

    def step_wait(self) -> Any:
        """Observations, scaled rewards, ends and infos."""
        self.taken += 1
        observed, *rest = super().step_wait()
        return self._asked(observed), *rest

    def action_masks(self) -> NDArray[np.bool_]:
        """(B, K) bool, the legal candidates of every center's decision, as it is asked for."""
        return self._mask

    def _asked(self, observed: Arrays) -> Arrays:
        """The same, with the teacher's cap in the first place, where learning looks for those that are legal."""
        caps = observed["context"][:, : len(Kind)].argmax(axis=1) == Kind.CONCURRENCY
        caps &= self.kept(self.taken)
        self._mask = super().action_masks()
        self._answered = np.flatnonzero(caps)
        if not len(self._answered):
            self._answers = self._answered
            return observed
        self._answers = self.teacher.act(self._episodes.simulator.decisions(caps)).candidate
        candidates = observed["candidates"].copy()
        candidates[self._answered, 0] = candidates[self._answered, self._answers]
        self._mask[self._answered] = False
        self._mask[self._answered, 0] = True
        return observed | {"candidates": candidates, "mask": self._mask.astype(observed["mask"].dtype)}
