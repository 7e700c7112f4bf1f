"""Routing before caps: for the first part of learning, the caps are the teacher's.

Chances as open as learning routes asks for, opened for caps as well, fill a center with caps that nobody would
choose, and who takes whom is learned in that center. Later caps are just as open, beside routes that know their way;
caps as sure as the teacher's came no further on `bpo_chat`.

It does not always pay. Caps from half of learning on, in money per case over the rule begun at, means of three seeds
that differ by .05 to .1: on `omni` +0.056 instead of +0.031, on `bpo_chat` with cap 5 +0.070 instead of +0.051, and
the same where all agents and chats are alike (`experiments.joint.table`, 40 days); but on `bpo_chat` with cap 4
+0.007 instead of +0.088, and on `w3_chat` and `w10_adversarial` +0.094 and +0.103 instead of +0.090 and +0.117 (from
the rules of `experiments.ladder.table --steps 1000000`, 20 days).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import Kind, Policy
from maitred.envs.observation import Arrays
from maitred.training.training_centers import TrainingCenters


class FirstPart:
    """Whether the first part of learning still lasts; what comes before it, such as imitation, is no part of it.

    Args:
        share: of what is left of the budget when learning begins.
        spent: share of a budget that is spent, given the share of its decisions, in [0, 1].
        step: decisions of one step of all centers, as a share of the budget.
    """

    def __init__(self, share: float, spent: Callable[[float], float], step: float) -> None:
        self.share, self.spent, self.step = share, spent, step
        self.until: float | None = None

    def __call__(self, taken: int) -> bool:
        """Asked when learning begins, and again after every step, with the number of steps that were taken."""
        spent = self.spent(taken * self.step)
        if self.until is None:
            self.until = spent + self.share * (1 - spent)
        return spent < self.until


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
        self._mask = super().action_masks()
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
