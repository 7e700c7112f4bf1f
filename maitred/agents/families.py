"""The families of rules, and the settings of each that are tried when it is tuned to a scenario.

A setting is a name that `rules.rule` reads. A rule of routing leaves four levers to others: the message, the bot, the
change to voice and the cap; it is tuned jointly with what stands on them. The ends of the scale, chance and first
come, are what they are and are not tuned, and neither is what the platform does by itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from maitred.agents.caps import CAPS
from maitred.envs.scenario import Scenario

# As settings of one rule each, so that they can be tried side by side; a threshold above 1 is nobody.
CAP = tuple(f"weighted_capacity(slots={slots},complexity_weight={w})" for slots in CAPS for w in (0, 1))
BOT = tuple(f"bot_first(contained_at_least={p},price_weight={w})" for p in (0, 0.3, 0.45, 0.6, 2) for w in (0, 0.5))
VOICE = tuple(f"on_by_voice(idle_share_at_least={share})" for share in (0, 0.1, 0.25, 0.5, 2))
SETS_CAP = re.compile(r"(^|\+)(cap\d|weighted_capacity(\([^)]*\))?)(?=\+|$)")  # the part of a rule's name
MESSAGE = tuple(f"outreach_selective(threshold={p})" for p in (0, 0.3, 0.5, 0.7, 2))


@dataclass(frozen=True)
class Family:
    """A rule with everything that can be set.

    Attributes:
        name: what it is called; that of its rule, or of the lever that stands before it.
        rule: the rule's name.
        parameters: values of each of its own parameters, the default first.
        levers: names of rules for what it leaves to them, joined by `+`; empty where the platform decides.
    """

    name: str
    rule: str
    parameters: Mapping[str, Sequence[float]] = field(default_factory=dict)
    levers: Sequence[str] = ("",)

    def settings(self, count: int, rng: np.random.Generator) -> list[str]:
        """All settings if they are at most `count`, else about that many, the default among them.

        A Latin hypercube (McKay, Beckman and Conover 1979): every value is drawn about equally often.
        """
        sizes = [len(self.levers), *map(len, self.parameters.values())]
        if math.prod(sizes) <= count:
            return [self._setting(choice) for choice in product(*map(range, sizes))]
        columns = [rng.permuted(np.resize(rng.permutation(size), count)) for size in sizes]
        choices = np.stack(columns, axis=1)
        choices[0] = 0
        return list(dict.fromkeys(self._setting(choice) for choice in choices.tolist()))

    def _setting(self, choice: Sequence[int]) -> str:
        """The name of a setting, from the positions of the lever and of each parameter's value."""
        chosen = zip(self.parameters.items(), choice[1:], strict=True)
        values = ",".join(f"{name}={values[place]:g}" for (name, values), place in chosen)
        return "+".join(filter(None, (self.levers[choice[0]], f"{self.rule}({values})" if values else self.rule)))


def levers(scenario: Scenario) -> list[tuple[str, ...]]:
    """The levers that a scenario has, each with the rules that are tried on it; the cap, if there is one, last."""
    messages = [MESSAGE] if np.any(np.asarray(scenario.outreach.needs_per_h) > 0) else []
    bots = [BOT] if scenario.bots.names else []
    voices = [VOICE] if np.any(np.asarray(scenario.reassess.live_of) >= 0) else []
    return [*messages, *bots, *voices, *([CAP] if scenario.concurrency.decided else [])]


def families(scenario: Scenario, beside: Sequence[str] = ("",)) -> list[Family]:
    """Every family that can make a difference in a scenario, rules of routing jointly with what is `beside` them."""
    found = [Family(name, name) for name in ("random", "incumbent", "fifo")]
    found += [Family(name, name, values, beside) for name, values in _ROUTING.items()]
    if scenario.concurrency.decided:
        found.append(Family("fixed_cap", "incumbent", levers=[f"cap{slots}" for slots in CAPS]))
        found.append(Family("weighted_capacity", "weighted_capacity", _CAPACITY))
    if scenario.bots.names:
        found.append(Family("bot_first", "bot_first", _DEFLECTION))
    if VOICE in levers(scenario):
        found.append(Family("on_by_voice", "incumbent", levers=VOICE))
    if MESSAGE in levers(scenario):
        found.append(Family("outreach", "incumbent", levers=MESSAGE))
    if scenario.has_conversations:
        found += [Family(name, name, levers=beside) for name in ("least_busy_first", "most_busy_first")]
        found.append(Family("shortest_delay", "shortest_delay", _DELAY, beside))
        found.append(Family("quadrant", "quadrant", _QUADRANT))
    return found


def without_cap(name: str) -> str:
    """A rule's name without the cap that it sets; that of the platform's routing if nothing else is left."""
    return SETS_CAP.sub("", name).strip("+") or "incumbent"


_ROUTING: dict[str, Mapping[str, Sequence[float]]] = {
    "acd_longest_idle": {"call_back_after_s": (120, 30, 60, 240, 600)},
    "fastest": {},
    "priority": {},
    "cmu": {"level_cost": (1, 0, 0.25, 4)},
    "cmu_theta": {"level_cost": (1, 0, 4), "least_per_min": (0.01, 0.03, 0.1, 0.3)},
    "pmu": {"resolution_weight": (1, 0.5, 2, 4)},
    "reservation": {"reserve": (1, 0, 2, 3, 5), "patient_per_min": (0.15, 0.05, 0.3, 1000)},
    "least_loaded": {},
    "rules_skills": {"overflow_after_s": (20, 0, 5, 60, 120, 300), "skilled": (1.15, 0.85, 1, 1.3)},
    "ai_scored": {"occupancy_target": (0.85, 0.6, 0.7, 0.95), "overload_weight": (1, 0, 0.3, 3)},
}
_DELAY = {"crowding": (1, 0.1, 0.3, 3), "resolution_weight": (0, 1, 2, 4)}
_CAPACITY = {"slots": (3, 2, 2.5, 4, 5, 6), "complexity_weight": (1, 0.5, 1.5)}
_DEFLECTION = {"contained_at_least": (0, 0.15, 0.3, 0.45, 0.6, 0.75), "price_weight": (0, 0.1, 0.5)}
_QUADRANT = {
    "complex_from": (0.5, 0.35, 0.7),
    "urgent_from": (0.5, 0.3, 0.8),
    "cap_complex": (2, 1, 3, 4),
    "cap_simple": (4, 3, 5, 6),
    "bot_turns": (3, 5, 8),
}
