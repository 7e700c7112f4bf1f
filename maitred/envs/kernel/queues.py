"""Who waits: contacts in one linked list per type, ordered by rank; idle agents in one, longest idle first."""

from __future__ import annotations

from maitred.envs.kernel.compiler import inner


@inner
def join_queue(x, b, row):
    """Insert a contact into its type's queue by `rank_s`; almost always at the tail."""
    queued, center = x.queued[b], x.center[b]
    kind = x.contacts[b, row].type
    rank = queued[row].rank_s
    before = x.queue_tail[b, kind]
    while before >= 0 and queued[before].rank_s > rank:
        before = queued[before].previous
    after = x.queue_head[b, kind] if before < 0 else queued[before].next
    queued[row].previous, queued[row].next, queued[row].waiting = before, after, 1
    if before < 0:
        x.queue_head[b, kind] = row
    else:
        queued[before].next = row
    if after < 0:
        x.queue_tail[b, kind] = row
    else:
        queued[after].previous = row
    x.waiting_of_type[b, kind] += 1
    center.waiting += 1


@inner
def leave_queue(x, b, row):
    """Take a waiting contact out of its queue."""
    queued, center = x.queued[b], x.center[b]
    kind = x.contacts[b, row].type
    before, after = queued[row].previous, queued[row].next
    if before < 0:
        x.queue_head[b, kind] = after
    else:
        queued[before].next = after
    if after < 0:
        x.queue_tail[b, kind] = before
    else:
        queued[after].previous = before
    queued[row].waiting = 0
    x.waiting_of_type[b, kind] -= 1
    center.waiting -= 1


@inner
def join_idle(x, b, agent):
    """Append an agent to the idle list."""
    agents, center = x.agents[b], x.center[b]
    tail = center.idle_tail
    agents[agent].previous, agents[agent].next = tail, -1
    if tail < 0:
        center.idle_head = agent
    else:
        agents[tail].next = agent
    center.idle_tail = agent
    center.idle += 1
    for kind in range(x.may_answer.shape[2]):
        x.idle_of_type[b, kind] += x.may_answer[b, agent, kind]


@inner
def leave_idle(x, b, agent):
    """Take an agent out of the idle list."""
    agents, center = x.agents[b], x.center[b]
    before, after = agents[agent].previous, agents[agent].next
    if before < 0:
        center.idle_head = after
    else:
        agents[before].next = after
    if after < 0:
        center.idle_tail = before
    else:
        agents[after].previous = before
    center.idle -= 1
    for kind in range(x.may_answer.shape[2]):
        x.idle_of_type[b, kind] -= x.may_answer[b, agent, kind]
