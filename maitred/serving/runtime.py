"""The candidate network in numpy: what a bundle decides with.

The same arithmetic as the trained network, normaliser and masking included, over the arrays of
`weights.npz`. Nothing is written after construction, so one network may serve many threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES

Floats = NDArray[np.float32]

MASKED_LOGIT = np.float32(-1e8)
_PREPARED = 64  # candidates up to which the fast path computes nothing but the network
# arrays of no dimension: numpy would convert a scalar on every call, and broadcast an array of one dimension
_ZERO, _ONE, _CLIP, _MINUS_CLIP = (np.array(x, np.float32) for x in (0, 1, 10, -10))
_C, _F = len(CONTEXT_NAMES), len(CANDIDATE_NAMES)
_HOLD, _USUAL = CANDIDATE_NAMES.index("is_hold"), CANDIDATE_NAMES.index("usual")


def weight_shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every float32 array of `weights.npz`, for hidden layers of this width."""
    normaliser = {
        f"{part}_normaliser.{name}": (size,)
        for part, size in (("context", _C), ("candidate", _F))
        for name in ("linear", "log", "shift")
    }
    layers = {
        "context_encoder": (width, _C),
        "candidate_encoder": (width, _F),
        "state_encoder": (width, 3 * width),
        "score_candidate": (width, width),
        "score_state": (width, width),
        "score_out": (1, width),
        "value_hidden": (width, width),
        "value_out": (1, width),
    }
    unbiased = ("score_candidate", "score_out")
    weights = {f"{name}.weight": shape for name, shape in layers.items()}
    biases = {f"{name}.bias": shape[:1] for name, shape in layers.items() if name not in unbiased}
    return {**normaliser, **weights, **biases, "hold_prior": (), "usual_prior": ()}


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a network says about a batch.

    Attributes:
        action: (B,) int64, the legal candidate of highest logit; ties go to the lowest index.
        probabilities: (B, K) float32, softmax of the logits; exactly 0 where illegal.
        value: (B,) float32, estimated return of the state.
    """

    action: NDArray[np.int64]
    probabilities: Floats
    value: Floats


def _relu(x: Floats) -> Floats:
    """Zero the negative part in place."""
    np.maximum(x, _ZERO, out=x)
    return x


class NumpyNetwork:
    """The network over plain arrays.

    Args:
        weights: float32 arrays, named and shaped as `weight_shapes` says.
    """

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        def layer(name: str) -> tuple[Floats, Floats]:
            return np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"]

        # context and candidate parts side by side: a single decision is normalised as one packed row
        self._normaliser = tuple(
            (weights[f"context_normaliser.{name}"], weights[f"candidate_normaliser.{name}"])
            for name in ("linear", "log", "shift")
        )
        self._context, self._context_bias = layer("context_encoder")
        self._candidate, self._candidate_bias = layer("candidate_encoder")
        self._state, self._state_bias = layer("state_encoder")
        self._joint = np.ascontiguousarray(weights["score_candidate.weight"].T)
        self._joint_state, self._joint_bias = layer("score_state")
        self._score = weights["score_out.weight"][0]
        self._value_hidden, self._value_hidden_bias = layer("value_hidden")
        self._value, self._value_bias = weights["value_out.weight"][0], weights["value_out.bias"]
        self._prior = np.zeros(_F, np.float32)
        self._prior[[_HOLD, _USUAL]] = weights["hold_prior"], weights["usual_prior"]
        longest = self._packing(_PREPARED)
        self._packings = [_shortened(longest, places) for places in range(_PREPARED + 1)]

    def logits(self, context: Floats, candidates: Floats) -> Floats:
        """Score one decision whose candidates are all legal: the fast path.

        Args:
            context: (C,) float32, raw units.
            candidates: (K, F) float32, raw units.

        Returns:
            (K,) float32.

        Raises:
            ValueError: An input is not finite.
        """
        places = len(candidates)
        packing = self._packings[places] if places <= _PREPARED else self._packing(places)
        linear, log, shift, zeros, average, bias = packing
        x = np.concatenate((context, candidates.ravel()), dtype=np.float32)
        if x.dot(zeros) != 0:  # 0 times NaN or infinity is NaN
            raise ValueError("expected finite features")
        x = _normalise(x, linear, log, shift)
        situation = x[:_C].dot(self._context)
        situation += self._context_bias
        each = x[_C:].reshape(-1, _F).dot(self._candidate)
        each += bias
        _relu(each)
        pooled = np.concatenate((_relu(situation), average.dot(each), np.maximum.reduce(each, 0)))
        state = pooled.dot(self._state)
        state += self._state_bias
        shared = _relu(state).dot(self._joint_state)
        shared += self._joint_bias
        joint = each.dot(self._joint)
        joint += shared
        scores: Floats = _relu(joint).dot(self._score)
        scores += candidates.dot(self._prior)
        return scores

    def _packing(self, places: int) -> tuple[Floats, ...]:
        """What the fast path needs for this many candidates.

        The normaliser's linear, log and shift for one packed row of context and candidates, zeros as long, the
        weights of a mean over the candidates, and the bias of their encoder once for each.
        """
        rows = tuple(np.concatenate((c, np.tile(f, places))) for c, f in self._normaliser)
        average = np.full(places, 1 / places, np.float32)
        return (*rows, np.zeros_like(rows[0]), average, np.tile(self._candidate_bias, (places, 1)))

    def forward(self, context: Floats, candidates: Floats, mask: NDArray[np.bool_]) -> Outputs:
        """Answer a batch: (B, C) and (B, K, F) float32 in raw units, (B, K) bool with a True in every row."""
        (context_rows, candidate_rows) = zip(*self._normaliser, strict=True)
        situation = _relu(_normalise(context, *context_rows) @ self._context + self._context_bias)
        each = _relu(_normalise(candidates, *candidate_rows) @ self._candidate + self._candidate_bias)
        each *= mask[..., None]  # not negative, so 0 also drops out of the maximum
        mean = each.sum(axis=1) / mask.sum(axis=1, keepdims=True, dtype=np.float32)
        pooled = np.concatenate((situation, mean, each.max(axis=1)), axis=1)
        state = _relu(pooled @ self._state + self._state_bias)
        joint = _relu(each @ self._joint + (state @ self._joint_state + self._joint_bias)[:, None])
        scores = joint @ self._score + candidates @ self._prior
        logits = np.where(mask, scores, MASKED_LOGIT)
        value = _relu(state @ self._value_hidden + self._value_hidden_bias) @ self._value + self._value_bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return Outputs(logits.argmax(axis=1), shares / shares.sum(axis=1, keepdims=True), value)


def _shortened(packing: tuple[Floats, ...], places: int) -> tuple[Floats, ...]:
    """The packing of fewer candidates, as views of a longer one."""
    *rows, _, bias = packing
    average = np.full(places, 1 / max(1, places), np.float32)
    return (*(row[: _C + places * _F] for row in rows), average, bias[:places])


def _normalise(x: Floats, linear: Floats, log: Floats, shift: Floats) -> Floats:
    """The trained normaliser: clip(linear * x + log * log(1 + max(x, 0)) + shift)."""
    y: Floats = np.maximum(x, _ZERO)
    y += _ONE
    np.log(y, out=y)
    y *= log
    y += linear * x
    y += shift
    np.minimum(y, _CLIP, out=y)
    np.maximum(y, _MINUS_CLIP, out=y)
    return y
