"""Future events of one center: a binary heap ordered by time, then by order of scheduling."""

from __future__ import annotations

from maitred.envs.kernel.compiler import inner

END_WORK, END_WRAP_UP, ABANDON, RETRIAL, REPEAT, OFFER_CONTACT, OFFER_AGENT, END_PAUSE, DRIFT = range(9)
REPLY, INACTIVE, SILENCE, BOT_TURN, CALLBACK, NEED, FOLLOW_UP, LAST_CALL = range(9, 17)


@inner
def schedule(x, b, time_s, kind, entity):
    """Add an event; `entity` is an agent or a contact row below 2^28."""
    center, heap = x.center[b], x.heap[b]
    center.sequence += 1
    code = (center.sequence << 33) | (kind << 28) | entity
    center.heap += 1
    _rise(heap, center.heap - 1, time_s, code)


@inner
def pop(x, b):
    """Remove the earliest event and return its (kind, entity).

    The hole at the root sinks to a leaf before the last event rises into it: that event is nearly always a late
    one, and choosing the earlier child is the only comparison on the way down.
    """
    center, heap = x.center[b], x.heap[b]
    code = heap[0].code
    center.heap -= 1
    n = center.heap
    i, child = 0, 1
    while child < n:
        right = min(child + 1, n - 1)
        child = right if _before(heap[right], heap[child].s, heap[child].code) else child
        heap[i].s, heap[i].code = heap[child].s, heap[child].code
        i, child = child, 2 * child + 1
    _rise(heap, i, heap[n].s, heap[n].code)
    return (code >> 28) & 31, code & 0xFFFFFFF


@inner
def _rise(heap, i, time_s, code):
    """Put an event into the hole at `i`, or above where it is earlier."""
    while i > 0:
        parent = (i - 1) >> 1
        if _before(heap[parent], time_s, code):
            break
        heap[i].s, heap[i].code = heap[parent].s, heap[parent].code
        i = parent
    heap[i].s, heap[i].code = time_s, code


@inner
def _before(event, time_s, code):
    """Whether an event of the heap comes before (time, code); written for the compiler to do without jumps."""
    return (event.s < time_s) | ((event.s == time_s) & (event.code < code))
