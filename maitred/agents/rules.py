"""Every rule by its name: what contact centers run today, and what theory and vendors advise.

A rule answers with what is `usual` wherever it has no opinion of its own. Names are all there is to a rule:
`cap4+bot_first(contained_at_least=0.5)+cmu(level_cost=2)` sets the cap, lets a bot take what it is likely to
contain, and leaves the rest to c-mu.
"""

from __future__ import annotations

import math
import re
from dataclasses import fields, replace
from typing import Any

from maitred.agents.automation import BotFirst, Outreach
from maitred.agents.caps import CAPS, Capacity, LeastBusyFirst, MostBusyFirst, ShortestDelay
from maitred.agents.channel import OnByVoice
from maitred.agents.ladder import AiScored, Fifo, LongestIdle, RulesSkills
from maitred.agents.quadrant import Quadrant
from maitred.agents.routing import (
    CMu,
    CMuTheta,
    FastestServer,
    LeastLoaded,
    PMu,
    PriorityRule,
    Random,
    Reservation,
    Usual,
)
from maitred.envs.decision import Policy

_ALL: tuple[Policy, ...] = (
    Random(),
    Usual(),
    FastestServer(),
    PriorityRule(),
    CMu(),
    CMuTheta(),
    PMu(),
    Reservation(),
    LeastLoaded(),
    Fifo(),
    LongestIdle(),
    RulesSkills(),
    AiScored(),
    *(Capacity(slots, 0.0) for slots in CAPS),
    Capacity(),
    LeastBusyFirst(),
    ShortestDelay(),
    MostBusyFirst(),
    BotFirst(),
    OnByVoice(),
    Outreach(0.0),
    Outreach(),
    Quadrant(),
)

RULES: dict[str, Policy] = {rule.name: rule for rule in _ALL}

_ROUTING = ("random", "incumbent", "fastest", "priority", "cmu", "least_loaded")
_CONVERSATIONS = ("rules_skills", "ai_scored", "cap2", "cap4", "weighted_capacity", "quadrant")
_PART = re.compile(r"(\w+)(?:\(([^()]*)\))?")


def baselines(conversations: bool) -> list[Policy]:
    """The rules that a trained policy is judged beside: of routing, and of conversations where there are any."""
    names = (*_ROUTING, *_CONVERSATIONS) if conversations else _ROUTING
    return [RULES[name] for name in names]


class UnknownRuleError(ValueError):
    """A name that no rule has, or a parameter that it has not."""


def rule(name: str) -> Policy:
    """A rule by its name: `RULE`, `RULE(parameter=number,...)`, or `CAP+RULE` of a cap and a rule for the rest.

    The rules that leave a rest to another one are those of caps, `bot_first` and outreach; more than one may stand
    before the last.

    Raises:
        UnknownRuleError: there is none of that name, or not with such a parameter.
    """
    *before, policy = (_part(part, name) for part in name.split("+"))
    for outer in reversed(before):
        if "rest" not in _field_names(outer):
            raise UnknownRuleError(f"policy: {outer.name} leaves nothing to another rule, found {name}")
        policy = replace(outer, rest=policy)
    decided: Policy = policy
    return decided


def _part(text: str, whole: str) -> Any:
    """One rule with its parameters, of the whole name that an error shows."""
    match = _PART.fullmatch(text)
    if match is None or match[1] not in RULES:
        raise UnknownRuleError(f"policy: expected one of {', '.join(RULES)}, or CAP+RULE, found {whole}")
    found: Any = RULES[match[1]]
    free = _field_names(found) - {"rest"}
    values = {}
    for setting in filter(None, (match[2] or "").split(",")):
        parameter, _, number = setting.strip().partition("=")
        if parameter not in free:
            raise UnknownRuleError(
                f"policy: {match[1]} has {', '.join(sorted(free)) or 'no parameters'}, found {setting} in {whole}"
            )
        values[parameter] = _number(number, whole)
    return replace(found, **values)


def _field_names(policy: Any) -> set[str]:
    return {f.name for f in fields(policy)} - {"name"}


def _number(text: str, whole: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise UnknownRuleError(f"policy: expected a number of 0 or more, found {text!r} in {whole}")
    return value
