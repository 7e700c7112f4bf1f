"""Attrition: agents leave under a hazard that rises with sustained occupancy; novices replace them (RS-11)."""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Term

COST, REPLACED = int(Term.COST), int(Term.REPLACED)
LEAVE = chance.ATTRITION
CEILING = 0.85  # occupancy above which the hazard rises (domain 2.6)


@inner
def start_of_shift(w, x, b, agent):
    """A shift begins: its occupancy starts anew, and the copilot's seat is paid."""
    person = x.agents[b, agent]
    person.shift_start_s, person.shift_busy_s = x.center[b].now, 0.0
    x.booked[b, COST] += w.parameters[0].people_copilot_cost_per_day


@inner
def end_of_shift(w, x, b, agent):
    """Add the day's hazard; where it reaches the agent's Exp(1) threshold, a novice takes over from the next day."""
    person, p = x.agents[b, agent], w.parameters[0]
    if p.people_attrition_per_year == 0:
        return
    shift_s = max(x.center[b].now - person.shift_start_s, 1.0)
    excess = max(person.shift_busy_s / shift_s - CEILING, 0.0)
    person.hazard += p.people_attrition_per_year / 365.0 * (1.0 + p.people_attrition_per_occupancy * 100.0 * excess)
    if person.hazard > chance.exponential(chance.agent_key(x, b, agent), LEAVE, person.left):
        person.left += 1
        person.hazard, person.experience_wk = 0.0, 0.0
        x.booked[b, COST] += p.people_replacement_cost
        x.booked[b, REPLACED] += 1
