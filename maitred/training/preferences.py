"""Objectives around one, for a policy that is to serve all of them; whom it imitates, and how it is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats.qmc import LatinHypercube

from maitred.agents.preference import ByPreference, Preferring
from maitred.agents.rules import RULES, rule
from maitred.envs.decision import PREFERENCE, Policy
from maitred.envs.kpi import REWARD
from maitred.envs.objective import Objective
from maitred.training.booked import Booked
from maitred.training.paired import pooled
from maitred.training.validation import Validation

ROUNDING = 1e-4  # share of an end by which a weight may lie beyond it: ends are shown to four digits


class PreferenceError(ValueError):
    """A weight that a policy was not trained for."""


def trained_spread(record: Mapping[str, Any]) -> float:
    """By what factor weights varied in the training that a record tells of; 1 where it tells of none."""
    try:
        return float(record["config"]["policy"]["preference_spread"])
    except (KeyError, TypeError):
        return 1.0


def as_asked(policy: Policy, objective: Objective, record: Mapping[str, Any]) -> Policy:
    """A policy that is told the objective's weights, if its training, of which a record tells, varied them."""
    return Preferring(policy, objective.preference) if trained_spread(record) > 1 else policy


def preferring(objective: Objective, asked: Mapping[str, float], record: Mapping[str, Any]) -> Objective:
    """The objective of a training run with other weights, as far as its policy was trained for them.

    Args:
        objective: of the run.
        asked: weights by the names of `decision.PREFERENCE`.
        record: of the run.

    Raises:
        PreferenceError: a weight lies outside of what training varied.
    """
    spread = trained_spread(record)
    for name, weight in asked.items():
        middle = getattr(objective, name)
        low, high = middle / spread, middle * spread
        if not (low <= weight <= high or np.isclose(weight, (low, high), rtol=ROUNDING, atol=0).any()):
            trained = f"{low:.4g} to {high:.4g}" if spread > 1 else f"{middle:g} and no other"
            raise PreferenceError(f"{name}: expected {trained}, as in the policy's training, found {weight:g}")
    return replace(objective, **asked)


def ends(objective: Objective, spread: float) -> list[Objective]:
    """Those in which one weight of cost, work or satisfaction is `spread` times lower or higher than in one; (2 P)."""
    return [
        replace(objective, **{name: factor * getattr(objective, name)})
        for name in PREFERENCE
        for factor in (1 / spread, spread)
    ]


def spread_objectives(objective: Objective, spread: float, count: int, seed: np.random.SeedSequence) -> list[Objective]:
    """Objectives whose weights for cost, work and satisfaction differ from one's by random factors.

    A Latin hypercube, so that few objectives, too, cover the whole range of each weight (McKay, Beckman and Conover
    1979, "A comparison of three methods for selecting values of input variables").

    Args:
        objective: in whose middle they lie.
        spread: factors are log-uniform from 1 / spread to spread; 1 or more.
        count: how many.
        seed: of the factors.
    """
    sampler = LatinHypercube(len(PREFERENCE), rng=np.random.default_rng(seed))
    factors = spread ** (2 * sampler.random(count) - 1)
    middle = np.array([getattr(objective, name) for name in PREFERENCE])
    return [
        replace(objective, **dict(zip(PREFERENCE, weights, strict=True))) for weights in (middle * factors).tolist()
    ]


def best_by_preference(booked: Booked, names: Sequence[str], objective: Objective) -> ByPreference:
    """Of some rules, by name, the best in the episodes booked for whatever weights a decision carries.

    Args:
        booked: training episodes.
        names: of the rules.
        objective: all but the weights that vary.
    """

    def per_case(**weights: float) -> NDArray[np.float64]:
        varied = dict.fromkeys(PREFERENCE, 0.0) | weights
        rewards = booked.rewards(names, len(booked.traces), replace(objective, **varied))
        return pooled(rewards.swapaxes(0, 1))

    rest = per_case()
    worth = np.stack([per_case(**{name: 1.0}) - rest for name in PREFERENCE], axis=1)
    return ByPreference(tuple(rule(name) for name in names), worth, rest)


def under_many(validation: Validation, spread: float, seed: np.random.SeedSequence) -> Validation:
    """The same validation episodes, each under an objective of its own, for a policy that is to serve all of them.

    Judged under one objective alone, the checkpoint would be kept that is best for those who want no other. Money is
    added up as it is, so that who weighs everything higher counts for more.

    Args:
        validation: its objective lies in the middle.
        spread: as in `spread_objectives`.
        seed: of the objectives.
    """
    objectives = tuple(spread_objectives(validation.objective, spread, len(validation.traces), seed))
    varied = replace(validation, objectives=objectives)
    _, ratios = varied.judge(RULES["incumbent"], [REWARD])
    return replace(varied, incumbent=ratios[:, 0])
