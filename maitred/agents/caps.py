"""How many conversations an agent holds, and who is filled first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import choose, does, either, feature, pairs
from maitred.agents.routing import Usual
from maitred.envs.decision import Action, Choices, Decisions, Kind, Policy

BUDGET_SLOTS = 3.0  # conversations of medium complexity (domain 2.2: 3-4 in practice)


@dataclass(frozen=True, slots=True)
class FixedCap:
    """The same cap for everybody, always, with any rule for everything else: what platforms ship.

    Genesys Cloud sets 4 chats by default and Amazon Connect lets 1 to 10 be set. The cap on offer that is nearest
    to `slots` is taken, the lower of two.
    """

    slots: int
    routing: Policy = Usual()  # noqa: RUF009 (immutable)

    @property
    def name(self) -> str:
        """Cap and, where it is not the platform's, the rule for the rest."""
        return f"cap{self.slots}" if self.routing == Usual() else f"cap{self.slots}+{self.routing.name}"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        caps = nearest_cap(decisions, np.float64(self.slots))
        return either(decisions.kind == Kind.CONCURRENCY, caps, self.routing.act(decisions))


@dataclass(frozen=True, slots=True)
class WeightedCapacity:
    """As many conversations as their weight allows: complex ones take more of a fixed budget.

    After LivePerson's dynamic capacity, whose other half, inactive conversations at a tenth, is in the slots that
    the center counts. The weight is 0.5 + the mean believed complexity of what the agent holds; 1 without any.
    """

    name: str = "weighted_capacity"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        weight = np.where(feature(decisions, "open") > 0, 0.5 + feature(decisions, "mix"), 1.0)
        return nearest_cap(decisions, BUDGET_SLOTS / weight)


def nearest_cap(decisions: Decisions, slots: NDArray[np.floating] | np.floating) -> Choices:
    """The cap on offer nearest to `slots`, broadcast to (B, K), the lower of two; what is usual of other kinds."""
    offered = feature(decisions, "cap_set").astype(np.float64)
    return choose(decisions, -np.abs(offered - slots) - 1e-6 * offered, does(decisions, Action.CAP))


@dataclass(frozen=True, slots=True)
class LeastBusyFirst:
    """The agent with the fewest slots in use: every customer gets the most attention there is.

    Legros and Jouini 2019, "On the scheduling of operations in a chat contact center".
    """

    name: str = "least_busy_first"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return choose(decisions, -feature(decisions, "load"), pairs(decisions))


@dataclass(frozen=True, slots=True)
class MostBusyFirst:
    """The agent with the most slots in use who has room: keeps agents free for what needs one alone.

    Legros and Jouini 2019, as above.
    """

    name: str = "most_busy_first"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return choose(decisions, feature(decisions, "load"), pairs(decisions))
