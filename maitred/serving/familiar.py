"""What a policy has seen. Where a decision is unlike it, the platform's own rule answers instead (AC-11).

Two questions are asked of every decision, both on a log scale, as waits and counts have long tails. Is the situation
within what was seen at this time of day: people, queues, forecasts? Twice the contacts are nothing unheard of at noon,
but they are at eight. And is all of it together, candidates included, near what decisions of its kind looked like: a
Mahalanobis distance (Lee, Lee, Lee and Shin 2018, "A simple unified framework for detecting out-of-distribution
samples and adversarial attacks", on features)? `maitred.training.drift.familiarity` fits the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, PREFERRED, Decisions, Kind

Floats = NDArray[np.float32]

TIMES = 48  # of the day, half an hour each
_TURN = TIMES / (2 * math.pi)
_KINDS = len(Kind)
_SIN, _COS = CONTEXT_NAMES.index("time_of_day_sin"), CONTEXT_NAMES.index("time_of_day_cos")
_SITUATION = slice(max(_SIN, _COS) + 1, PREFERRED.start)  # what an operator wants is no part of it
SITUATION = CONTEXT_NAMES[_SITUATION]
SUMMARY = (*SITUATION, *CANDIDATE_NAMES)
ARRAYS = {
    "centre": (_KINDS, len(SUMMARY)),
    "whitening": (_KINDS, len(SUMMARY), len(SUMMARY)),
    "low": (TIMES, len(SITUATION)),
    "high": (TIMES, len(SITUATION)),
}
PROOFS = ("distance", "excess")
FAR = np.float32(1e6)
_HEAD = max(_SIN, _COS) + 1  # kind and time of day
_MEANS = tuple(np.full(count, 1 / max(1, count), np.float32) for count in range(65))  # weights of a mean


@dataclass(frozen=True, slots=True)
class Familiar:
    """Limits of what counts as seen.

    Attributes:
        centre: (kinds, S) float32, mean summary of the decisions of each kind (`summaries`).
        whitening: (kinds, S, S) float32; a summary's distance from the centre through it is 1 at the limit. All 0 for a
            kind that was never seen.
        low: (TIMES, L) float32, least log(1 + value) of each number of the situation at each time of day.
        high: (TIMES, L) float32, the most; below the least at a time that was never seen.
    """

    centre: Floats
    whitening: Floats
    low: Floats
    high: Floats
    _ranges: tuple[tuple[Floats, Floats], ...] = field(init=False, repr=False, compare=False)
    _shapes: tuple[tuple[Floats, Floats] | None, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out what one decision is compared with, so that it is found by one look into a tuple.

        Ranges at each time of day, as long as a summary; centre and whitening of each kind, None if never seen.
        """
        open_ = np.full(len(CANDIDATE_NAMES), np.inf, np.float32)
        ranges = tuple(
            (np.append(low, -open_), np.append(high, open_)) for low, high in zip(self.low, self.high, strict=True)
        )
        shapes = tuple(
            (centre, whitening) if whitening.any() else None
            for centre, whitening in zip(self.centre, self.whitening, strict=True)
        )
        object.__setattr__(self, "_ranges", ranges)
        object.__setattr__(self, "_shapes", shapes)

    def arrays(self) -> Mapping[str, Floats]:
        """By name, as `ARRAYS` has their shapes."""
        return {name: getattr(self, name) for name in ARRAYS}

    def proofs(self, decisions: Decisions) -> Mapping[str, Floats]:
        """(B,) float32 each of `PROOFS`, by which two machines can be seen to judge alike; finite."""
        beyond = excess(self.low, self.high, decisions).max(axis=1)
        return dict(zip(PROOFS, (np.minimum(self.distances(decisions), FAR), beyond), strict=True))

    def strange(self, decisions: Decisions) -> NDArray[np.bool_]:
        """(B,) bool, decisions unlike those that were seen."""
        outside: NDArray[np.bool_] = excess(self.low, self.high, decisions).max(axis=1) > 0
        return outside | (self.distances(decisions) > 1)

    def distances(self, decisions: Decisions) -> Floats:
        """(B,) float32, distance of each from the decisions of its kind, in limits; infinite for a kind never seen."""
        found, summary = np.full(len(decisions), np.inf, np.float32), summaries(decisions)
        for kind, shape in enumerate(self._shapes):
            if shape is not None:
                rows = decisions.kind == kind
                away = (summary[rows] - shape[0]) @ shape[1]
                found[rows] = np.sqrt(np.einsum("bs,bs->b", away, away))
        return found

    def reason(self, context: Floats, candidates: Floats) -> str | None:
        """Why one decision is strange, None if it is not: (C,) context, (K, F) legal candidates, raw units."""
        count = len(candidates)
        mean = _MEANS[count] if count < len(_MEANS) else np.full(count, 1 / count, np.float32)
        summary = _logarithm(np.concatenate((context[_SITUATION], mean.dot(candidates))))
        head = context[:_HEAD].tolist()  # numbers of Python are quicker one by one
        time = _time(head[_SIN], head[_COS])
        low, high = self._ranges[time]
        if 1 in (summary > high).tobytes() or 1 in (summary < low).tobytes():  # quicker than any()
            return self._out_of_range(summary[: len(SITUATION)], time)
        kind = head.index(max(head[:_KINDS]))
        if (shape := self._shapes[kind]) is None:
            return f"unfamiliar: no decisions of kind {Kind(kind).name.lower()} were seen"
        centre, whitening = shape
        away = (summary - centre).dot(whitening)
        square = float(away.dot(away))
        return None if square <= 1 else self._far(summary, kind, math.sqrt(square))

    def _out_of_range(self, situation: Floats, time: int) -> str:
        low, high = self.low[time], self.high[time]
        if (high < low).any():
            return "unfamiliar: no decisions were seen at this time of day"
        worst = int(np.maximum(low - situation, situation - high).argmax())
        value, least, most = (float(np.expm1(max(x[worst], 0.0))) for x in (situation, low, high))
        return f"unfamiliar: {SITUATION[worst]} {value:.4g}, seen {least:.4g} to {most:.4g} at this time of day"

    def _far(self, summary: Floats, kind: int, distance: float) -> str:
        name = Kind(kind).name.lower()
        away, whitening = summary - self.centre[kind], self.whitening[kind]
        farthest = SUMMARY[int((away * (whitening @ (away @ whitening))).argmax())]  # what the distance is made of
        return f"unfamiliar: {distance:.3g} times as far from seen {name} decisions as they are, most in {farthest}"


