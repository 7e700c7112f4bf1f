"""Induced demand: easier contact brings more contacts, thinned from a stream drawn for the greatest ease (WF-4)."""

from __future__ import annotations

import math

from maitred.envs.kernel.compiler import inner


@inner
def feel(w, x, b, easy):
    """A contact was easy (answered in time, or contained) or not; ease is a fading average of that, 0..1."""
    center, p = x.center[b], w.parameters[0]
    if p.demand_elasticity > 0:
        remembered = math.exp(-(center.now - center.ease_s) / p.demand_ease_memory_s)
        # A single contact must not count for nothing where many come at once.
        remembered = min(remembered, 0.999)
        center.ease = remembered * center.ease + (1.0 - remembered) * easy
        center.ease_s = center.now


@inner
def comes(x, b, induced):
    """Whether an arrival of the trace happens: ordinary ones always, induced ones where ease is high enough."""
    return induced <= 0 or induced <= x.center[b].ease
