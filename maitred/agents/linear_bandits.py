"""Linear contextual bandits with one ridge regression shared by all candidates: LinUCB and LinTS.

The reward of a decision is modelled as linear in the features of the chosen candidate, with a precision matrix
A = penalty I + X'X and a vector b = X'r. Both policies are pure functions of that state and of the decision, so the
propensity they return is the one to log. Neither holds unless to hold is the only legal candidate, and both leave
caps and messages at what is usual: none of these books a contact of its own from which its reward could be learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import eligible, feature, uniform
from maitred.envs.decision import (
    CANDIDATE_FEATURES,
    CANDIDATE_NAMES,
    CONTEXT_NAMES,
    Choices,
    Decisions,
    Kind,
    Part,
    best,
    draw,
)

Floats: TypeAlias = NDArray[np.float64]

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


@dataclass(frozen=True, eq=False)
class Ridge:
    """The state of a ridge regression of reward on d regressors, in normal equations.

    Attributes:
        A: (d, d) float64, the penalty on the diagonal plus X'X.
        b: (d,) float64, X'r, in the unit of the reward.
        n: rewards seen.
        version: updates made.
    """

    A: Floats
    b: Floats
    n: int = 0
    version: int = 0

    @classmethod
    def prior(cls, penalty: float = 1.0) -> Ridge:
        """The state before any reward, over `PAIR_NAMES`."""
        return cls(penalty * np.eye(len(PAIR_NAMES)), np.zeros(len(PAIR_NAMES)))

    def update(self, x: Floats, reward: Floats) -> Ridge:
        """The state after rewards (N,) of regressors (N, d)."""
        return Ridge(self.A + x.T @ x, self.b + x.T @ reward, self.n + len(x), self.version + 1)

    @cached_property
    def root(self) -> Floats:
        """(d, d) float64, inverse of the Cholesky factor of A, so that A^-1 = root' root."""
        return np.linalg.inv(np.linalg.cholesky(self.A))

    @cached_property
    def weights(self) -> Floats:
        """(d,) float64, the ridge solution A^-1 b, in the unit of the reward."""
        return self.root.T @ (self.root @ self.b)

    def width(self, x: Floats) -> Floats:
        """(...) float64, sqrt(x' A^-1 x) of regressors (..., d)."""
        y = x @ self.root.T
        squares: Floats = np.einsum("...d,...d->...", y, y)
        return np.sqrt(squares)


@dataclass(frozen=True, eq=False)
class LinUCB:
    """The candidate of the highest upper confidence bound, over a floor of uniform exploration.

    Li, Chu, Langford and Schapire 2010, "A contextual-bandit approach to personalized news article
    recommendation", algorithm 1 with shared weights. The bound alone is deterministic; the floor gives every
    eligible candidate a propensity of at least epsilon over their number.

    Attributes:
        ridge: what has been learned.
        scaling: of the features, fixed at construction.
        alpha: width of the bound in the unit of the reward; its scale is the noise of a single reward.
        epsilon: probability of a uniform draw, in [0, 1].
    """

    ridge: Ridge
    scaling: Scaling
    alpha: float = 1.0
    epsilon: float = 0.05
    name: str = "linucb"

    def probabilities(self, decisions: Decisions) -> Floats:
        """(B, K) float64, the probability of each candidate; ties of the bound go to the lowest index."""
        x = pair_features(decisions.context, decisions.candidates, self.scaling)
        legal = choosable(decisions)
        chosen = best(x @ self.ridge.weights + self.alpha * self.ridge.width(x), legal).candidate
        p = self.epsilon * uniform(legal)
        p[np.arange(len(p)), chosen] += 1 - self.epsilon
        return p

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return draw(self.probabilities(decisions), decisions.key)

    def update(self, x: Floats, reward: Floats) -> LinUCB:
        """The policy after rewards (N,) of chosen pairs (N, d)."""
        return replace(self, ridge=self.ridge.update(x, reward))


@dataclass(frozen=True, eq=False)
class LinTS:
    """Thompson sampling: each candidate with the posterior probability that it is the best.

    Agrawal and Goyal 2013, "Thompson sampling for contextual bandits with linear payoffs". With shared
    weights that probability has no closed form, so it is the share of a fixed set of posterior samples under
    which the candidate wins. The set is drawn once per version of the state: the policy acts on exactly the
    distribution it reports, however decisions are batched.

    Attributes:
        ridge: what has been learned.
        scaling: of the features, fixed at construction.
        spread: standard deviation of the reward's noise in its unit; it scales the posterior.
        samples: posterior samples, so a propensity is a multiple of 1 / samples.
        seed: of the posterior samples.
    """

    ridge: Ridge
    scaling: Scaling
    spread: float = 1.0
    samples: int = 64
    seed: int = 0
    name: str = "lints"

    @cached_property
    def sampled_weights(self) -> Floats:
        """(d, samples) float64, draws from N(weights, spread^2 A^-1)."""
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, self.ridge.version]))
        normal = rng.standard_normal((len(self.ridge.b), self.samples))
        return self.ridge.weights[:, None] + self.spread * self.ridge.root.T @ normal

    def probabilities(self, decisions: Decisions) -> Floats:
        """(B, K) float64, the share of posterior samples under which each candidate is the best."""
        x = pair_features(decisions.context, decisions.candidates, self.scaling)
        scores = np.where(choosable(decisions)[:, :, None], x @ self.sampled_weights, -np.inf)
        winner = scores.argmax(axis=1)
        places = np.arange(scores.shape[1])[:, None]
        wins: Floats = (winner[:, None, :] == places).mean(axis=2)
        return wins

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        return draw(self.probabilities(decisions), decisions.key)

    def update(self, x: Floats, reward: Floats) -> LinTS:
        """The policy after rewards (N,) of chosen pairs (N, d)."""
        return replace(self, ridge=self.ridge.update(x, reward))


def save(policy: LinUCB | LinTS, path: Path) -> None:
    """Write a policy as named arrays (npz, no pickle)."""
    values = asdict(policy)
    values |= values.pop("ridge") | values.pop("scaling")
    with path.open("wb") as file:
        np.savez(file, regressors=PAIR_NAMES, **values)


def load(path: Path) -> LinUCB | LinTS:
    """Read a policy that `save` wrote; refuse one whose regressors are not those of this version."""
    with np.load(path) as file:
        values = {name: array.item() if array.ndim == 0 else array for name, array in file.items()}
    if tuple(values["regressors"]) != PAIR_NAMES:
        raise ValueError(f"{path} was saved with other features than this version computes")
    kind: type[LinUCB] | type[LinTS] = LinUCB if values["name"] == LinUCB.name else LinTS
    parts = {"ridge": _build(Ridge, values), "scaling": _build(Scaling, values)}
    policy: LinUCB | LinTS = _build(kind, values | parts)
    return policy


def _build(kind: Any, values: Mapping[str, Any]) -> Any:
    """An instance of a dataclass from the values that carry its field names."""
    return kind(**{f.name: values[f.name] for f in fields(kind)})
