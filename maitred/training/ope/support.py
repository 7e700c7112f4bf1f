"""Whether a log can tell anything about a target policy: diagnostics of the weights, and reasons to refuse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.training.ope.logged import Floats, Logged

LEAST_EFFECTIVE = 200  # decisions
LEAST_EFFECTIVE_SHARE = 0.01  # of the log
MOST_PARETO_K = 0.7  # Vehtari et al. 2024: above it, means of weights converge too slowly to be of use
LEAST_TOP_SHARE = 0.05  # of the weight: a heavy tail that holds less of it decides nothing
MEAN_WEIGHT = (0.95, 1.05)
NOISE = 3.0  # standard errors by which the mean weight must differ from 1 to count as wrong
MOST_UNCOVERED = 0.01  # of the target policy's probability

_TAIL_SHARE, _TAIL_ROOTS = 0.2, 3.0  # of the weights, and times the square root of their number
_LEAST_TAIL = 5


@dataclass(frozen=True)
class Support:
    """What the weights of a log say about it.

    Attributes:
        decisions: their number n.
        effective: (sum w)^2 / sum w^2, decisions of equal weight that would tell as much (Kish 1965).
        mean_weight: 1 in expectation; else propensities are wrong.
        mean_weight_error: its standard error.
        largest_weight: seen.
        top_share: share of all weight that the largest 1 % of weights have.
        pareto_k: shape of the weights' tail; the 1/k first moments exist. 0 where the tail is flat, infinite where
            it is too few weights to be judged.
        lowest_propensity: of a choice that was made.
        uncovered: the target policy's probability for candidates that the behaviour policy never chooses; None where
            its probabilities were not logged.
    """

    decisions: int
    effective: float
    mean_weight: float
    mean_weight_error: float
    largest_weight: float
    top_share: float
    pareto_k: float
    lowest_propensity: float
    uncovered: float | None


def support(log: Logged) -> Support:
    """Diagnostics of the importance weights of a log."""
    w, n = log.weights, len(log)
    largest_first = np.sort(w)[::-1]
    total = max(float(w.sum()), np.finfo(float).tiny)
    return Support(
        decisions=n,
        effective=effective_sample_size(w),
        mean_weight=float(w.mean()),
        mean_weight_error=float(w.std(ddof=1) / np.sqrt(n)) if n > 1 else np.inf,
        largest_weight=float(largest_first[0]),
        top_share=float(largest_first[: max(1, n // 100)].sum() / total),
        pareto_k=pareto_k(w),
        lowest_propensity=float(log.propensity.min()),
        uncovered=None if log.behaviour is None else float(log.target[log.behaviour == 0].sum() / n),
    )


def effective_sample_size(weights: Floats) -> float:
    """(sum w)^2 / sum w^2. Kish 1965, "Survey sampling"; 0 where all weights are."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def pareto_k(weights: Floats) -> float:
    """Shape of a generalised Pareto distribution fitted to the largest weights.

    Vehtari, Simpson, Gelman, Yao and Gabry 2024, "Pareto smoothed importance sampling": the largest
    min(n / 5, 3 sqrt(n)) weights, above the next one, with their weak prior towards 1/2.

    Args:
        weights: (n,) of 0 or more.
    """
    ordered, n = np.sort(weights), len(weights)
    tail = int(min(np.ceil(_TAIL_SHARE * n), np.ceil(_TAIL_ROOTS * np.sqrt(n))))
    if tail >= n:
        return np.inf
    above = ordered[-tail:] - ordered[-tail - 1]
    above = above[above > 0]
    if len(above) < _LEAST_TAIL:
        return np.inf if len(above) else 0.0
    k = generalised_pareto_shape(above)
    return float((len(above) * k + 10 * 0.5) / (len(above) + 10))


def generalised_pareto_shape(exceedances: Floats) -> float:
    """Shape k of exceedances (m,) in increasing order, positive for heavy tails.

    Zhang and Stephens 2009, "A new and efficient estimation method for the generalized Pareto distribution": the
    posterior mean of theta = k / sigma on a grid, then k = mean log(1 + theta x).
    """
    x, m = exceedances, len(exceedances)
    j = np.arange(1, 31 + int(np.sqrt(m)))
    quartile = x[int(m / 4 + 0.5) - 1]
    b = 1 / x[-1] + (1 - np.sqrt(len(j) / (j - 0.5))) / (3 * quartile)
    shape = np.log1p(-b[:, None] * x).mean(axis=1)
    rate = np.divide(-b, shape, out=np.full_like(b, 1 / x.mean()), where=shape != 0)  # at b = 0 its limit
    profile = m * (np.log(rate) - shape - 1)
    weight = np.exp(profile - profile.max())
    return float(np.log1p(-(b @ weight / weight.sum()) * x).mean())


def reasons_to_refuse(found: Support) -> tuple[str, ...]:
    """Why these diagnostics rule out an estimate; empty where they do not."""
    least = max(LEAST_EFFECTIVE, LEAST_EFFECTIVE_SHARE * found.decisions)
    reasons = []
    if found.effective < least:
        reasons.append(f"effective sample size: expected at least {least:.0f}, found {found.effective:.0f}")
    if found.pareto_k >= MOST_PARETO_K and found.top_share >= LEAST_TOP_SHARE:
        reasons.append(f"Pareto k of the weights: expected below {MOST_PARETO_K}, found {found.pareto_k:.2f} "
                       f"with {found.top_share:.0%} of the weight on 1 % of the decisions")  # fmt: skip
    low, high = MEAN_WEIGHT
    wrong = abs(found.mean_weight - 1) > NOISE * found.mean_weight_error
    if not low <= found.mean_weight <= high and wrong:
        reasons.append(f"mean weight: expected 1 within [{low}, {high}], found {found.mean_weight:.3f}")
    if found.uncovered is not None and found.uncovered > MOST_UNCOVERED:
        reasons.append(f"never chosen by the behaviour policy: expected at most {MOST_UNCOVERED:.0%} of the target's "
                       f"choices, found {found.uncovered:.1%}")  # fmt: skip
    return tuple(reasons)