def summaries(decisions: Decisions) -> Floats:
    """(B, S) float32: the situation and the mean of the legal candidates, in `SUMMARY`'s order, on a log scale."""
    legal = decisions.mask[:, :, None]
    mean = (decisions.candidates * legal).sum(axis=1) / legal.sum(axis=1)
    return _logarithm(np.concatenate((decisions.context[:, _SITUATION], mean), axis=1, dtype=np.float32))


def times(decisions: Decisions) -> NDArray[np.int64]:
    """(B,) int64, the half hour of the day of each decision."""
    sine, cosine = decisions.context[:, [_SIN, _COS]].astype(np.float64).T
    return np.array([_time(*pair) for pair in zip(sine, cosine, strict=True)], np.int64)


def excess(low: Floats, high: Floats, decisions: Decisions) -> Floats:
    """(B, L) float32, by how much each number of the situation is outside its range, in logarithms; below 0 inside."""
    situation, time = summaries(decisions)[:, : len(SITUATION)], times(decisions)
    found: Floats = np.maximum(low[time] - situation, situation - high[time])
    return found


def _time(sine: float, cosine: float) -> int:
    return int(math.atan2(sine, cosine) * _TURN // 1) % TIMES


def _logarithm(x: Floats) -> Floats:
    found: Floats = np.copysign(np.log1p(np.abs(x)), x)
    return found
