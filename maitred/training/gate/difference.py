"""What two policies differ by on one log: paired, doubly robust, with an error that luck cannot shrink.

Each row's term (Dudik, Langford and Li 2011, eq. 1, of the candidate less that of the champion) is

    d_i = sum_a (pi_new - pi_old)(a) q(x_i, a) + (pi_new - pi_old)(a_i) / p_i * (r_i - q(x_i, a_i)).

Its mean is unbiased for the difference whatever q is; a good q makes it narrow. Where the policies agree the term is
nothing, so what both share cancels row by row.

The error of that mean is the weak place. A candidate often takes what the log seldom took, so the weights have a
long tail, and a log in which the few heavy rows happened to go well has at once too high a mean and too low a sample
variance: a test by the sample variance promotes too often. So the variance is what the reward model expects, with the
choice and the outcome integrated out instead of drawn, which does not know how the heavy rows went:

    E[d_i^2 | x_i] = s_i^2 + sum_a (pi_new - pi_old)(a)^2 / p(a) * noise(x_i, a),   s_i = sum_a (pi_new - pi_old)(a) q.

The model may be wrong. Where the sample shows its variance to be too small (one-sided, 5 %), the sample's is taken: a
model that is wrong is found out as rows come in, so that in the limit too little is never promised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

REFUTED = 0.05  # level at which a sample shows the model's variance to be too small

Floats = NDArray[np.float64]


class EvidenceError(ValueError):
    """Evidence that cannot be judged; the message names the field, the row, what was expected and what was found."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Two policies on the decisions of one log.

    Attributes:
        chosen: (n,) int64 place that was taken.
        behaviour: (n, K) float64 probability that the log took each place, 0 where masked; positive where taken.
        candidate: (n, K) float64 probability of each place under the candidate; rows sum to 1.
        champion: (n, K) float64 likewise under the champion.
    """

    chosen: NDArray[np.int64]
    behaviour: Floats
    candidate: Floats
    champion: Floats

    def __post_init__(self) -> None:
        """Refuse what no estimate can be made of.

        Raises:
            EvidenceError: Shapes differ, a propensity is not positive, or a policy takes what the log never takes.
        """
        shape = (len(self.chosen), self.behaviour.shape[-1])
        for name in ("behaviour", "candidate", "champion"):
            if (found := getattr(self, name).shape) != shape:
                raise EvidenceError(f"{name}: expected shape {shape}, found {found}")
        _refuse("propensity of the chosen place", ~(self._taken(self.behaviour) > 0), "a probability above 0")
        unsupported = (self.shift != 0) & (self.behaviour <= 0)
        _refuse("behaviour", unsupported.any(axis=1), "support where the policies differ")

    @cached_property
    def shift(self) -> Floats:
        """(n, K) probability that the candidate adds to each place."""
        return self.candidate - self.champion

    @property
    def weight(self) -> Floats:
        """(n,) what a surprise counts: the shift of the chosen place over its propensity."""
        return self._taken(self.shift) / self._taken(self.behaviour)

    def _taken(self, values: Floats) -> Floats:
        taken: Floats = np.take_along_axis(values, self.chosen[:, None], axis=1)[:, 0]
        return taken


@dataclass(frozen=True, eq=False)
class Differences:
    """What each row says of candidate less champion.

    Attributes:
        terms: (n,) float64 in the unit of the outcome.
        squares: (n,) float64 expected square of each term, the choice and the outcome integrated out.
    """

    terms: Floats
    squares: Floats

    def __len__(self) -> int:
        """Rows n."""
        return len(self.terms)

    def first(self, rows: int) -> Differences:
        """The first rows of these, as a look that came earlier saw them."""
        return Differences(self.terms[:rows], self.squares[:rows])


@dataclass(frozen=True)
class Estimate:
    """A mean difference and its standard error, in the unit of the outcome.

    Attributes:
        rows: how many decisions it rests on.
        mean: candidate less champion.
        error: standard error of the mean; 0 where the policies never differ.
    """

    rows: int
    mean: float
    error: float

    def z(self, above: float = 0.0) -> float:
        """Standard errors between the mean and a value; 0 / 0 is 0, so that a policy never beats itself."""
        distance = self.mean - above
        return distance / self.error if self.error > 0 else float(np.copysign(np.inf, distance)) if distance else 0.0

    def lower(self, alpha: float) -> float:
        """Bound that the truth lies above, but for a share `alpha` of logs."""
        return self.mean - float(norm.isf(alpha)) * self.error

    def upper(self, alpha: float) -> float:
        """Bound that the truth lies below, but for a share `alpha` of logs."""
        return self.mean + float(norm.isf(alpha)) * self.error


def differences(pair: Pair, outcome: Floats, q: Floats, noise: Floats | None = None) -> Differences:
    """The terms of each row, and the squares that the model expects of them.

    Args:
        pair: the policies and the log.
        outcome: (n,) float64 reward or guard KPI of each decision; any unit, higher is better.
        q: (n, K) float64 prediction of the outcome, made without the row itself (cross-fitted, or from earlier rows).
        noise: (n, K) float64 variance of the outcome about its expectation, q (1 - q) for one of 0 and 1; None takes
            the mean squared residual of the log for every place.

    Raises:
        EvidenceError: An outcome or a prediction is not finite.
    """
    _refuse("outcome", ~np.isfinite(outcome), "a finite number")
    shift = pair.shift
    expected = np.einsum("nk,nk->n", shift, q)  # not finite wherever any prediction is not, zero shifts included
    _refuse("q", ~np.isfinite(expected), "finite numbers")
    surprise = outcome - np.take_along_axis(q, pair.chosen[:, None], axis=1)[:, 0]
    per_weight = np.divide(shift**2, pair.behaviour, out=np.zeros_like(shift), where=shift != 0)
    spread = np.broadcast_to(np.mean(surprise**2), shift.shape) if noise is None else noise
    squares = expected**2 + np.einsum("nk,nk->n", per_weight, spread)
    return Differences(expected + pair.weight * surprise, squares)


def joined(parts: Sequence[Differences]) -> Differences:
    """The rows of several batches, one after the other."""
    return Differences(np.concatenate([p.terms for p in parts]), np.concatenate([p.squares for p in parts]))


def estimate(found: Differences) -> Estimate:
    """The mean difference with the model's standard error, or the sample's where that shows the model's too small.

    Raises:
        EvidenceError: There are fewer than two rows.
    """
    if len(found) < 2:
        raise EvidenceError(f"rows: expected at least 2, found {len(found)}")
    mean = float(found.terms.mean())
    squares = (found.terms - mean) ** 2
    sampled, expected = float(squares.mean()), float(found.squares.mean())  # about 0, so never too small
    shown = sampled - expected > float(norm.isf(REFUTED) * squares.std() / np.sqrt(len(found)))
    return Estimate(len(found), mean, float(np.sqrt((sampled if shown else expected) / len(found))))


def _refuse(field: str, bad: NDArray[np.bool_], expected: str) -> None:
    if bad.any():
        raise EvidenceError(f"{field}: row {int(bad.argmax())}: expected {expected}; {int(bad.sum())} rows break this")
