"""How much faster or better this agent is now: learning by doing, copilot, fatigue, and many conversations at once."""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.fatigue import fatigue_factor

ADHERE = chance.ADHERE


@inner
def work_factor(w, x, b, agent):
    """Work of a turn over the agent's mean at the start of the episode, rested and without a copilot."""
    person, p = x.agents[b, agent], w.parameters[0]
    learned = _unlearned(p, person.experience_wk) / _unlearned(p, person.started_wk)
    return learned * fatigue_factor(w, person) / (1.0 + copilot_gain(w, x, b, agent))


@inner
def _unlearned(p, experience_wk):
    """Handle time over that of the settled agent: 1 + (r - 1) 2^(-t/h) (domain 2.6)."""
    return 1.0 + (p.people_learn_ratio - 1.0) * math.exp2(-experience_wk / p.people_learn_half_life_wk)


@inner
def copilot_gain(w, x, b, agent):
    """More contacts per hour with the copilot: novices gain most, and only who follows it gains (RS-7)."""
    p = w.parameters[0]
    if p.people_copilot_novice == 0 and p.people_copilot_expert == 0:
        return 0.0
    gain = p.people_copilot_novice + (p.people_copilot_expert - p.people_copilot_novice) * _settled(p, x, b, agent)
    return gain * follows_copilot(p, x, b, agent)


@inner
def resolve_gain(w, x, b, agent):
    """What the copilot adds to the chance of resolving of who follows it: a little less for experts (RS-7)."""
    p = w.parameters[0]
    if p.people_copilot_quality == 0:
        return 0.0
    return p.people_copilot_quality * _settled(p, x, b, agent) * follows_copilot(p, x, b, agent)


@inner
def _settled(p, x, b, agent):
    """How far along the learning curve an agent is: 0 for a novice, 1 for an expert."""
    return 1.0 - math.exp2(-x.agents[b, agent].experience_wk / p.people_learn_half_life_wk)


@inner
def follows_copilot(p, x, b, agent):
    """1 over the share of agents who follow the copilot for one of them, else 0, so that their average is 1.

    0 for everyone where the copilot does nothing.
    """
    if p.people_copilot_novice == 0 and p.people_copilot_expert == 0 and p.people_copilot_quality == 0:
        return 0.0
    u = chance.uniform(chance.agent_key(x, b, agent), ADHERE, x.agents[b, agent].left)
    return 1.0 / p.people_copilot_adherence if u < p.people_copilot_adherence else 0.0


@inner
def learn(w, x, b, agent):
    """A contact more of experience (RS-3)."""
    x.agents[b, agent].experience_wk += 1.0 / w.parameters[0].people_contacts_per_wk
