"""Effective availability: an agent on duty is not always ready.

After each contact an agent pauses (exponential, mean `pause_mean_s`), and a free agent drifts away from the desk
now and then (exponential, mean `drift_mean_s`), as often as leaves free agents ready for `ready_share` of the time.
Time not ready is paid and booked as unavailable. Switched off, nothing here costs anything.
"""

from __future__ import annotations

from maitred.envs.kernel import chance
from maitred.envs.kernel.calendar import END_PAUSE, schedule
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.people import IDLE, UNAVAILABLE, agent_key, become_idle, release, switch_activity
from maitred.envs.kernel.queues import leave_idle

PAUSE = chance.PAUSE


@inner
def finish_contact(w, x, b, agent):
    """An agent is done with a contact: pause, or be released at once. Returns whether the agent is now idle."""
    person = x.agents[b, agent]
    pause_mean_s = w.parameters[0].pause_mean_s
    if pause_mean_s > 0 and person.on_shift == 1 and person.away == 0:
        person.contact = -1
        _pause(x, b, agent, pause_mean_s)
        return False
    return release(w, x, b, agent)


@inner
def end_pause(w, x, b, agent):
    """A pause is over unless the roster has ended it. Returns whether the agent is now idle."""
    person, center = x.agents[b, agent], x.center[b]
    if person.activity != UNAVAILABLE or person.due_s != center.now or person.away == 1:
        return False
    become_idle(w, x, b, agent)
    return True


@inner
def drift(w, x, b, agent):
    """An agent who has stayed free since this was scheduled leaves the desk for a while."""
    person = x.agents[b, agent]
    if person.activity == IDLE and person.due_s == x.center[b].now:
        leave_idle(x, b, agent)
        _pause(x, b, agent, w.parameters[0].drift_mean_s)


@inner
def _pause(x, b, agent, mean_s):
    person, center = x.agents[b, agent], x.center[b]
    person.pauses += 1
    pause_s = mean_s * chance.exponential(agent_key(x, b, agent), PAUSE, person.pauses)
    person.due_s = center.now + pause_s
    switch_activity(x, b, agent, UNAVAILABLE)
    schedule(x, b, person.due_s, END_PAUSE, agent)
