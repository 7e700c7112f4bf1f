"""A process walked by chance, many walkers at a time, in compiled code.

The chain is uniformised (Puterman 1994, "Markov Decision Processes", section 11.5): every walker meets one event per
tick, and what does not apply to its state leaves it there. The uniform of a tick is hash(key of the walker, tick) and
arrivals come first in every state, so that two policies see the same arrivals at the same ticks. A state is charged
once, on entering, with its expected cost and its expected time instead of the ticks spent in it: the same mean, with
less noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from experiments.optimality.process import Floats, Ints, Process

NONE = -1
FOREVER = np.iinfo(np.int64).max


class Chain(NamedTuple):
    """Events of S settled states in rows, as compiled code reads them.

    Attributes:
        row: (S + 1,) int64, where the events of a state begin.
        column: (E,) int32 of `Process.jumps`: a settled state, or S + a decision.
        until: (E,) float64, the uniforms below which the event happens, rising in each row.
        minutes: (S,) float64, expected time spent in the state.
        cost: (S,) float64, expected cost of it, money.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int32]
    until: Floats
    minutes: Floats
    cost: Floats


class Walkers(NamedTuple):
    """B walkers.

    Attributes:
        key: (B,) uint64, the luck of each.
        tick: (B,) int64, events met.
        state: (B,) int32, the settled state to go on from.
        decision: (B,) int32, the decision that waits for an answer; `NONE` where none does.
        minutes: (B,) float64, time passed.
        cost: (B,) float64, money.
    """

    key: NDArray[np.uint64]
    tick: NDArray[np.int64]
    state: NDArray[np.int32]
    decision: NDArray[np.int32]
    minutes: Floats
    cost: Floats


def chain_of(process: Process, arrivals: int) -> Chain:
    """The chain of a process whose first `arrivals` blocks of S decisions are the arrivals of the classes."""
    states, jumps = process.states, process.jumps.tocsr()
    leaving = np.asarray(jumps.sum(axis=1)).ravel()
    column = jumps.indices.astype(np.int32)
    source = np.repeat(np.arange(states), np.diff(jumps.indptr))
    comes = (column >= states) & (column < states * (1 + arrivals))
    order = np.lexsort((column, ~comes, source))
    total = np.cumsum(jumps.data[order])
    before = np.concatenate(([0.0], total))[jumps.indptr[:-1]]
    until = (total - before[source]) / leaving.max()
    return Chain(jumps.indptr.astype(np.int64), column[order], until, 1 / leaving, process.cost_per_min / leaving)


def walkers_at(state: int, seed: np.random.SeedSequence, count: int) -> Walkers:
    """Walkers that stand at one settled state."""
    keys = seed.generate_state(count, np.uint64).astype(np.uint64)
    zeros = np.zeros(count)
    none = np.full(count, NONE, np.int32)
    return Walkers(keys, np.zeros(count, np.int64), np.full(count, state, np.int32), none, zeros, zeros.copy())


def forced(process: Process) -> Ints:
    """(D,) int32, the settled state after each decision that leaves no choice; `NONE` where there is one."""
    only = process.allowed.sum(axis=1) == 1
    return np.where(only, process.choices.max(axis=1), NONE).astype(np.int32)


@njit(cache=True, nogil=True)
def walk(chain: Chain, lands: NDArray[np.int32], walkers: Walkers, last_tick: int) -> None:
    """Walk on from `state` until a decision without an answer, or the last tick.

    Args:
        chain: where it goes.
        lands: (D,) settled state after each decision, `NONE` to stop there and ask.
        walkers: moved in place; `minutes` and `cost` are added to.
        last_tick: stop at the first change of state from this tick on.
    """
    states = len(chain.minutes)
    for b in range(len(walkers.key)):
        state, tick, asked = walkers.state[b], walkers.tick[b], NONE
        minutes = cost = 0.0
        while tick < last_tick:
            minutes += chain.minutes[state]
            cost += chain.cost[state]
            event, tick = _event(chain, state, walkers.key[b], tick)
            column = chain.column[event]
            state = column if column < states else lands[column - states]
            if state == NONE:
                asked = column - states
                break
        walkers.state[b], walkers.tick[b], walkers.decision[b] = state, tick, asked
        walkers.minutes[b] += minutes
        walkers.cost[b] += cost


@njit(cache=True, nogil=True, inline="always")
def _event(chain: Chain, state: int, key: np.uint64, tick: int) -> tuple[int, int]:
    """The event that takes a walker out of a state, and the tick after it."""
    while True:
        u = _uniform(key, tick)
        tick += 1
        for event in range(chain.row[state], chain.row[state + 1]):
            if u < chain.until[event]:
                return event, tick


@njit(cache=True, nogil=True, inline="always")
def _uniform(key: np.uint64, tick: int) -> float:
    """In [0, 1): SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators")."""
    z = key + np.uint64(0x9E3779B97F4A7C15) * np.uint64(tick + 1)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.float64((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53
