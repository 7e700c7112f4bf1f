"""The ladder of routing practice, rung by rung: first come, distribution, rules, scores.

The four levels of the Service Sophistication Model (LV-M1..M4); each rung knows more than the one below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.agents.candidates import choose, does, either, feature, pairs, uniform
from maitred.agents.routing import most_urgent
from maitred.envs.decision import Action, Choices, Decisions, Kind, draw

CALL_BACK_AFTER_S = 120.0  # a call back is offered at expected waits of 2 to 5 minutes (domain 2.5)
SKILLED = 1.15  # expected handle time over the type's mean up to which an agent counts as skilled [E]
OVERFLOW_AFTER_S = 20.0  # a wait after which anybody who may answer is good enough; the usual answer target
OCCUPANCY_TARGET = 0.85  # domain RS-6


@dataclass(frozen=True, slots=True)
class Fifo:
    """M1: whoever came first, to whoever picks up. Nothing is known of contacts or agents but the wait."""

    name: str = "fifo"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        among = pairs(decisions)
        first = choose(decisions, feature(decisions, "wait_s"), among)
        anyone = draw(uniform(np.where(among.any(axis=1, keepdims=True), among, decisions.mask)), decisions.key)
        return either((decisions.kind == Kind.ROUTE) & among.any(axis=1), anyone, first)


@dataclass(frozen=True, slots=True)
class LongestIdle:
    """M2, automatic call distribution: the longest idle agent, first in queue, a call back after a long wait.

    Armony and Ward 2010, "Fair dynamic routing in large-scale heterogeneous-server systems".
    """

    name: str = "acd_longest_idle"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        nobody_free = ~does(decisions, Action.ASSIGN).any(axis=1, keepdims=True)
        long_wait = feature(decisions, "wait_s") >= CALL_BACK_AFTER_S
        call_back = does(decisions, Action.CALLBACK) & long_wait & nobody_free
        return choose(decisions, np.zeros(()), pairs(decisions) | call_back)


@dataclass(frozen=True, slots=True)
class RulesSkills:
    """M3: the skilled first, the highest priority first; anybody who may answer once a contact has waited.

    A contact waits for a skilled agent, and a free agent for a contact of his skills, until the overflow delay is
    over: priority and delay as in the routing profiles of Amazon Connect.
    """

    name: str = "rules_skills"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        among = pairs(decisions)
        skilled = feature(decisions, "handle_s") <= SKILLED * feature(decisions, "type_handle_s")
        overflow = feature(decisions, "wait_s") >= OVERFLOW_AFTER_S
        suited = among & (skilled | overflow)
        wait = does(decisions, Action.HOLD) & among.any(axis=1, keepdims=True) & ~suited.any(axis=1, keepdims=True)
        # Skill goes before the idle time in route, the level before the wait in pull.
        order = feature(decisions, "wait_s") + 1e6 * skilled
        return choose(decisions, order, most_urgent(decisions, suited) | wait)


@dataclass(frozen=True, slots=True)
class AiScored:
    """M4, predictive routing: the pair with the best predicted KPI, agents above the target occupancy marked down.

    One KPI, handle time over what is normal for the type; nothing ahead is considered. At full occupancy a handle
    time counts double, as in the workload balancing of Genesys Cloud.
    """

    name: str = "ai_scored"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        relative = feature(decisions, "handle_s") / np.maximum(feature(decisions, "type_handle_s"), 1)
        overload = np.maximum(feature(decisions, "occupancy") - OCCUPANCY_TARGET, 0) / (1 - OCCUPANCY_TARGET)
        return choose(decisions, -relative * (1 + overload), pairs(decisions))
