"""Small centers for tests: one hypothesis strategy that turns every feature on and off, and plain examples."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from maitred.envs.scenario import (
    DAY_S,
    Agents,
    Arrivals,
    ContactTypes,
    Patience,
    Returns,
    Routing,
    Scenario,
    Service,
    Staffing,
)

PERIODS = 24
shares = st.sampled_from([0.0, 0.3, 0.9])


def coming_back(retrial_p: float, short_p: float, unresolved_p: float) -> Returns:
    """Callers who come back within the hour."""
    return Returns(
        retrial_p=retrial_p, retrial_mean_s=600.0, repeat_short_p=short_p, repeat_short_mean_s=120.0,
        repeat_unresolved_p=unresolved_p, repeat_unresolved_mean_s=1800.0,
    )  # fmt: skip


@st.composite
def small_scenarios(draw):
    """Any few types, agents and groups; shifts that overlap, follow on one another or run round the clock."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return small_scenario(
        rng,
        types=draw(st.integers(1, 3)),
        levels=draw(st.integers(1, 2)),
        groups=draw(st.integers(1, 2)),
        days=draw(st.integers(1, 3)),
        per_h=draw(st.sampled_from([1.0, 6.0, 15.0])),
        distribution=draw(st.sampled_from(["exponential", "lognormal"])),
        wrap_up_s=draw(st.sampled_from([0.0, 120.0])),
        hazard_per_h=draw(st.sampled_from([0.0, 6.0, 60.0])),
        returns=coming_back(draw(shares), draw(shares), draw(shares)),
        availability=draw(st.sampled_from([1.0, 0.6])),
        pause_s=draw(st.sampled_from([0.0, 60.0])),
        lines=draw(st.sampled_from([0, 3, 10])),
        routing=Routing(
            places=draw(st.integers(2, 5)), hold_s=draw(st.sampled_from([1.0, 45.0])), may_hold=draw(st.booleans())
        ),
    )


def small_scenario(
    rng: np.random.Generator,
    *,
    types: int = 2,
    levels: int = 2,
    groups: int = 2,
    days: int = 1,
    per_h: float = 10.0,
    distribution: str = "lognormal",
    wrap_up_s: float = 60.0,
    hazard_per_h: float = 6.0,
    returns: Returns | None = None,
    availability: float = 0.8,
    pause_s: float = 0.0,
    lines: int = 0,
    routing: Routing | None = None,
) -> Scenario:
    """A center with random rates, people and shifts of the given sizes."""
    agents = 3 * groups
    may_answer = rng.random((agents, types)) < 0.6
    may_answer[np.arange(agents), rng.integers(0, types, agents)] = True
    may_answer[0] = True
    start, end, group = shifts(rng, groups)
    return Scenario(
        name="small",
        description="random",
        days=days,
        types=ContactTypes(
            tuple(f"type {i}" for i in range(types)), np.full((types, levels), 1 / levels), np.arange(levels) * 90.0
        ),
        arrivals=Arrivals(
            3600, rng.uniform(0, 2 * per_h / types, (1, types, PERIODS)), np.zeros(7, int), ("any",), 0.3, 0.2, 0.5
        ),
        agents=Agents(
            names=tuple(f"agent {i}" for i in range(agents)),
            group=np.arange(agents) % groups,
            group_names=tuple(f"group {i}" for i in range(groups)),
            weight=rng.uniform(0.1, 2, agents),
            may_answer=may_answer,
            mean_s=rng.uniform(60, 2400, (agents, types)),
            log_se=np.full((agents, types), 0.2),
            resolve_p=rng.uniform(0.2, 0.9, (agents, types)),
            short_share=rng.uniform(0, 0.2, agents),
            cost_per_min=rng.uniform(0.3, 0.9, groups),
        ),
        service=Service(distribution, np.full(types, 0.8), np.full(types, wrap_up_s), rng.uniform(0.5, 2, PERIODS)),
        patience=Patience(
            np.array([0.0, 60.0]),
            np.tile([0.5 * hazard_per_h / 3600, hazard_per_h / 3600], (types, levels, 1)),
            rng.uniform(0.5, 2, PERIODS),
        ),
        returns=returns or coming_back(0.5, 0.5, 0.2),
        staffing=Staffing(
            np.zeros(len(start), int), group, start, end, rng.integers(1, 3, len(start)),
            availability=availability, lines=lines, pause_mean_s=pause_s, ready_share=0.7 if pause_s else 1.0,
        ),
        routing=routing or Routing(places=4, hold_s=30.0),
    )  # fmt: skip


def shifts(rng, groups):
    """Per group three shifts that start anywhere, and one soon after the first, when its overrun may not be over."""
    start = rng.choice(np.arange(0, 18 * 4) * 900.0, (groups, 4))
    end = start + rng.choice([3600.0, 4 * 3600.0, DAY_S], (groups, 4))
    start[:, 3] = np.minimum(end[:, 0], 22 * 3600) + rng.choice([0.0, 300.0], groups)
    end[:, 3] = start[:, 3] + 3600
    end = np.minimum(end, DAY_S - rng.choice([0.0, 300.0], groups)[:, None])
    order = np.argsort(start, axis=None, kind="stable")
    group = np.repeat(np.arange(groups), 4)[order]
    return start.ravel()[order], end.ravel()[order], group
