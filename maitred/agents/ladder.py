"""The ladder of routing practice, rung by rung: first come, distribution, rules, scores.

The four levels of the Service Sophistication Model (LV-M1..M4); each rung knows more than the one below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.agents.candidates import Parameter, choose, does, either, feature, named, pairs, uniform
from maitred.agents.routing import most_urgent
from maitred.envs.decision import Action, Choices, Decisions, Kind, draw


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

    Armony and Ward 2010, "Fair dynamic routing in large-scale heterogeneous-server systems". Call backs are offered
    at expected waits of 2 to 5 minutes (domain 2.5).
    """

    call_back_after_s: Parameter = 120.0

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("acd_longest_idle", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        nobody_free = ~does(decisions, Action.ASSIGN).any(axis=1, keepdims=True)
        long_wait = feature(decisions, "wait_s") >= self.call_back_after_s
        call_back = does(decisions, Action.CALLBACK) & long_wait & nobody_free
        return choose(decisions, np.zeros(()), pairs(decisions) | call_back)


@dataclass(frozen=True, slots=True)
class RulesSkills:
    """M3: the skilled first, the highest priority first; anybody who may answer once a contact has waited.

    A contact waits for a skilled agent, and a free agent for a contact of his skills, until the overflow delay is
    over, by default the usual answer target: priority and delay as in the routing profiles of Amazon Connect. An
    agent is skilled whose expected handle time is at most `skilled` of the type's mean [E].
    """

    overflow_after_s: Parameter = 20.0
    skilled: Parameter = 1.15

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("rules_skills", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        among = pairs(decisions)
        skilled = feature(decisions, "handle_s") <= self.skilled * feature(decisions, "type_handle_s")
        overflow = feature(decisions, "wait_s") >= self.overflow_after_s
        suited = among & (skilled | overflow)
        wait = does(decisions, Action.HOLD) & among.any(axis=1, keepdims=True) & ~suited.any(axis=1, keepdims=True)
        # Skill goes before the idle time in route, the level before the wait in pull.
        order = feature(decisions, "wait_s") + 1e6 * skilled
        return choose(decisions, order, most_urgent(decisions, suited) | wait)


@dataclass(frozen=True, slots=True)
class AiScored:
    """M4, predictive routing: the pair with the best predicted KPI, agents above the target occupancy marked down.

    One KPI, handle time over what is normal for the type; nothing ahead is considered. At full occupancy a handle
    time counts double, as in the workload balancing of Genesys Cloud; the target is domain RS-6's.
    """

    occupancy_target: Parameter = 0.85
    overload_weight: Parameter = 1.0

    @property
    def name(self) -> str:
        """The rule with what is not default."""
        return named("ai_scored", self)

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        relative = feature(decisions, "handle_s") / np.maximum(feature(decisions, "type_handle_s"), 1)
        overload = np.maximum(feature(decisions, "occupancy") - self.occupancy_target, 0) / (1 - self.occupancy_target)
        return choose(decisions, -relative * (1 + self.overload_weight * overload), pairs(decisions))
