"""Future events of one center: a binary heap ordered by time, then by order of scheduling."""

from __future__ import annotations

from .compiler import inner

END_WORK, END_WRAP_UP, ABANDON, RETRIAL, REPEAT, OFFER_CONTACT, OFFER_AGENT, END_PAUSE, DRIFT = range(9)


@inner
def schedule(x, b, time_s, kind, entity):
    """Add an event; `entity` is an agent or a contact row below 2^28."""
    center, heap = x.center[b], x.heap[b]
    center.sequence += 1
    code = (center.sequence << 32) | (kind << 28) | entity
    i = center.heap
    center.heap += 1
    while i > 0:
        parent = (i - 1) >> 1
        if heap[parent].s < time_s or (heap[parent].s == time_s and heap[parent].code < code):
            break
        heap[i].s, heap[i].code = heap[parent].s, heap[parent].code
        i = parent
    heap[i].s, heap[i].code = time_s, code


@inner
def pop(x, b):
    """Remove the earliest event and return its (kind, entity)."""
    center, heap = x.center[b], x.heap[b]
    code = heap[0].code
    center.heap -= 1
    n = center.heap
    last_s, last_code = heap[n].s, heap[n].code
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        right = child + 1
        if right < n and (
            heap[right].s < heap[child].s or (heap[right].s == heap[child].s and heap[right].code < heap[child].code)
        ):
            child = right
        if last_s < heap[child].s or (last_s == heap[child].s and last_code < heap[child].code):
            break
        heap[i].s, heap[i].code = heap[child].s, heap[child].code
        i = child
    heap[i].s, heap[i].code = last_s, last_code
    return (code >> 28) & 15, code & 0xFFFFFFF
