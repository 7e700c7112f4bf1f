"""Average-cost optimum of a process, and the exact cost of a fixed policy, each with bounds that certify it.

Value iteration on the uniformised chain, its span being the stopping rule (Puterman 1994, "Markov Decision
Processes", sections 8.5.4 and 11.5), goes slowly where traffic is heavy. So between short runs of it the values of
the greedy policy are solved for exactly, which is policy iteration (8.6); the last word is always the span.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import LinearOperator, bicgstab, spsolve

from experiments.optimality.process import Floats, Ints, Process

SWEEPS = 20  # of value iteration between two exact solves
MOST_ROUNDS = 100
MOST_STEPS = 500  # of an iterative solve
RESIDUAL = 1e-11  # of the linear solve, relative to the cost rates


class NotConverged(RuntimeError):
    """The bounds on the average cost did not come as close as was asked."""


@dataclass(frozen=True)
class Evaluation:
    """Long-run average cost of one policy.

    Attributes:
        cost_per_min: money per minute.
        low: lower bound on it, from the residual of `values`.
        high: upper bound on it.
        values: (S,) extra cost in the long run of starting in a settled state instead of the empty one.
    """

    cost_per_min: float
    low: float
    high: float
    values: Floats


@dataclass(frozen=True)
class Optimum:
    """The least average cost, between `low` and `high`, and a policy that attains it.

    Attributes:
        cost_per_min: money per minute, the middle of the bounds.
        low: lower bound over all policies.
        high: upper bound on the cost of `policy`.
        values: (S,) relative values of the settled states.
        policy: (D,) index of the choice at each decision.
        sweeps: of value iteration.
        solves: of linear systems.
        seconds: wall-clock time.
    """

    cost_per_min: float
    low: float
    high: float
    values: Floats
    policy: Ints
    sweeps: int
    solves: int
    seconds: float


def optimum(process: Process, tolerance: float = 1e-7) -> Optimum:
    """The optimal policy, with bounds on its cost not further apart than `tolerance` times the cost.

    Args:
        process: one in which every sensible policy has a single recurrent class.
        tolerance: relative, positive; near 1e-12 rounding prevents convergence.

    Raises:
        NotConverged: if that cannot be reached.
    """
    began, values = time.perf_counter(), np.zeros(process.states)
    leaving, choices = _leaving(process), np.ascontiguousarray(process.choices.T)
    longest = 1.01 * leaving.max()  # above the largest rate, so that the uniformised chain is aperiodic
    for solves in range(MOST_ROUNDS):
        for sweep in range(SWEEPS):
            settled = _reached(values, choices).min(axis=0)
            change = process.cost_per_min + process.jumps @ np.concatenate((values, settled)) - leaving * values
            low, high = float(change.min()), float(change.max())
            if high - low <= tolerance * max(abs(low), abs(high)):
                policy = _reached(values, choices).argmin(axis=0)
                sweeps, seconds = solves * SWEEPS + sweep + 1, time.perf_counter() - began
                return Optimum((low + high) / 2, low, high, values, policy, sweeps, solves, seconds)
            values = values + change / longest
            values -= values[process.start]
        values = _solve(process, _reached(values, choices).argmin(axis=0), values)
    raise NotConverged(f"bounds {low:.9g} and {high:.9g} after {MOST_ROUNDS} rounds, tolerance {tolerance:g}")


def evaluate(process: Process, policy: Ints, tolerance: float = 1e-6) -> Evaluation:
    """The average cost of a fixed policy.

    Args:
        process: the network.
        policy: (D,) index of an allowed choice at each decision.
        tolerance: the bounds may not be further apart than this, relative to the cost.

    Raises:
        ValueError: if the policy makes a choice that is not allowed.
        NotConverged: if the bounds stay further apart.
    """
    if not process.allowed[np.arange(len(policy)), policy].all():
        raise ValueError(f"decision {int(_first_forbidden(process, policy))}: the policy's choice is not allowed")
    values = _solve(process, policy, np.zeros(process.states))
    change = process.cost_per_min + _generator(process, policy) @ values
    low, high = float(change.min()), float(change.max())
    if high - low > tolerance * max(abs(low), abs(high)):
        raise NotConverged(f"bounds {low:.9g} and {high:.9g}, tolerance {tolerance:g}")
    return Evaluation(float(change[process.start]), low, high, values - values[process.start])


def _first_forbidden(process: Process, policy: Ints) -> np.intp:
    return np.argmin(process.allowed[np.arange(len(policy)), policy])


def _leaving(process: Process) -> Floats:
    return np.asarray(process.jumps.sum(axis=1)).ravel()


def _reached(values: Floats, choices: Ints) -> Floats:
    """(A, D) value of the state each choice leads to; infinite, by the index -1, where it is not allowed."""
    return np.asarray(np.append(values, np.inf)[choices])


def _generator(process: Process, policy: Ints) -> csr_array:
    """(S, S) rates of the chain under a policy, the diagonal included."""
    settles = process.choices[np.arange(len(policy)), policy]
    lands = np.concatenate((np.arange(process.states), settles))
    landing = csr_array((np.ones(len(lands)), lands, np.arange(len(lands) + 1)), shape=(len(lands), process.states))
    return process.jumps @ landing - diags_array(_leaving(process))


def _solve(process: Process, policy: Ints, guess: Floats) -> Floats:
    """Values v with cost + generator v constant: solved where some event lands, one step further elsewhere.

    Adding v[start] to every equation makes the system regular, and v[start] the average cost.
    """
    generator = _generator(process, policy)
    inner = np.union1d(generator.indices[generator.data > 0], [process.start])
    start, core = int(np.searchsorted(inner, process.start)), generator[inner][:, inner]
    values = np.zeros(process.states)
    values[inner] = _regular_solve(core, start, process.cost_per_min[inner], guess[inner])
    outer = np.ones(process.states, np.bool_)
    outer[inner] = False
    flow = process.cost_per_min - values[process.start] + generator @ values
    values[outer] = -flow[outer] / generator.diagonal()[outer]
    return values


def _regular_solve(generator: csr_array, start: int, cost_per_min: Floats, guess: Floats) -> Floats:
    """Solve v[start] - generator v = cost: by iteration, quick where the chain mixes fast, else by elimination."""
    scale = -generator.diagonal()
    regular = LinearOperator(generator.shape, lambda v: v[start] - generator @ v, dtype=np.float64)
    jacobi = LinearOperator(generator.shape, lambda v: v / scale, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # where it diverges
        values, failed = bicgstab(regular, cost_per_min, x0=guess, rtol=RESIDUAL, maxiter=MOST_STEPS, M=jacobi)
    if failed:
        ones = np.ones(len(scale))
        column = csr_array((ones, (np.arange(len(ones)), np.full(len(ones), start))), shape=generator.shape)
        values = spsolve((column - generator).tocsc(), cost_per_min)
    return np.asarray(values)
