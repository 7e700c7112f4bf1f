"""The line at an agent's desk: open conversations whose customers wait for a reply, first come first served.

A contact is in a queue or in a line, never in both, so that both use the same links.
"""

from __future__ import annotations

from maitred.envs.kernel.compiler import inner


@inner
def join_line(x, b, agent, row):
    """Put a conversation at the end of the agent's line."""
    person, queued = x.agents[b, agent], x.queued[b]
    queued[row].next = -1
    if person.line_tail < 0:
        person.line_head = row
    else:
        queued[person.line_tail].next = row
    person.line_tail = row
    person.turns_due += 1


@inner
def jump_line(x, b, agent, row):
    """Put an interrupted conversation at the head of the agent's line."""
    person, queued = x.agents[b, agent], x.queued[b]
    queued[row].next = person.line_head
    if person.line_head < 0:
        person.line_tail = row
    person.line_head = row
    person.turns_due += 1


@inner
def first_in_line(x, b, agent):
    """Take the next conversation out of the agent's line; -1 if no customer waits."""
    person = x.agents[b, agent]
    row = person.line_head
    if row >= 0:
        person.line_head = x.queued[b, row].next
        if person.line_head < 0:
            person.line_tail = -1
        person.turns_due -= 1
    return row
