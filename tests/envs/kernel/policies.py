"""Policies that a test needs: one that likes some actions, and one that does anything at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from maitred.agents.candidates import feature, uniform
from maitred.envs.decision import Action, Decisions, best, draw


def always(decisions: Decisions) -> np.ndarray:
    return decisions.mask


@dataclass(frozen=True)
class Prefer:
    """Takes the first of `actions` that is legal, where `when` says so per candidate; else what is usual."""

    actions: tuple[Action, ...]
    when: Callable[[Decisions], np.ndarray] = always
    name: str = "prefer"

    def act(self, decisions):
        scores = feature(decisions, "usual").astype(float)
        for rank, action in enumerate(reversed(self.actions), start=1):
            scores += 2 * rank * feature(decisions, f"is_{action.name.lower()}") * self.when(decisions)
        return best(scores, decisions.mask)


@dataclass(frozen=True)
class Anything:
    """Any legal candidate, hold included, with equal probability."""

    name: str = "anything"

    def act(self, decisions):
        return draw(uniform(decisions.mask), decisions.key)


USUAL = Prefer(())
