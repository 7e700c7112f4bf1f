"""When a machine acts first: bots before people, messages before the problem."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import Parameter, choose, does, either, feature, named
from maitred.agents.routing import Usual
from maitred.envs.decision import Action, Choices, Decisions, Kind, Policy


@dataclass(frozen=True, slots=True)
class BotFirst:
    """Contacts that a bot is likely to contain go to the bot that contains most; agents take the others.

    By default every contact that a bot may take goes there: deflection as it is sold (domain DG-1). `price_weight`
    is the chance of containment that a unit of money is worth, for a choice between bots. `rest` decides who takes
    what is kept from bots, and everything else.
    """

    contained_at_least: Parameter = 0.0
    price_weight: Parameter = 0.0
    rest: Policy = Usual()  # noqa: RUF009 (immutable)

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("bot_first", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        bots = does(decisions, Action.BOT)
        contained = feature(decisions, "resolve_p")
        likely: NDArray[np.bool_] = bots & (contained >= self.contained_at_least)
        agents = does(decisions, Action.ASSIGN) | does(decisions, Action.HOLD)
        asked = bots.any(axis=1, keepdims=True) & agents.any(axis=1, keepdims=True)
        without = replace(decisions, mask=np.where(asked, agents, decisions.mask))
        chosen = choose(decisions, contained - self.price_weight * feature(decisions, "cost"), likely)
        return either(np.asarray(likely.any(axis=1)), chosen, self.rest.act(without))


@dataclass(frozen=True, slots=True)
class Outreach:
    """A message to every customer whose predicted chance of a problem reaches a threshold (AC-4).

    Threshold 0 is blind: it writes to everybody, two thirds of whom write back (Gartner 2022). `rest` decides
    everything else.
    """

    threshold: Parameter = 0.5
    rest: Policy = Usual()  # noqa: RUF009 (immutable)

    @property
    def name(self) -> str:
        """Blind at threshold 0, else selective, with what is not default."""
        if self.threshold == 0:
            return named("outreach_blind", replace(self, threshold=0.5))
        return named("outreach_selective", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        likely = feature(decisions, "need_p") >= self.threshold
        messages = choose(decisions, np.zeros(()), does(decisions, Action.MESSAGE) & likely)
        return either(decisions.kind == Kind.OUTREACH, messages, self.rest.act(decisions))
