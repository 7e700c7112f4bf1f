"""Decisions of every kind with features anywhere in their ranges, and facts of every sort: what fuzzing asks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_FEATURES, CANDIDATE_NAMES, CONTEXT_FEATURES, Action, Decisions, Kind
from maitred.serving.enforce import NOBODY, Facts
from maitred.serving.governance import Governance

PLACES = 8
_FLAGS = len(Action) - 1
_MOST = 50.0  # beyond every limit of slots; other features are drawn below it where their range is wider
_ACTIONS = {
    Kind.ROUTE: (Action.ASSIGN, Action.BOT, Action.GROUP, Action.DEFER, Action.CALLBACK, Action.HOLD),
    Kind.PULL: (Action.ASSIGN, Action.HOLD),
    Kind.REASSESS: (
        Action.CONTINUE, Action.ESCALATE, Action.HAND_BACK, Action.ASYNC, Action.LIVE, Action.NEXT_ISSUE,
    ),
    Kind.CONCURRENCY: (Action.CAP,),
    Kind.OUTREACH: (Action.CONTINUE, Action.MESSAGE),
}  # fmt: skip
_SAME = {  # parts of the features that all candidates of a decision share
    Kind.ROUTE: ("contact",),
    Kind.PULL: ("agent",),
    Kind.REASSESS: ("contact", "agent", "pair"),
    Kind.CONCURRENCY: ("agent",),
    Kind.OUTREACH: ("contact",),
}


def any_decisions(rng: np.random.Generator, count: int) -> Decisions:
    """`count` decisions of 1 to `PLACES` candidates."""
    kind = rng.integers(0, len(Kind), count)
    low, high = (np.array([getattr(f, end) for f in CONTEXT_FEATURES], np.float32) for end in ("low", "high"))
    context = _between(rng, low, np.minimum(high, _MOST), (count, len(low)))
    context[:, : len(Kind)] = np.eye(len(Kind), dtype=np.float32)[kind]
    angle = rng.uniform(0, 2 * np.pi, count)
    context[:, len(Kind)], context[:, len(Kind) + 1] = np.sin(angle), np.cos(angle)
    candidates = _candidates(rng, kind)
    mask = np.arange(PLACES) < rng.integers(1, PLACES + 1, count)[:, None]
    candidates[~mask] = 0
    return Decisions(rng.integers(0, 2**63, count, dtype=np.uint64), context, candidates, mask)


def _candidates(rng: np.random.Generator, kind: NDArray[np.int64]) -> NDArray[np.float32]:
    """(B, PLACES, F): numbers anywhere, one action each, one of them the usual."""
    low, high = (np.array([getattr(f, end) for f in CANDIDATE_FEATURES], np.float32) for end in ("low", "high"))
    drawn = _between(rng, np.maximum(low, -_MOST), np.minimum(high, _MOST), (len(kind), PLACES, len(low)))
    same = np.array([[f.part in _SAME[k] for f in CANDIDATE_FEATURES] for k in Kind])[kind]
    drawn = np.where(same[:, None], drawn[:, :1], drawn)
    drawn[:, :, : _FLAGS + 1] = 0  # the flags, and what is usual
    action = _actions(rng, kind)
    rows, places = np.nonzero(action != Action.ASSIGN)
    drawn[rows, places, action[rows, places] - 1] = 1
    drawn[:, 0, CANDIDATE_NAMES.index("usual")] = 1
    return drawn


def _actions(rng: np.random.Generator, kind: NDArray[np.int64]) -> NDArray[np.int64]:
    """(B, PLACES) actions that the kind knows."""
    width = max(map(len, _ACTIONS.values()))
    table = np.array([np.resize(np.array(_ACTIONS[k]), width) for k in Kind])
    found: NDArray[np.int64] = table[kind[:, None], rng.integers(0, width, (len(kind), PLACES))]
    return found


def any_facts(rng: np.random.Generator, governance: Governance, decisions: Decisions) -> Facts:
    """Names of every sort, whether or not a decision of the kind could carry them."""
    shape, about = decisions.mask.shape, np.isin(decisions.kind, (Kind.ROUTE, Kind.REASSESS))[:, None]
    intent = rng.integers(NOBODY, len(governance.intents), shape)
    cap = rng.choice([governance.max_cap_slots, *governance.agent_caps.values()], shape)
    sent = rng.uniform(0, 2, (2, len(decisions)))
    limits = governance.outreach
    return Facts(
        intent=np.where(about, intent[:, :1], intent),
        cap=cap.astype(np.float64),
        amount=rng.choice([0.0, *governance.approval_above.values(), 1e12], shape),
        awaiting=rng.random(shape) < 0.3,
        own=rng.random(shape) < 0.3,
        with_bot=rng.random(len(decisions)) < 0.5,
        messages_today=np.floor(sent[0] * limits.messages_per_day),
        messages_week=np.floor(sent[1] * limits.messages_per_customer_week),
    )


def _between(
    rng: np.random.Generator, low: NDArray[np.float32], high: NDArray[np.float32], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    drawn: NDArray[np.float32] = low + rng.random(shape, dtype=np.float32) * (high - low)
    return drawn
