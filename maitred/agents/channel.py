"""When a conversation changes its channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.agents.candidates import Parameter, choose, does, either, named
from maitred.agents.routing import Usual
from maitred.envs.decision import CONTEXT_NAMES, Action, Choices, Decisions, Policy

IDLE, ON_DUTY = CONTEXT_NAMES.index("agents_idle"), CONTEXT_NAMES.index("agents_on_duty")


@dataclass(frozen=True, slots=True)
class OnByVoice:
    """A written conversation is offered to go on by voice while enough agents have room (AC-8).

    A call is done in one turn and loses nobody to silence, but takes the agent alone: worth it where the rest have
    room for what comes. The share is of the agents on duty; 0 offers it always. `rest` decides everything else.
    """

    idle_share_at_least: Parameter = 0.25
    rest: Policy = Usual()  # noqa: RUF009 (immutable)

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("on_by_voice", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        share = decisions.context[:, IDLE] / np.maximum(decisions.context[:, ON_DUTY], 1)
        room = share[:, None] >= self.idle_share_at_least
        calls = does(decisions, Action.LIVE) & room
        return either(np.asarray(calls.any(axis=1)), choose(decisions, np.zeros(()), calls), self.rest.act(decisions))
