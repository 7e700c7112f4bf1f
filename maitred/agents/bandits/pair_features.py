"""The regressors of a candidate in a contact center: the decision's context, its own features, and their products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from maitred.agents.bandits.ridge import Floats
from maitred.agents.candidates import eligible, feature
from maitred.envs.decision import CANDIDATE_FEATURES, CANDIDATE_NAMES, CONTEXT_NAMES, Decisions, Kind, Part

# No contact's reward can be traced to these: they take what is usual, and are not learned from.
WITHOUT_CONTACT = (Kind.CONCURRENCY, Kind.OUTREACH)

_OF = {part: tuple(f.name for f in CANDIDATE_FEATURES if f.part == part) for part in get_args(Part)}

# What a candidate is worth can differ by kind of decision and with how busy the day is, and what an action is worth
# with the contact and the agent's load, so each of these features scales a copy of some candidate features.
INTERACTIONS: dict[str, tuple[str, ...]] = {
    "busyness": CANDIDATE_NAMES,
    "kind_route": _OF["action"] + _OF["agent"] + _OF["pair"],
    "kind_pull": _OF["action"] + _OF["contact"] + _OF["pair"],
    "kind_reassess": _OF["action"] + ("handle_s", "resolve_p"),
    "complexity": _OF["action"],
    "urgency": _OF["action"],
    "load": _OF["action"],
}
_COLUMNS = {factor: [CANDIDATE_NAMES.index(name) for name in names] for factor, names in INTERACTIONS.items()}

PAIR_NAMES: tuple[str, ...] = (
    "1",
    *CONTEXT_NAMES,
    *CANDIDATE_NAMES,
    *(f"{factor} * {name}" for factor, names in INTERACTIONS.items() for name in names),
)

_CONTEXT = {name: place for place, name in enumerate(CONTEXT_NAMES)}
_CLIP = 5.0  # standard deviations; a contact left over night must not outweigh a day of others


@dataclass(frozen=True, eq=False)
class Scaling:
    """Means and standard deviations of the features, in their units; float64.

    Attributes:
        context_mean: (C,).
        context_std: (C,), positive.
        candidate_mean: (F,).
        candidate_std: (F,), positive.
    """

    context_mean: Floats
    context_std: Floats
    candidate_mean: Floats
    candidate_std: Floats


def scaling_of(decisions: Decisions) -> Scaling:
    """Estimate the scaling from a sample with at least one legal candidate other than hold."""
    real = decisions.mask & (feature(decisions, "is_hold") == 0)
    return Scaling(*_moments(decisions.context), *_moments(decisions.candidates[real]))


def _moments(rows: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the columns, (D,) each; 1 for the deviation of a constant column."""
    std = rows.std(axis=0, dtype=np.float64)
    return rows.mean(axis=0, dtype=np.float64), np.where(std > 0, std, 1)


def pair_features(context: NDArray[np.float32], candidates: NDArray[np.float32], scaling: Scaling) -> Floats:
    """(B, K, d) float64, the regressors `PAIR_NAMES` of every candidate; the kinds are 0/1.

    Args:
        context: (B, C) float32, in the units of `CONTEXT_FEATURES`.
        candidates: (B, K, F) float32, in the units of `CANDIDATE_FEATURES`.
        scaling: standardises both; what lies beyond 5 standard deviations is clipped.
    """
    c = np.clip((context - scaling.context_mean) / scaling.context_std, -_CLIP, _CLIP)
    z = np.clip((candidates - scaling.candidate_mean) / scaling.candidate_std, -_CLIP, _CLIP)
    c[:, : len(Kind)] = context[:, : len(Kind)]
    x = np.empty((*z.shape[:2], len(PAIR_NAMES)))
    x[..., 0] = 1
    x[..., 1 : (end := 1 + c.shape[1])] = c[:, None]
    x[..., end : (end := end + z.shape[2])] = z
    for factor, columns in _COLUMNS.items():
        scale = c[:, None, _CONTEXT[factor]] if factor in _CONTEXT else z[..., CANDIDATE_NAMES.index(factor)]
        np.multiply(scale[..., None], z[..., columns], out=x[..., end : (end := end + len(columns))])
    return x


def choosable(decisions: Decisions) -> NDArray[np.bool_]:
    """(B, K) bool, the candidates to choose from: the usual one where no contact would teach which is better."""
    legal, usual = eligible(decisions), decisions.mask & (feature(decisions, "usual") == 1)
    fixed = np.isin(decisions.kind, WITHOUT_CONTACT) & usual.any(axis=1)
    return np.where(fixed[:, None], usual, legal)


def chosen_pairs(decisions: Decisions, candidate: NDArray[np.int64], scaling: Scaling) -> Floats:
    """(B, d) float64, the regressors of the chosen candidates (B,): the rows to update on."""
    chosen = decisions.candidates[np.arange(len(decisions)), candidate]
    return pair_features(decisions.context, chosen[:, None, :], scaling)[:, 0]
