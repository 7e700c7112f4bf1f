"""Random decisions within the declared range of every feature, for tests of whatever decides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import (
    CANDIDATE_FEATURES,
    CANDIDATE_NAMES,
    CONTEXT_FEATURES,
    CONTEXT_NAMES,
    Decisions,
    Feature,
    Kind,
)

HOLD = CANDIDATE_NAMES.index("is_hold")
_TIME = [CONTEXT_NAMES.index("time_of_day_sin"), CONTEXT_NAMES.index("time_of_day_cos")]
_CONTACT = np.array([f.part == "contact" for f in CANDIDATE_FEATURES])
_AGENT = np.array([f.part == "agent" for f in CANDIDATE_FEATURES])
_TYPICAL = {"s": 600.0, "1/min": 0.5, "level": 5.0}


def sample_decisions(count: int, places: int, *, seed: int, holds: bool = True) -> Decisions:
    """`count` route and pull decisions of 2 to `places` candidates; where `holds`, the last is to hold."""
    rng = np.random.default_rng(seed)
    context = _features(rng, CONTEXT_FEATURES, (count,))
    pulls = rng.integers(0, 2, count).astype(np.bool_)
    context[:, : len(Kind)] = np.eye(len(Kind), dtype=np.float32)[np.where(pulls, Kind.PULL, Kind.ROUTE)]
    angle = rng.uniform(0, 2 * np.pi, count)
    context[:, _TIME] = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    candidates = _features(rng, CANDIDATE_FEATURES, (count, places))
    subject = (_CONTACT & ~pulls[:, None]) | (_AGENT & pulls[:, None])
    candidates = np.where(subject[:, None], candidates[:, :1], candidates)
    candidates[..., HOLD] = 0
    legal = rng.integers(2, places + 1, count)
    if holds:
        rows = np.arange(count)
        candidates[rows, legal - 1] *= subject
        candidates[rows, legal - 1, HOLD] = 1
    mask = np.arange(places) < legal[:, None]
    candidates[~mask] = 0
    return Decisions(rng.integers(0, 2**63, count).astype(np.uint64), context, candidates, mask)


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
