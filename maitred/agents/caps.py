"""How many conversations an agent holds, and who is filled first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import Parameter, choose, does, either, feature, named, pairs
from maitred.agents.routing import Usual
from maitred.envs.decision import Action, Choices, Decisions, Kind, Policy

CAPS = range(1, 7)  # of fixed caps


@dataclass(frozen=True, slots=True)
class Capacity:
    """As many conversations as an agent's slots allow: a number for everybody, or fewer where they are complex.

    A fixed cap is what platforms ship: Genesys Cloud sets 4 chats by default and Amazon Connect lets 1 to 10 be set.
    With a `complexity_weight` w a conversation weighs 1 - w/2 + w * believed complexity, in the mean over what the
    agent holds, and 1 without any: LivePerson's dynamic capacity, whose other half, inactive conversations at a
    tenth, is in the slots that the center counts. The default is 3 conversations of medium complexity (domain 2.2:
    3-4 in practice). The cap on offer nearest to that is taken, the lower of two; `rest` decides everything else.
    """

    slots: Parameter = 3.0
    complexity_weight: Parameter = 1.0
    rest: Policy = Usual()  # noqa: RUF009 (immutable)

    @property
    def name(self) -> str:
        """`cap4` and the like, or `weighted_capacity` with what is not default."""
        if self.complexity_weight == 0 and self.slots in CAPS:
            return named(f"cap{self.slots:g}", replace(self, slots=3.0, complexity_weight=1.0))
        return named("weighted_capacity", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        half = self.complexity_weight / 2
        mixed = 1 - half + self.complexity_weight * feature(decisions, "mix")
        caps = nearest_cap(decisions, self.slots / np.where(feature(decisions, "open") > 0, mixed, 1.0))
        return either(decisions.kind == Kind.CONCURRENCY, caps, self.rest.act(decisions))


def nearest_cap(decisions: Decisions, slots: NDArray[np.floating]) -> Choices:
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
class ShortestDelay:
    """The agent with whom the conversation is expected to be over first; a freed agent takes the first in queue.

    Each slot in use counts as `crowding` times the work of the conversation itself, and resolution as a power of its
    chance, as in p-mu. Selen, Adan, Kapodistria and van Leeuwaarden 2016, "Steady-state analysis of shortest expected
    delay routing", for servers with queues of their own, which agents who hold conversations are.
    """

    crowding: Parameter = 1.0
    resolution_weight: Parameter = 0.0

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("shortest_delay", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        routes = (decisions.kind == Kind.ROUTE)[:, None]
        delay_s = np.maximum(feature(decisions, "handle_s"), 1) * (1 + self.crowding * feature(decisions, "load"))
        resolved_per_s = feature(decisions, "resolve_p") ** self.resolution_weight / delay_s
        return choose(decisions, np.where(routes, resolved_per_s, 0), pairs(decisions))


@dataclass(frozen=True, slots=True)
class MostBusyFirst:
    """The agent with the most slots in use who has room: keeps agents free for what needs one alone.

    Legros and Jouini 2019, as above.
    """

    name: str = "most_busy_first"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return choose(decisions, feature(decisions, "load"), pairs(decisions))
