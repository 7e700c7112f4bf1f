"""Who takes an arriving contact where agents learn by doing: who is quickest, or who gains from it too.

All of them know the learning curve, what the copilot does to it and each agent's experience: they expect the settled
handle time of an agent times `handle_factor` of the experience. So they run in a center whose estimates of handle
times are those of settled agents (`settled`). A freed agent takes the first in queue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import choose, feature, pairs
from maitred.envs.blocks import People
from maitred.envs.decision import Choices, Decisions, Kind
from maitred.envs.kpi.people import PROFICIENT
from maitred.envs.scenario import DAY_S, Scenario

Floats = NDArray[np.float64]


def to_learn(people: People, experience_wk: Floats) -> Floats:
    """Share of the settled handle time that is still to be saved by learning: (r - 1) 2^(-t / h) (domain 2.6)."""
    saved: Floats = (people.learn_ratio - 1) * np.exp2(-experience_wk / people.learn_half_life_wk)
    return saved


def handle_factor(people: People, experience_wk: Floats) -> Floats:
    """Expected handle time over that of a settled agent without a copilot, who follows the copilot being unknown.

    A copilot lets those who follow it, a share a of all, do 1 + g / a times as much per hour, where g falls from
    `copilot_novice` to `copilot_expert` along the learning curve.
    """
    novelty = np.exp2(-experience_wk / people.learn_half_life_wk)
    gain = people.copilot_expert + (people.copilot_novice - people.copilot_expert) * novelty
    followers = people.copilot_adherence
    saved = followers * (1 - 1 / (1 + gain / followers))
    return np.asarray((1 + (people.learn_ratio - 1) * novelty) * (1 - saved))


def settled(scenario: Scenario) -> Scenario:
    """The scenario with the handle times that agents will come to as the estimates; the truth is the traces'."""
    now = 1 + to_learn(scenario.people, scenario.agents.tenure_wk)
    return replace(scenario, agents=replace(scenario.agents, mean_s=scenario.agents.mean_s / now[:, None]))


@dataclass(frozen=True, slots=True)
class LeastWork:
    """The agent with the least work: of the contact now, less what it saves later by what it teaches.

    A contact is 1 / contacts_per_wk of a week of experience, and every later one is shorter by what the factor falls
    over it. At 0 later contacts this is the fastest server (Armony 2005), the myopic rule.

    Attributes:
        people: the learning curve.
        later_contacts: for how many later contacts of the agent the lesson counts.
    """

    people: People
    later_contacts: float

    @property
    def name(self) -> str:
        """The rule and its parameter."""
        return f"lesson counts {self.later_contacts:g} times" if self.later_contacts else "myopic"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        experience_wk = _experience_wk(decisions)
        factor = handle_factor(self.people, experience_wk)
        lesson = factor - handle_factor(self.people, experience_wk + 1 / self.people.contacts_per_wk)
        return _least(decisions, feature(decisions, "handle_s") * (factor - self.later_contacts * lesson))


@dataclass(frozen=True, slots=True)
class NovicesFirst:
    """Novices first while there is slack, the quickest of them; otherwise whoever is quickest.

    A novice is short of proficiency: the handle time is more than 10 % above the settled one (K-14).

    Attributes:
        people: the learning curve.
        free_at_least: agents who could take the contact, from which on there is slack.
    """

    people: People
    free_at_least: float

    @property
    def name(self) -> str:
        """The rule and its parameter."""
        return f"novices first, {self.free_at_least:g} free"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        experience_wk = _experience_wk(decisions)
        work_s = feature(decisions, "handle_s") * handle_factor(self.people, experience_wk)
        slack = pairs(decisions).sum(axis=1, keepdims=True) >= self.free_at_least
        first = slack & (to_learn(self.people, experience_wk) > PROFICIENT)
        return _least(decisions, np.where(first, work_s - DAY_S, work_s))


def _experience_wk(decisions: Decisions) -> Floats:
    return feature(decisions, "tenure_wk").astype(np.float64)


def _least(decisions: Decisions, work_s: Floats) -> Choices:
    """The agent of least work in `route`; in `pull` every candidate is the same agent, and the first in queue is it."""
    routes = (decisions.kind == Kind.ROUTE)[:, None]
    return choose(decisions, np.where(routes, -work_s, 0), pairs(decisions))
