"""Estimators of what a policy earns over whole trajectories, each as (n,) rows whose mean is the estimate.

One-step estimators ask what a decision earns; these also follow what it leads to. Importance weights are products over
the steps so far and grow exponentially with their number: beyond some ten steps only those with marginal weights
(`marginalised`, `double_reinforcement`) or none (`fitted_q.py`) can tell anything. rho_t is the ratio of both policies'
probabilities of the action at step t, W_t = rho_0 ... rho_t, w_t the marginal ratio of the state's probability at t.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from maitred.training.ope.logged import Floats, Integers, LoggedError


@dataclass(frozen=True, eq=False)
class Trajectories:
    """n trajectories of T steps; a shorter one is filled up with steps of ratio 1 and reward, q and v of 0.

    Attributes:
        reward: (n, T) float64, in any one unit.
        ratio: (n, T) float64, target's over behaviour's probability of the action taken.
        discount: of a step, in (0, 1].
        q: (n, T) float64, predicted return of the action taken, from then on; 0 without a model.
        v: (n, T) float64, predicted return of the target policy's answer in that state; 0 without a model.

    Raises:
        LoggedError: shapes do not fit, or a number is out of its range.
    """

    reward: Floats
    ratio: Floats
    discount: float
    q: Floats
    v: Floats

    def __post_init__(self) -> None:
        """Refuse what would give a wrong number instead of an error."""
        if not 0 < self.discount <= 1:
            raise LoggedError(f"discount: expected a number in (0, 1], found {self.discount}")
        if self.reward.ndim != 2 or not self.reward.size:
            raise LoggedError(f"reward: expected a table of trajectories by steps, found shape {self.reward.shape}")
        for name in ("reward", "ratio", "q", "v"):
            values = getattr(self, name)
            if values.shape != self.reward.shape:
                raise LoggedError(f"{name}: expected shape {self.reward.shape} as of reward, found {values.shape}")
            if not np.isfinite(values).all():
                row, step = np.argwhere(~np.isfinite(values))[0]
                raise LoggedError(f"{name}, trajectory {row}, step {step}: expected a finite number")
        if (self.ratio < 0).any():
            row, step = np.argwhere(self.ratio < 0)[0]
            raise LoggedError(
                f"ratio, trajectory {row}, step {step}: expected 0 or more, found {self.ratio[row, step]}"
            )

    @cached_property
    def discounts(self) -> Floats:
        """(T,) what a reward of each step counts today."""
        return np.asarray(self.discount ** np.arange(self.reward.shape[1]), np.float64)

    @cached_property
    def weights(self) -> Floats:
        """(n, T) products of the ratios so far, W_t."""
        products: Floats = self.ratio.cumprod(axis=1)
        return products


def direct_method(paths: Trajectories) -> Floats:
    """The model's return of the first state, v(s_0): fitted Q evaluation where q was fitted so (`fitted_q.py`)."""
    return paths.v[:, 0]


def trajectory_importance(paths: Trajectories) -> Floats:
    """W_T sum_t gamma^t r_t. Precup, Sutton and Singh 2000, "Eligibility traces for off-policy policy evaluation"."""
    return paths.weights[:, -1] * (paths.reward @ paths.discounts)


def self_normalised_trajectory(paths: Trajectories) -> Floats:
    """Sum over trajectories of W_T times the return, over the sum of W_T. Precup, Sutton and Singh 2000."""
    return _step_ratios(paths.weights[:, -1:], (paths.reward @ paths.discounts)[:, None])[:, 0]


def per_decision(paths: Trajectories) -> Floats:
    """Sum over t of gamma^t W_t r_t. Precup, Sutton and Singh 2000."""
    return (paths.weights * paths.reward) @ paths.discounts


def self_normalised_per_decision(paths: Trajectories) -> Floats:
    """Sum over t of gamma^t (sum W_t r_t / sum W_t). Precup, Sutton and Singh 2000; Thomas 2015."""
    return _step_ratios(paths.weights, paths.reward) @ paths.discounts


def doubly_robust(paths: Trajectories) -> Floats:
    """Sum over t of gamma^t (W_{t-1} v_t + W_t (r_t - q_t)). Jiang and Li 2016, "Doubly robust off-policy value"."""
    return _corrected(paths, paths.weights)


def weighted_doubly_robust(paths: Trajectories) -> Floats:
    """As `doubly_robust` with each W_t over its mean. Thomas and Brunskill 2016, "Data-efficient off-policy".

    Rows are exact to first order.
    """
    before = _before(paths.weights)
    values = _step_ratios(before, paths.v) + _step_ratios(paths.weights, paths.reward - paths.q)
    return values @ paths.discounts


def marginalised(paths: Trajectories, state_weight: Floats) -> Floats:
    """Sum over t of gamma^t w_t rho_t r_t. Xie, Ma and Wang 2019, "Towards optimal off-policy evaluation".

    Args:
        paths: of states for which the weights were found.
        state_weight: (n, T) ratio of both policies' probabilities of the state at each step.
    """
    return (state_weight * paths.ratio * paths.reward) @ paths.discounts


def double_reinforcement(paths: Trajectories, state_weight: Floats) -> Floats:
    """Sum over t of gamma^t (u_{t-1} v_t + u_t (r_t - q_t)), u_t = w_t rho_t. Kallus and Uehara 2020, "Double RL".

    Args:
        paths: with a model.
        state_weight: (n, T) ratio of both policies' probabilities of the state at each step.
    """
    return _corrected(paths, state_weight * paths.ratio)


def tabular_state_weights(state: Integers, ratio: Floats) -> Floats:
    """(n, T) ratios of state probabilities: w_{t+1}(s') is the mean of w_t rho_t over trajectories that came to s'.

    Xie, Ma and Wang 2019, with counts for probabilities.

    Args:
        state: (n, T) int64, state number at each step.
        ratio: (n, T) float64, of the actions' probabilities.
    """
    weights = np.ones_like(ratio)
    for t in range(1, ratio.shape[1]):
        arrived = state[:, t]
        total = np.bincount(arrived, weights[:, t - 1] * ratio[:, t - 1])
        weights[:, t] = (total / np.maximum(np.bincount(arrived), 1))[arrived]
    return weights


def _corrected(paths: Trajectories, weights: Floats) -> Floats:
    return (_before(weights) * paths.v + weights * (paths.reward - paths.q)) @ paths.discounts


def _before(weights: Floats) -> Floats:
    """(n, T) the weights of the step before, 1 at the first."""
    return np.hstack([np.ones((len(weights), 1)), weights[:, :-1]])


def _step_ratios(weights: Floats, values: Floats) -> Floats:
    """(n, T) rows of sum over sum at every step: the ratio plus each row's first-order contribution to its error."""
    mean = weights.mean(axis=0)
    ratio = (weights * values).mean(axis=0) / mean
    return np.asarray(ratio + weights * (values - ratio) / mean)
