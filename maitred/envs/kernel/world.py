"""The scenario as the kernel reads it: records of numbers by center, type, channel, bot, agent and pair."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from maitred.envs.blocks import BLOCKS
from maitred.envs.blocks.fields import array, declared
from maitred.envs.scenario import Scenario

Array = NDArray[Any]


def _fields(*axes: str) -> list[tuple[str, str]]:
    """(block_field, dtype) of every field of the blocks that differs along exactly these axes."""
    return [
        (f"{name}_{f.name}", "f8" if f.metadata["kind"] == "number" else "i8")
        for name, block in BLOCKS.items()
        for f in declared(block)
        if f.metadata["axes"] == axes
    ]


PARAMETERS = np.dtype(
    [
        ("horizon_s", "f8"), ("period_s", "f8"), ("hold_s", "f8"), ("answer_target_s", "f8"),
        ("short_max_s", "f8"), ("retrial_p", "f8"), ("retrial_mean_s", "f8"), ("repeat_short_p", "f8"),
        ("repeat_unresolved_p", "f8"), ("repeat_short_mean_s", "f8"),
        ("repeat_unresolved_mean_s", "f8"), ("lines", "i8"), ("may_hold", "i8"),
        ("exponential", "i8"), ("places", "i8"), ("pause_mean_s", "f8"), ("drift_mean_s", "f8"),
        ("ready_share", "f8"), ("talks", "i8"), ("people_change", "i8"), ("offer_groups", "i8"), ("groups", "i8"),
        *_fields(),
    ]
)  # fmt: skip
TYPE = np.dtype([("log_sd", "f8"), ("wrap_up_mean_s", "f8"), ("handle_s", "f8"), ("options", "i8"), *_fields("type")])
CHANNEL = np.dtype(_fields("channel"))
COMPLEXITY = np.dtype(_fields("complexity"))
BOT = np.dtype(_fields("bot"))
TIER = np.dtype(_fields("tier"))
PERSON = np.dtype(
    [
        ("short_share", "f8"), ("log_speed", "f8"), ("cost_per_s", "f8"), ("types", "f8"), ("group", "i8"),
        ("tenure_wk", "f8"), ("empathy", "f8"),
    ]
)  # fmt: skip
PAIR = np.dtype([("handle_s", "f8"), ("log_se", "f8"), ("fit", "f8"), ("resolve_p", "f8")])


class World(NamedTuple):
    """The scenario as the kernel reads it. Estimates here are what policies may see."""

    parameters: Array  # (1,) PARAMETERS
    types: Array  # (T,) TYPE
    people: Array  # (A,) PERSON
    pairs: Array  # (A, T) PAIR
    head_start_s: Array  # (P,)
    patience_from_s: Array  # (H,)
    hazard_per_s: Array  # (T, P, H)
    service_factor: Array  # (N,) by period of the day
    patience_factor: Array  # (N,)
    channels: Array  # (N,) CHANNEL
    complexities: Array  # (C,) COMPLEXITY
    share: Array  # (T, C)
    transition: Array  # (C, C), rows sum to 1
    bots: Array  # (R,) BOT
    bot_takes: Array  # (R, T)
    bot_first: Array  # (R, T)
    bot_resolve_p: Array  # (R, T, C)
    tiers: Array  # (V,) TIER
    group_may: Array  # (G, T) whether anyone of the group may answer the type


def world_of(scenario: Scenario) -> World:
    """The scenario as arrays, with the derived estimates that observations show."""
    agents, sizes = scenario.agents, scenario.sizes
    types, people, pairs = _estimates(scenario)
    _fill(types, scenario, "type")
    types["options"] = _options(scenario)
    bots = scenario.bots
    world = World(
        _parameters(scenario), types, people, pairs, scenario.types.head_start_s, scenario.patience.from_s,
        scenario.patience.hazard_per_s, scenario.service.period_factor, scenario.patience.period_factor,
        channels=_fill(np.zeros(sizes["channel"], CHANNEL), scenario, "channel"),
        complexities=_fill(np.zeros(sizes["complexity"], COMPLEXITY), scenario, "complexity"),
        share=_share(scenario),
        transition=_transition(scenario),
        bots=_fill(np.zeros(sizes["bot"], BOT), scenario, "bot"),
        bot_takes=_block_array(bots, "takes", sizes),
        bot_first=_block_array(bots, "first", sizes),
        bot_resolve_p=containment(scenario),
        tiers=_fill(np.zeros(sizes["tier"], TIER), scenario, "tier"),
        group_may=np.array(
            [(agents.may_answer[agents.group == g]).any(axis=0) for g in range(len(agents.group_names))], dtype=float
        ),
    )  # fmt: skip
    # Plain copies: to numba a read-only or strided array is another type, and the kernel would compile once more.
    return World(*(np.array(field, order="C") for field in world))


def containment(scenario: Scenario) -> NDArray[np.float64]:
    """(R, T, C) chance that a bot resolves a contact."""
    sizes, bots = scenario.sizes, scenario.bots
    resolve, factor = _block_array(bots, "resolve_p", sizes), _block_array(bots, "intent_factor", sizes)
    return np.minimum(resolve[:, None, :] * factor[:, :, None], 1.0)


def _block_array(block: Any, name: str, sizes: dict[str, int]) -> NDArray[np.float64]:
    return array(block, next(f for f in declared(block) if f.name == name), sizes)


def _share(scenario: Scenario) -> NDArray[np.float64]:
    share = _block_array(scenario.dialogue, "share", scenario.sizes)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _transition(scenario: Scenario) -> NDArray[np.float64]:
    moves = _block_array(scenario.dialogue, "transition", scenario.sizes).copy()
    np.fill_diagonal(moves, 0)
    np.fill_diagonal(moves, 1 - moves.sum(axis=1))
    return moves


def _options(scenario: Scenario) -> NDArray[np.int64]:
    """(T,) whether anything but agents and waiting may be decided about an arriving contact of the type."""
    sizes, deferral = scenario.sizes, scenario.deferral
    bot = _block_array(scenario.bots, "takes", sizes).any(axis=0)
    later = (_block_array(deferral, "async_of", sizes) >= 0) | (_block_array(deferral, "callback", sizes) > 0)
    return np.asarray(bot | later | scenario.routing.offer_groups, dtype=np.int64)


def _fill(records: Array, scenario: Scenario, axis: str) -> Array:
    for name in BLOCKS:
        block = getattr(scenario, name)
        for f in declared(block):
            if f.metadata["axes"] == (axis,):
                records[f"{name}_{f.name}"] = array(block, f, scenario.sizes)
    return records


def _parameters(scenario: Scenario) -> Array:
    routing, returns, staffing = scenario.routing, scenario.returns, scenario.staffing
    parameters = np.zeros(1, PARAMETERS)
    for name, value in {
        "horizon_s": scenario.horizon_s,
        "period_s": scenario.arrivals.period_s,
        "hold_s": routing.hold_s,
        "answer_target_s": routing.answer_target_s,
        "short_max_s": scenario.service.short_max_s,
        "retrial_p": returns.retrial_p,
        "retrial_mean_s": returns.retrial_mean_s,
        "repeat_short_p": returns.repeat_short_p,
        "repeat_unresolved_p": returns.repeat_unresolved_p,
        "repeat_short_mean_s": returns.repeat_short_mean_s,
        "repeat_unresolved_mean_s": returns.repeat_unresolved_mean_s,
        "lines": staffing.lines,
        "may_hold": routing.may_hold,
        "exponential": scenario.service.distribution == "exponential",
        "places": routing.places,
        "pause_mean_s": staffing.pause_mean_s,
        "drift_mean_s": staffing.drift_mean_s,
        "ready_share": staffing.ready_share,
        "talks": scenario.has_conversations,
        "people_change": scenario.people != type(scenario.people)(),
        "offer_groups": routing.offer_groups,
        "groups": len(scenario.agents.group_names),
    }.items():
        parameters[name] = value
    for name in BLOCKS:
        block = getattr(scenario, name)
        for f in declared(block):
            if not f.metadata["axes"]:
                parameters[f"{name}_{f.name}"] = getattr(block, f.name)
    return parameters


def _estimates(scenario: Scenario) -> tuple[Array, Array, Array]:
    agents = scenario.agents
    types = np.zeros(len(scenario.types.names), TYPE)
    people = np.zeros(len(agents.names), PERSON)
    pairs = np.zeros(agents.mean_s.shape, PAIR)
    may = agents.may_answer
    types["log_sd"], types["wrap_up_mean_s"] = scenario.service.log_sd, scenario.service.wrap_up_mean_s
    types["handle_s"] = agents.type_mean_s
    relative = np.where(may, np.log(np.where(may, agents.mean_s, 1.0) / types["handle_s"]), 0.0)
    people["log_speed"] = np.average(relative, axis=1, weights=may)
    people["short_share"], people["types"] = agents.short_share, may.sum(axis=1)
    people["cost_per_s"], people["group"] = agents.cost_per_min[agents.group] / 60, agents.group
    people["tenure_wk"], people["empathy"] = agents.tenure_wk, agents.empathy
    pairs["handle_s"], pairs["log_se"], pairs["resolve_p"] = agents.mean_s, agents.log_se, agents.resolve_p
    pairs["fit"] = np.where(may, relative - people["log_speed"][:, None], 0.0)
    return types, people, pairs
