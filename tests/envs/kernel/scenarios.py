"""Small centers for tests: hypothesis strategies that turn every mechanism on and off, and plain examples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from maitred.envs.blocks import (
    Bots,
    Channels,
    Concurrency,
    Customers,
    Deferral,
    Demand,
    Dialogue,
    Handoff,
    Outreach,
    People,
    Reassess,
)
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
VOICE, CHAT, MAIL = range(3)
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


def channels(rng, types):
    """Voice, chat and mail; every type has one of them."""
    return Channels(
        ("voice", "chat", "mail"),
        of_type=rng.integers(0, 3, types),
        exclusive=np.array([1.0, 0.0, 0.0]),
        interruptible=np.array([0.0, 0.0, 1.0]),
        think_mean_s=np.array([0.0, rng.choice([20.0, 120.0]), rng.choice([600.0, 7200.0])]),
        slots=np.array([1.0, 1.0, rng.choice([0.1, 0.5, 1.0])]),
        inactive_after_s=np.array([0.0, rng.choice([0.0, 60.0]), rng.choice([0.0, 900.0])]),
        silent_share=np.array([0.0, 0.3, 0.3]),
        silence_tolerance_s=np.array([0.0, rng.choice([0.0, 600.0]), rng.choice([0.0, 7200.0])]),
        silence_timeout_s=rng.choice([30.0, 180.0, 1200.0]),
        answer_target_s=np.array([0.0, 60.0, 3600.0]),
    )


def dialogue(rng, types):
    """Simple and complex conversations of a few turns, which change as they go."""
    simple = rng.uniform(0, 1, types)
    return Dialogue(
        ("simple", "complex"),
        level=np.array([0.2, 0.8]),
        share=np.stack([simple, 1 - simple], axis=1),
        work_factor=np.array([0.1, 0.3]),
        turns_mean=np.array([2.0, 6.0]),
        phases=rng.choice([1.0, 2.0]),
        automation_share=np.array([0.5, 0.0]),
        transition=np.array([[0.0, 0.2], [0.1, 0.0]]),
        urgent_share=0.4, urgent_from_routine_p=0.1, routine_from_urgent_p=0.2,
        deadline_mean_s=rng.choice([0.0, 900.0]), signal_accuracy=rng.choice([0.5, 0.8, 1.0]),
        sentiment_sd=0.3, sentiment_work=0.5,
    )  # fmt: skip


def concurrency(rng, types):
    """Caps from one to nearly four, fixed or decided."""
    return Concurrency(
        cap_slots=rng.choice([1.0, 2.0, 3.5]), max_cap_slots=4, open_limit=rng.choice([2.0, 25.0]),
        switch_overhead=0.1, resolve_loss=0.05, decided=bool(rng.integers(2)), heavy_above_s=rng.choice([0.0, 300.0]),
    )  # fmt: skip


def bots(rng, types):
    """A cheap bot and a virtual agent, for some types."""
    return Bots(
        ("cheap", "good"),
        takes=rng.integers(0, 2, (2, types)).astype(float), first=rng.integers(0, 2, (2, types)).astype(float),
        resolve_p=rng.uniform(0, 0.8), wrong_p=0.2, turns_mean=3.0, leave_p=0.1,
        sessions=rng.choice([0.0, 1.0, 3.0], 2), cost_per_session=np.array([0.1, 0.5]), cost_per_turn=0.01,
        handoff_context=np.array([0.0, 0.8]), wrap_up_factor=np.array([1.0, 0.5]),
    )  # fmt: skip


def handoff(rng, types):
    """Wrong queues, cold and warm transfers, specialists who approve."""
    return Handoff(
        misroute_p=rng.choice([0.0, 0.3]), keep_position=bool(rng.integers(2)), context_kept=rng.choice([0.0, 0.7]),
        repeat_info_s=60.0, kept_info_s=10.0, resolve_loss=0.1, escalate_to=rng.integers(-1, types, types),
        approval_by=rng.integers(-1, types, types), approval_p=0.5, sticky_wait_s=rng.choice([0.0, 600.0]),
    )  # fmt: skip


def reassess(rng, types):
    """Any of the options at a turn boundary, for some types."""
    return Reassess(
        escalate=rng.integers(0, 2, types).astype(float), hand_back=rng.integers(0, 2, types).astype(float),
        async_of=rng.integers(-1, types, types), live_of=rng.integers(-1, types, types),
        keep_context=bool(rng.integers(2)), next_issue_s=rng.choice([0.0, 45.0], types),
        stop_bot_early=rng.integers(0, 2, types).astype(float),
    )  # fmt: skip


def deferral(rng, types):
    """Answers in writing and call-backs, for some types."""
    return Deferral(
        async_of=rng.integers(-1, types, types), promise_s=rng.choice([600.0, 14400.0]),
        callback=rng.integers(0, 2, types).astype(float), callback_window_s=rng.choice([300.0, 1800.0]),
        callback_accept_p=0.7, callback_no_answer_p=0.4,
    )  # fmt: skip


def outreach(rng, types):
    """Predicted needs, and messages in office hours, some days limited."""
    return Outreach(needs_per_h=rng.uniform(0, 2, types), messages_per_day=rng.choice([3.0, 1e6]))


def demand(rng, types):
    """Outages and induced contacts."""
    return Demand(shocks_per_month=30, shock_low_s=600, elasticity=0.3, forecast_error_cv=0.2)


def people(rng, types):
    """Everything that changes people, much faster than in life."""
    return People(
        learn_ratio=1.8, contacts_per_wk=20, nesting_wk=6, shadow_min_per_day=15, break_min=15, absence_p=0.1,
        last_call_s=1800, fatigue_work=0.3, fatigue_log_sd=0.3, empathy_sd=1, resolve_logit_se=0.5,
        copilot_novice=0.3, copilot_quality=-0.01, copilot_adherence=0.5, copilot_cost_per_day=3.0,
        attrition_per_year=10, attrition_per_occupancy=1,
    )  # fmt: skip


def customers(rng, types):
    """Few who are worth much."""
    return Customers(
        ("any", "vip"), tier_share=np.array([0.8, 0.2]), value=np.array([100.0, 1000.0]),
        patience_factor=np.array([1.0, 0.5]), churn_p=0.2, prefers_other_p=0.3, bot_intolerant_share=0.5, survey_p=0.3,
    )  # fmt: skip


MECHANISMS = {
    block.__name__: block
    for block in (
        channels, dialogue, concurrency, bots, handoff, reassess, deferral, outreach, demand, people, customers,
    )
}  # fmt: skip


def whole_world(rng: np.random.Generator, on: frozenset[str] = frozenset(MECHANISMS), **sizes) -> Scenario:
    """A small center with the mechanisms `on`, drawn at random; `sizes` as of `small_scenario`."""
    base = small_scenario(rng, **sizes)
    agents, types = base.agents, len(base.types.names)
    agents = replace(
        agents, tenure_wk=rng.uniform(0, 20, len(agents.names)), empathy=rng.normal(0, 1, len(agents.names))
    )
    blocks = {name: block(np.random.default_rng(rng.integers(2**32)), types) for name, block in MECHANISMS.items()}
    of_type = blocks["channels"].of_type
    blocks["reassess"] = replace(
        blocks["reassess"],
        async_of=on_channels(blocks["reassess"].async_of, of_type, (CHAT, MAIL)),
        live_of=on_channels(blocks["reassess"].live_of, of_type, (VOICE,)),
    )
    return replace(base, agents=agents, **{name: blocks[name] for name in sorted(on)})


def on_channels(types, of_type, allowed):
    """References to types, none in place of those on other channels."""
    return np.where(np.isin(of_type[types], allowed), types, -1)


@st.composite
def whole_worlds(draw):
    """Any mechanisms together, in a center where they meet: enough work, small caps, few candidate places."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return whole_world(
        rng,
        draw(st.frozensets(st.sampled_from(sorted(MECHANISMS)))) | {"channels"},
        types=draw(st.integers(1, 4)),
        days=draw(st.integers(1, 2)),
        per_h=draw(st.sampled_from([3.0, 10.0])),
        wrap_up_s=draw(st.sampled_from([0.0, 60.0])),
        hazard_per_h=draw(st.sampled_from([0.0, 6.0, 60.0])),
        pause_s=draw(st.sampled_from([0.0, 60.0])),
        lines=draw(st.sampled_from([0, 10])),
        routing=Routing(
            places=draw(st.integers(2, 8)), hold_s=draw(st.sampled_from([45.0, 300.0])), may_hold=draw(st.booleans()),
            offer_groups=draw(st.booleans()),
        ),
    )  # fmt: skip
