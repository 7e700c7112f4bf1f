"""When a machine acts first: bots before people, messages before the problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.agents.candidates import choose, does, feature
from maitred.envs.decision import Action, Choices, Decisions


@dataclass(frozen=True, slots=True)
class BotFirst:
    """Every contact that a bot may take goes to the bot: deflection as it is sold (domain DG-1)."""

    name: str = "bot_first"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return choose(decisions, np.zeros(()), does(decisions, Action.BOT))


@dataclass(frozen=True, slots=True)
class Outreach:
    """A message to every customer whose predicted chance of a problem reaches a threshold (AC-4).

    Threshold 0 is blind: it writes to everybody, two thirds of whom write back (Gartner 2022).
    """

    name: str
    threshold: float

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        likely = feature(decisions, "need_p") >= self.threshold
        return choose(decisions, np.zeros(()), does(decisions, Action.MESSAGE) & likely)
