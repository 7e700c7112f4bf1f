"""Random decisions within the declared range of every feature, for tests of whatever decides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import (
    CANDIDATE_FEATURES,
    CANDIDATE_NAMES,
    CONTEXT_FEATURES,
    CONTEXT_NAMES,
    Action,
    Decisions,
    Feature,
    Kind,
)

HOLD, USUAL = CANDIDATE_NAMES.index("is_hold"), CANDIDATE_NAMES.index("usual")
_TIME = [CONTEXT_NAMES.index("time_of_day_sin"), CONTEXT_NAMES.index("time_of_day_cos")]
_TYPICAL = {"s": 600.0, "1/min": 0.5, "level": 5.0}
_PARTS = {
    part: np.array([f.part == part and f.name != "need_p" for f in CANDIDATE_FEATURES])
    for part in ("contact", "agent", "pair")
}
_CONTACT, _AGENT, _PAIR = _PARTS["contact"], _PARTS["agent"], _PARTS["pair"]
_NEED = np.array([f.name == "need_p" for f in CANDIDATE_FEATURES])

# Of each kind: what all candidates share, what an assignment adds, and the actions there may be besides.
_SHARED = {
    Kind.ROUTE: _CONTACT,
    Kind.PULL: _AGENT,
    Kind.REASSESS: _CONTACT | _AGENT | _PAIR,
    Kind.CONCURRENCY: _AGENT,
    Kind.OUTREACH: _NEED,
}
_ADDED = {Kind.ROUTE: _AGENT | _PAIR, Kind.PULL: _CONTACT | _PAIR}
_ACTS = {
    Kind.ROUTE: (Action.BOT, Action.GROUP, Action.DEFER, Action.CALLBACK, Action.HOLD),
    Kind.PULL: (Action.HOLD,),
    Kind.REASSESS: (
        Action.CONTINUE, Action.NEXT_ISSUE, Action.ESCALATE, Action.HAND_BACK, Action.ASYNC, Action.LIVE,
    ),
    Kind.CONCURRENCY: (Action.CAP,) * 8,
    Kind.OUTREACH: (Action.CONTINUE, Action.MESSAGE),
}  # fmt: skip
_CARRIED = {
    Action.BOT: ("cost", "handle_s", "resolve_p"),
    Action.HAND_BACK: ("cost", "handle_s", "resolve_p"),
    Action.DEFER: ("delay_s",),
    Action.CALLBACK: ("delay_s", "cost"),
    Action.CAP: ("cap_set",),
    Action.MESSAGE: ("cost",),
}


def sample_decisions(
    count: int, places: int, *, seed: int, holds: bool = True, kinds: tuple[Kind, ...] = (Kind.ROUTE, Kind.PULL)
) -> Decisions:
    """`count` decisions of 2 to `places` candidates; the last of a route or pull is to hold where `holds`."""
    rng = np.random.default_rng(seed)
    context = _features(rng, CONTEXT_FEATURES, (count,))
    kind = rng.choice(np.array(kinds), count)
    context[:, : len(Kind)] = np.eye(len(Kind), dtype=np.float32)[kind]
    angle = rng.uniform(0, 2 * np.pi, count)
    context[:, _TIME] = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    drawn = _features(rng, CANDIDATE_FEATURES, (count, places))
    candidates, mask = np.zeros_like(drawn), np.zeros((count, places), np.bool_)
    for row in range(count):
        actions = _actions(rng, Kind(int(kind[row])), places, holds=holds)
        for place, action in enumerate(actions):
            candidates[row, place] = _candidate(Kind(int(kind[row])), action, drawn[row, 0], drawn[row, place])
        candidates[row, rng.integers(len(actions)), USUAL] = 1
        mask[row, : len(actions)] = True
    return Decisions(rng.integers(0, 2**63, count).astype(np.uint64), context, candidates, mask)


def _actions(rng: np.random.Generator, kind: Kind, places: int, *, holds: bool) -> list[Action]:
    """What each candidate does, in the order of a short list."""
    acts = [action for action in _ACTS[kind] if action != Action.HOLD]
    if kind not in _ADDED:
        return acts[: max(2, rng.integers(2, places + 1))]
    hold = [Action.HOLD] if holds else []
    wanted = int(rng.integers(2, places + 1)) - len(hold)
    besides = int(rng.integers(0, min(len(acts), wanted - 1) + 1)) if wanted > 1 else 0
    return [Action.ASSIGN] * (wanted - besides) + acts[:besides] + hold


def _candidate(
    kind: Kind, action: Action, subject: NDArray[np.float32], own: NDArray[np.float32]
) -> NDArray[np.float32]:
    values = subject * _SHARED[kind]
    if action == Action.ASSIGN:
        return values + own * _ADDED[kind]
    values[HOLD + action - 1] = 1
    for name in _CARRIED.get(action, ()):
        values[CANDIDATE_NAMES.index(name)] = own[CANDIDATE_NAMES.index(name)]
    return values


def _features(rng: np.random.Generator, features: tuple[Feature, ...], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """(*shape, F): exponential where the unit is natural, uniform where it is not, inside the range."""
    columns = [
        rng.exponential(_TYPICAL.get(f.unit, 20.0), shape)
        if f.unit not in ("1", "0/1")
        else rng.uniform(max(f.low, -3), min(f.high, 3), shape)
        for f in features
    ]
    values = np.stack(columns, axis=-1)
    return values.clip([f.low for f in features], [f.high for f in features]).astype(np.float32)
