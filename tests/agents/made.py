"""Decisions made by hand, one at a time, and random ones that look like a center's."""

import numpy as np

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Action, Decisions, Kind

MIXES = {
    Kind.ROUTE: (Action.ASSIGN, Action.ASSIGN, Action.BOT, Action.DEFER, Action.CALLBACK, Action.HOLD),
    Kind.PULL: (Action.ASSIGN, Action.ASSIGN, Action.ASSIGN, Action.HOLD),
    Kind.REASSESS: (Action.CONTINUE, Action.ESCALATE, Action.HAND_BACK, Action.ASYNC, Action.LIVE),
    Kind.CONCURRENCY: (Action.CAP,) * 6,
    Kind.OUTREACH: (Action.CONTINUE, Action.MESSAGE),
}


def one(kind: Kind, actions: tuple[Action, ...], usual: int = 0, **columns: list[float] | float) -> Decisions:
    """One decision among candidates of these actions, with the given features."""
    context = np.zeros((1, len(CONTEXT_NAMES)), np.float32)
    context[0, kind] = 1
    candidates = np.zeros((1, len(actions), len(CANDIDATE_NAMES)), np.float32)
    for name, values in columns.items():
        candidates[0, :, CANDIDATE_NAMES.index(name)] = values
    for place, action in enumerate(actions):
        if action != Action.ASSIGN:
            candidates[0, place, action - 1] = 1
    candidates[0, usual, CANDIDATE_NAMES.index("usual")] = 1
    return Decisions(np.array([7], np.uint64), context, candidates, np.ones((1, len(actions)), bool))


def many(kind: Kind, count: int, seed: int) -> Decisions:
    """Random decisions of a kind with every action it knows, any of them masked, one of the legal usual."""
    rng = np.random.default_rng(seed)
    base = one(kind, MIXES[kind])
    places = len(MIXES[kind])
    mask = rng.random((count, places)) < 0.6
    mask[np.arange(count), rng.integers(places, size=count)] = True
    candidates = np.repeat(base.candidates, count, axis=0)
    features = slice(CANDIDATE_NAMES.index("cost"), None)
    candidates[:, :, features] = rng.exponential(1, candidates[:, :, features].shape)
    usual = (mask * rng.random(mask.shape)).argmax(axis=1)
    candidates[:, :, CANDIDATE_NAMES.index("usual")] = np.arange(places) == usual[:, None]
    key = rng.integers(2**64, size=count, dtype=np.uint64)
    return Decisions(key, np.repeat(base.context, count, axis=0), candidates, mask)
