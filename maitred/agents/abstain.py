"""A policy that knows what it does not know: far from what it has seen, a rule decides (AC-11)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import either
from maitred.envs.decision import Choices, Decisions, Kind, Policy

RIDGE = 1e-2  # of a standardised feature's variance; keeps features that move together invertible
FLAT = 1e-6  # standard deviation of log features below which one counts as never having varied
_KINDS = len(Kind)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Familiar:
    """What decisions of each kind looked like: a normal distribution of their summaries, and how far is too far.

    Attributes:
        mean: (kinds, F) float64.
        scale: (kinds, F) float64, standard deviations.
        precision: (kinds, F, F) float64, inverse correlations.
        threshold: (kinds,) float64, squared Mahalanobis distance; -1 for a kind that was never seen.
    """

    mean: Floats
    scale: Floats
    precision: Floats
    threshold: Floats

    def distance(self, decisions: Decisions) -> Floats:
        """(B,) float64, squared Mahalanobis distance of each decision to those of its kind."""
        kind = decisions.kind
        away = (_summary(decisions) - self.mean[kind]) / self.scale[kind]
        distance: Floats = np.einsum("bi,bij,bj->b", away, self.precision[kind], away)
        return distance

    def strange(self, decisions: Decisions) -> NDArray[np.bool_]:
        """(B,) bool, decisions beyond the threshold of their kind."""
        far: NDArray[np.bool_] = self.distance(decisions) > self.threshold[decisions.kind]
        return far


def familiar(decisions: Decisions, rate: float = 0.001) -> Familiar:
    """Fit what is familiar to decisions a policy has learned from.

    Mahalanobis distance as a measure of novelty: Lee, Lee, Lee and Shin 2018, "A simple unified framework for
    detecting out-of-distribution samples and adversarial attacks", here on the features themselves.

    Args:
        decisions: a sample; kinds of which there are fewer than 2 count as never seen.
        rate: share of the sample itself that lies beyond the threshold, 0 to 1.

    Raises:
        ValueError: the rate is not a share.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate: expected a share from 0 to 1, found {rate}")
    summaries, kind = _summary(decisions), decisions.kind
    width = summaries.shape[1]
    fit = Familiar(
        np.zeros((_KINDS, width)), np.ones((_KINDS, width)), np.tile(np.eye(width), (_KINDS, 1, 1)), -np.ones(_KINDS)
    )
    for k in np.unique(kind):
        sample = summaries[kind == k]
        if len(sample) > 1:
            fit.mean[k], fit.scale[k] = sample.mean(axis=0), np.maximum(sample.std(axis=0), FLAT)
            away = (sample - fit.mean[k]) / fit.scale[k]
            fit.precision[k] = np.linalg.inv(away.T @ away / len(sample) + RIDGE * np.eye(width))
            fit.threshold[k] = np.quantile(np.einsum("bi,ij,bj->b", away, fit.precision[k], away), 1 - rate)
    return fit


def _summary(decisions: Decisions) -> Floats:
    """(B, F): the context and the mean of the legal candidates, on a log scale, as waits and counts have long tails."""
    legal = decisions.mask[:, :, None]
    candidates = np.where(legal, decisions.candidates, 0).sum(axis=1) / legal.sum(axis=1)
    raw = np.concatenate([decisions.context[:, _KINDS:], candidates], axis=1).astype(np.float64)
    summary: Floats = np.sign(raw) * np.log1p(np.abs(raw))
    return summary


@dataclass(frozen=True)
class Abstain:
    """Asks `policy` where a decision is familiar and `fallback` where it is not."""

    policy: Policy
    fallback: Policy
    familiar: Familiar

    @property
    def name(self) -> str:
        """Both names, the policy's first."""
        return f"{self.policy.name} or {self.fallback.name}"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        strange = self.familiar.strange(decisions)
        return either(strange, self.fallback.act(decisions), self.policy.act(decisions))
