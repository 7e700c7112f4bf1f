"""A table of choices as a policy, and policies compared on walks that share their luck."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.optimality.chain import NONE, Chain, chain_of, forced, walk, walkers_at
from experiments.optimality.chain_decisions import ChainDecisions
from experiments.optimality.process import Floats, Ints
from maitred.envs.decision import Choices, Decisions, Policy
from maitred.training.paired import paired_difference
from maitred.training.validation import Difference

WARM_UP = 5_000  # ticks from the empty network until costs count


@dataclass(frozen=True)
class TablePolicy:
    """A choice for each row of `Process.choices` as a `Policy`; it reads the row from a decision's key."""

    decisions: ChainDecisions
    table: Ints
    name: str

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        rows = decisions.key.astype(np.int64)
        order, _ = self.decisions.candidates(rows)
        return Choices((order == self.table[rows][:, None]).argmax(axis=1), np.ones(len(rows)))


@dataclass(frozen=True)
class Luck:
    """Walks on which policies are compared: the same keys for each.

    Attributes:
        decisions: of the network.
        seed: of the keys.
        walkers: how many walk.
        ticks: events that each meets after the warm-up.
    """

    decisions: ChainDecisions
    seed: np.random.SeedSequence
    walkers: int
    ticks: int

    @cached_property
    def chain(self) -> Chain:
        """Where they walk."""
        return chain_of(self.decisions.model.process, len(self.decisions.model.network.classes))

    def walked(self, policy: Policy, met: Ints) -> tuple[Floats, Ints]:
        """Let every walker follow a policy, which is asked once for each decision that any of them comes to.

        Args:
            policy: who decides.
            met: rows of decisions that are expected to come up; asking for them together is quicker.

        Returns:
            (E, 2) cost in money and time in minutes of each walker; rows of all decisions that were asked for.
        """
        process = self.decisions.model.process
        lands = forced(process)
        had_no_choice = lands != NONE
        walkers = walkers_at(process.start, self.seed, self.walkers)
        self._answer(policy, met, lands)
        for last_tick in (WARM_UP, WARM_UP + self.ticks):
            walkers.minutes[:] = walkers.cost[:] = 0.0
            walk(self.chain, lands, walkers, last_tick)
            while (asked := walkers.decision != NONE).any():
                rows = walkers.decision[asked].astype(np.int64)
                self._answer(policy, np.unique(rows[lands[rows] == NONE]), lands)
                walkers.state[asked] = lands[rows]
                walk(self.chain, lands, walkers, last_tick)
        return np.stack((walkers.cost, walkers.minutes), axis=1), np.flatnonzero((lands != NONE) & ~had_no_choice)

    def _answer(self, policy: Policy, rows: Ints, lands: NDArray[np.int32]) -> None:
        if len(rows):
            choice = self.decisions.choices(policy, rows)
            lands[rows] = self.decisions.model.process.choices[rows, choice]


@dataclass(frozen=True)
class ChainValidation:
    """Walks to choose checkpoints on, with what a reference policy made of them."""

    luck: Luck
    reference: Floats
    met: Ints

    def difference(self, policy: Policy) -> Difference:
        """Cost per minute that a policy saves over the reference."""
        walked, _ = self.luck.walked(policy, self.met)
        saved = paired_difference(walked * (-1, 1), self.reference * (-1, 1))
        return Difference(*(float(bound) for bound in saved))


def validation_against(reference: Policy, luck: Luck) -> ChainValidation:
    """Let the reference walk."""
    return ChainValidation(luck, *luck.walked(reference, np.zeros(0, np.int64)))
