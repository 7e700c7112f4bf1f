"""Fatigue: an exponentially weighted average of recent occupancy, which slows work and makes it less regular (RS-6)."""

from __future__ import annotations

import math

from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Activity

WORK, WRAP_UP, BREAK = int(Activity.WORK), int(Activity.WRAP_UP), int(Activity.BREAK)


@inner
def tire(w, person, spent_s):
    """Update an agent's fatigue and the shift's occupancy for the time spent in the present activity."""
    busy = person.activity == WORK or person.activity == WRAP_UP
    remembered = math.exp(-spent_s / w.parameters[0].people_fatigue_memory_s)
    person.fatigue = remembered * person.fatigue + (1.0 - remembered) * busy
    person.shift_busy_s += busy * spent_s
    if person.activity >= BREAK:  # the shift's clock stands still while the agent is away
        person.shift_start_s += spent_s


@inner
def fatigue_factor(w, person):
    """Work of a tired agent over that of a rested one."""
    return 1.0 + w.parameters[0].people_fatigue_work * person.fatigue
