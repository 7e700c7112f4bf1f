"""Attrition: agents leave under a hazard that rises with sustained occupancy; novices replace them (RS-11)."""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Term
from maitred.envs.kernel.proficiency import follows_copilot

COST, REPLACED = int(Term.COST), int(Term.REPLACED)
LEAVE = chance.ATTRITION
CEILING = 0.85  # occupancy above which the hazard rises (domain 2.6)
YEAR_S = 365 * 86400.0


@inner
def start_of_shift(w, x, b, agent, end_s):
    """A shift begins: a novice comes where the agent has left, its occupancy starts anew, and the copilot is paid.

    The hazard runs by the calendar, at the rate that the occupancy of the shift before gives it; the agent leaves
    where it reaches an Exp(1) threshold.
    """
    person, p = x.agents[b, agent], w.parameters[0]
    yearly = p.people_attrition_per_year + p.people_attrition_per_occupancy * max(_occupancy(person) - CEILING, 0.0)
    person.hazard += yearly * (end_s - person.shift_end_s) / YEAR_S
    if person.hazard > chance.exponential(chance.agent_key(x, b, agent), LEAVE, person.left):
        person.left += 1
        person.hazard, person.experience_wk = 0.0, 0.0
        x.booked[b, COST] += p.people_replacement_cost
        x.booked[b, REPLACED] += 1
    person.shift_start_s, person.shift_busy_s = x.center[b].now, 0.0
    x.booked[b, COST] += p.people_copilot_cost_per_day
    person.assisted = 1 if follows_copilot(p, x, b, agent) > 0.0 else 0


@inner
def _occupancy(person):
    """Of the last shift: busy over time at the desk (K-12), overrun as full."""
    return min(person.shift_busy_s / max(person.shift_end_s - person.shift_start_s, 1.0), 1.0)
