"""Every rule by its name: what contact centers run today, and what theory and vendors advise.

A rule answers with what is `usual` wherever it has no opinion of its own.
"""

from __future__ import annotations

from maitred.agents.automation import BotFirst, Outreach
from maitred.agents.caps import FixedCap, LeastBusyFirst, MostBusyFirst, WeightedCapacity
from maitred.agents.ladder import AiScored, Fifo, LongestIdle, RulesSkills
from maitred.agents.quadrant import Quadrant
from maitred.agents.routing import CMu, FastestServer, LeastLoaded, PriorityRule, Random, Usual
from maitred.envs.decision import Policy

CAPS = range(1, 7)

_ALL: tuple[Policy, ...] = (
    Random(),
    Usual(),
    FastestServer(),
    PriorityRule(),
    CMu(),
    LeastLoaded(),
    Fifo(),
    LongestIdle(),
    RulesSkills(),
    AiScored(),
    *(FixedCap(slots) for slots in CAPS),
    WeightedCapacity(),
    LeastBusyFirst(),
    MostBusyFirst(),
    BotFirst(),
    Outreach("outreach_blind", 0.0),
    Outreach("outreach_selective", 0.5),
    Quadrant(),
)

RULES: dict[str, Policy] = {rule.name: rule for rule in _ALL}

_ROUTING = ("random", "incumbent", "fastest", "priority", "cmu", "least_loaded")
_CONVERSATIONS = ("rules_skills", "ai_scored", "cap2", "cap4", "weighted_capacity", "quadrant")


def baselines(conversations: bool) -> list[Policy]:
    """The rules that a trained policy is judged beside: of routing, and of conversations where there are any."""
    names = (*_ROUTING, *_CONVERSATIONS) if conversations else _ROUTING
    return [RULES[name] for name in names]


class UnknownRuleError(ValueError):
    """A name that no rule has."""


def rule(name: str) -> Policy:
    """A rule by its name; `cap4+fastest` is a fixed cap with another rule for everything else.

    Raises:
        UnknownRuleError: there is none of that name.
    """
    cap, plus, routing = name.partition("+")
    found = RULES.get(cap)
    if plus and isinstance(found, FixedCap) and routing in RULES:
        return FixedCap(found.slots, RULES[routing])
    if plus or found is None:
        raise UnknownRuleError(f"policy: expected one of {', '.join(RULES)}, or cap1+RULE to cap6+RULE, found {name}")
    return found
