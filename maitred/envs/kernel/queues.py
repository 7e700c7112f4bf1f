"""Who waits: contacts in one linked list per type, ordered by rank."""

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
