"""Effective availability: an agent on duty is not always ready.

After each contact an agent pauses (exponential, mean `pause_mean_s`), and a free agent drifts away from the desk
now and then (exponential, mean `drift_mean_s`), as often as leaves free agents ready for `ready_share` of the time.
Time not ready is paid and booked as unavailable. Who holds conversations neither pauses nor drifts. Switched off,
nothing here costs anything.
"""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import END_PAUSE, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.people import IDLE, UNAVAILABLE, become_idle, release, switch_activity
from maitred.envs.kernel.rooms import update_room

PAUSE = chance.PAUSE


@inner
def rest(w, x, b, agent):
    """An agent has nothing in hand: pause where agents do, or be released at once."""
    person = x.agents[b, agent]
    pause_mean_s = w.parameters[0].pause_mean_s
    if pause_mean_s > 0 and person.open == 0 and person.on_shift == 1 and person.away == 0:
        person.contact = -1
        _pause(w, x, b, agent, pause_mean_s)
    else:
        release(w, x, b, agent)


@inner
def end_pause(w, x, b, agent):
    """A pause is over unless the roster has ended it."""
    person, center = x.agents[b, agent], x.center[b]
    if person.activity != UNAVAILABLE or person.due_s != center.now or person.away != 0:
        return
    become_idle(w, x, b, agent)
    if update_room(w, x, b, agent):
        center.next_cap = agent


@inner
def drift(w, x, b, agent):
    """An agent who has stayed free since this was scheduled leaves the desk for a while."""
    person = x.agents[b, agent]
    if person.activity == IDLE and person.open == 0 and person.due_s == x.center[b].now:
        _pause(w, x, b, agent, w.parameters[0].drift_mean_s)
        update_room(w, x, b, agent)


@inner
def _pause(w, x, b, agent, mean_s):
    person, center = x.agents[b, agent], x.center[b]
    person.pauses += 1
    pause_s = mean_s * chance.exponential(chance.agent_key(x, b, agent), PAUSE, person.pauses)
    person.due_s = center.now + pause_s
    switch_activity(w, x, b, agent, UNAVAILABLE)
    schedule(x, b, person.due_s, END_PAUSE, agent)
