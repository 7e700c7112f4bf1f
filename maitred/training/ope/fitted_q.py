"""Fitted Q evaluation: the return of a policy by regression, step after step from the last one back.

Le, Voloshin and Yue 2019, "Batch policy learning under constraints": q_t regresses r_t + gamma v_{t+1} on state and
action, v_{t+1} = sum over actions of the target's probability times q_{t+1}. No importance weights, so no growing
variance; as right as the regression.
"""

from __future__ import annotations

import numpy as np

from maitred.training.ope.logged import Floats, Integers


def tabular(
    state: Integers, action: Integers, reward: Floats, target: Floats, discount: float
) -> tuple[Floats, Floats]:
    """Predictions q and v, (n, T) each, from means per step, state and action; 0 for pairs that were never seen.

    Args:
        state: (n, T) int64, state number at each step.
        action: (n, T) int64.
        reward: (n, T) float64.
        target: (S, A) float64, the target policy's probabilities.
        discount: of a step.
    """
    q, v = np.zeros_like(reward), np.zeros_like(reward)
    after = np.zeros(len(reward))
    for t in reversed(range(reward.shape[1])):
        pair = state[:, t] * target.shape[1] + action[:, t]
        seen = np.bincount(pair, minlength=target.size)
        total = np.bincount(pair, reward[:, t] + discount * after, minlength=target.size)
        table = (total / np.maximum(seen, 1)).reshape(target.shape)
        q[:, t] = table[state[:, t], action[:, t]]
        v[:, t] = after = (target * table).sum(axis=1)[state[:, t]]
    return q, v


def linear(
    features: Floats, chosen: Integers, reward: Floats, target: Floats, discount: float, penalty: float = 1.0
) -> tuple[Floats, Floats]:
    """Predictions q and v, (n, T) each, linear in the features of candidates, by ridge regression at every step.

    Args:
        features: (n, T, K, F) float64, of every candidate; a constant among them, if one is wanted.
        chosen: (n, T) int64, its place.
        reward: (n, T) float64.
        target: (n, T, K) float64, the target policy's probabilities; 0 where masked.
        discount: of a step.
        penalty: on squared coefficients, in decisions.
    """
    n, steps, _, width = features.shape
    q, v, rows = np.zeros((n, steps)), np.zeros((n, steps)), np.arange(n)
    after = np.zeros(n)
    for t in reversed(range(steps)):
        x = features[rows, t, chosen[:, t]]
        y = reward[:, t] + discount * after
        coefficients = np.linalg.solve(x.T @ x + penalty * np.eye(width), x.T @ y)
        predicted = features[:, t] @ coefficients
        q[:, t] = predicted[rows, chosen[:, t]]
        v[:, t] = after = (target[:, t] * predicted).sum(axis=1)
    return q, v
