"""Closed forms of classic queues beside Erlang's: priorities, processor sharing, Little's law.

Rates are per second, times in seconds. Classes are in the order of their priority, the first one first; who is being
served is not interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.exactness.formulas import delay_queue

Floats = NDArray[np.float64]


def priority_waits(arrivals_per_s: ArrayLike, mean_s: ArrayLike, scv: ArrayLike = 1.0) -> Floats:
    """Mean wait per class in M/G/1 with non-preemptive priorities, (C,) seconds.

    W(k) = R / ((1 - s(k-1)) (1 - s(k))), with R the mean work left of who is being served, sum of lambda E[S^2] / 2,
    and s(k) the load of classes 1..k (Cobham 1954, "Priority assignment in waiting line problems", Operations
    Research 2(1)).

    Args:
        arrivals_per_s: (C,) Poisson rates.
        mean_s: (C,) mean service times.
        scv: (C,) or one squared coefficient of variation of the service times; 1 is exponential (M/M/1), 0 constant.
    """
    rates, means = np.asarray(arrivals_per_s, np.float64), np.asarray(mean_s, np.float64)
    left_s = float(np.sum(rates * means**2 * (1 + np.asarray(scv, np.float64)))) / 2
    return np.asarray(left_s / _spare(rates * means))


def priority_waits_in_pool(arrivals_per_s: ArrayLike, mean_s: float, agents: int) -> Floats:
    """Mean wait per class in M/M/n with non-preemptive priorities and one service rate, (C,) seconds.

    As `priority_waits`, where R is Erlang's probability to wait times the mean time to the next departure while all
    agents work, E[S] / n (Cobham 1954; Kella and Yechiali 1985, "Waiting times in the non-preemptive priority M/M/c
    queue", Stochastic Models 1(2)).

    Args:
        arrivals_per_s: (C,) Poisson rates.
        mean_s: mean service time of all classes.
        agents: n, more than the offered load.
    """
    rates = np.asarray(arrivals_per_s, np.float64)
    wait_p = delay_queue(float(rates.sum()), 1 / mean_s, agents, 0.0).wait_p
    return wait_p * mean_s / agents / _spare(rates * mean_s / agents)


def _spare(loads: Floats) -> Floats:
    """(1 - s(k-1)) (1 - s(k)) for each class k."""
    taken = np.cumsum(loads)
    if not taken[-1] < 1:
        raise ValueError(f"expected a load below 1, found {taken[-1]:g}")
    spare = 1 - np.append(0.0, taken)
    return np.asarray(spare[:-1] * spare[1:])


def processor_sharing_sojourn(arrivals_per_s: float, mean_s: float) -> float:
    """Mean time in M/G/1 with processor sharing, E[S] / (1 - rho), seconds.

    Of the service time's distribution only the mean matters (Kleinrock 1976, "Queueing Systems II", chapter 4).
    It is the limit of ever finer turns that are served in rotation.
    """
    return float(mean_s / _spare(np.array([arrivals_per_s * mean_s]))[0])


@dataclass(frozen=True)
class Little:
    """Both sides of Little's law per class or station, (C,) float64 each; they differ by the edges of the window.

    Attributes:
        in_line: time average of the number waiting.
        rate_x_wait: arrivals per second times their mean wait.
        in_service: time average of the number being served.
        rate_x_service: arrivals per second times their mean time in service.
    """

    in_line: Floats
    rate_x_wait: Floats
    in_service: Floats
    rate_x_service: Floats


def littles_law(
    arrival_s: Floats, start_s: Floats, end_s: Floats, station: NDArray[np.int64], window_s: tuple[float, float]
) -> Little:
    """L and lambda W of visits: numbers from all who are there in the window, times from those who arrive in it.

    Args:
        arrival_s: (V,) when a visit comes.
        start_s: (V,) when its service starts; NaN for one that leaves unserved.
        end_s: (V,) when it leaves; the horizon for one that is still there.
        station: (V,) class or station of the visit, 0..C-1.
        window_s: begin and end of the time that counts, the end not included.
    """
    leave_line_s = np.where(np.isnan(start_s), end_s, start_s)
    disordered = np.flatnonzero(~((arrival_s <= leave_line_s) & (leave_line_s <= end_s)))
    if len(disordered):
        raise ValueError(f"visit {disordered[0]}: expected arrival_s <= start_s <= end_s and no NaN but in start_s")
    begin, end = window_s
    if not begin < end:
        raise ValueError(f"window_s: expected its begin before its end, found {window_s}")
    arriving = (arrival_s >= begin) & (arrival_s < end)

    def per_s(seconds: Floats) -> Floats:
        return np.asarray(np.bincount(station, weights=seconds) / (end - begin), np.float64)

    def inside(first_s: Floats, last_s: Floats) -> Floats:
        return np.asarray(np.maximum(np.minimum(last_s, end) - np.maximum(first_s, begin), 0.0))

    return Little(
        in_line=per_s(inside(arrival_s, leave_line_s)),
        rate_x_wait=per_s(arriving * (leave_line_s - arrival_s)),
        in_service=per_s(inside(leave_line_s, end_s)),
        rate_x_service=per_s(arriving * (end_s - leave_line_s)),
    )
