"""Priorities, processor sharing and Little's law against chains and simulations of the same queues."""

import numpy as np
import pytest

from experiments.exactness.chat_chain import stationary
from experiments.exactness.formulas import delay_queue
from experiments.exactness.queue_formulas import (
    littles_law,
    priority_waits,
    priority_waits_in_pool,
    processor_sharing_sojourn,
)
from experiments.intervals import ratio_interval

PLACES = 45  # where the lines of the chains are cut: their masses there are below 1e-9


def test_priorities_at_one_agent_solve_the_chain():
    rates, means = (0.02, 0.03), (10.0, 15.0)

    def moves(state):
        first, second, served = state  # waiting of each class, and the class in service (0 for none)
        for c, rate in enumerate(rates):
            if served == 0:
                yield (0, 0, c + 1), rate
            elif state[c] < PLACES:
                yield (first + (c == 0), second + (c == 1), served), rate
        if served:
            after = (first - 1, second, 1) if first else (0, second - 1, 2) if second else (0, 0, 0)
            yield after, 1 / means[served - 1]

    masses = stationary((0, 0, 0), moves)
    waiting = sum(mass * np.array(state[:2]) for state, mass in masses.items())
    assert priority_waits(rates, means) == pytest.approx(waiting / rates, rel=1e-4)


def test_priorities_in_a_pool_solve_the_chain():
    rates, mean_s, agents = (0.08, 0.1), 12.0, 3

    def moves(state):
        busy, first, second = state
        for c, rate in enumerate(rates):
            if busy < agents:
                yield (busy + 1, 0, 0), rate
            elif state[1 + c] < PLACES:
                yield (busy, first + (c == 0), second + (c == 1)), rate
        if busy:
            after = (busy, first - 1, second) if first else (busy, 0, second - 1) if second else (busy - 1, 0, 0)
            yield after, busy / mean_s

    masses = stationary((0, 0, 0), moves)
    waiting = sum(mass * np.array(state[1:]) for state, mass in masses.items())
    assert priority_waits_in_pool(rates, mean_s, agents) == pytest.approx(waiting / rates, rel=1e-4)


def priority_run(rates, draws, arrivals, rng):
    """Total wait and number served per class, (2, C), at one agent who takes the first class first."""
    come = [np.cumsum(rng.exponential(1 / rate, arrivals)) for rate in rates]
    work = [draw(rng, arrivals) for draw in draws]
    horizon, now, served, sums = min(times[-1] for times in come), 0.0, [0, 0], np.zeros((2, 2))
    while now < horizon:
        now = max(now, min(times[count] for times, count in zip(come, served, strict=True)))
        c = 0 if come[0][served[0]] <= now else 1
        sums[:, c] += now - come[c][served[c]], 1
        now += work[c][served[c]]
        served[c] += 1
        if max(served) == arrivals:
            break
    return sums


def test_priorities_with_constant_and_lognormal_service_are_what_brute_force_says():
    rates, means, spread = (0.02, 0.02), (10.0, 20.0), 0.8
    draws = (
        lambda rng, count: np.full(count, means[0]),
        lambda rng, count: means[1] * rng.lognormal(-(spread**2) / 2, spread, count),
    )
    exact = priority_waits(rates, means, scv=[0.0, np.expm1(spread**2)])
    runs = np.array([priority_run(rates, draws, 8_000, np.random.default_rng(seed)) for seed in range(20)])
    for c in range(2):
        interval = ratio_interval(runs[:, 0, c], runs[:, 1, c], level=1 - 0.01 / 2)  # both at 99 %
        assert exact[c] in interval
        assert interval.high - interval.low < 0.1 * interval.estimate


def test_one_class_waits_as_in_erlang_c():
    erlang_c_s = delay_queue(0.25, 1 / 12, 4, 0.0).mean_wait_h  # hours and seconds alike: one unit of time
    assert priority_waits_in_pool([0.25], 12.0, 4) == pytest.approx([erlang_c_s])


def test_priority_moves_waiting_between_classes_but_makes_none_for_equal_work():
    rates = np.array([0.03, 0.04])
    ranked, alike = priority_waits(rates, [10.0, 10.0]), priority_waits([0.07], [10.0])
    assert ranked[0] < alike[0] < ranked[1]
    assert rates @ ranked == pytest.approx(0.07 * alike[0])
    assert priority_waits_in_pool(rates, 10.0, 1) == pytest.approx(ranked)


@pytest.mark.parametrize(
    ("begin_p", "on_p", "phase_s"),
    [((1.0, 0.0), 1.0, (7.5, 7.5)), ((0.9, 0.1), 0.0, (5.0, 105.0))],
    ids=["Erlang-2", "hyperexponential"],
)
def test_shared_service_of_any_distribution_takes_the_same_mean_time(begin_p, on_p, phase_s):
    rate = 0.04  # times a mean of 15 s: a load of .6

    def moves(state):
        first, second = state
        for c in range(2):
            if begin_p[c] and first + second < PLACES:
                yield (first + (c == 0), second + (c == 1)), rate * begin_p[c]
        if first:
            yield (first - 1, second + (on_p == 1.0)), first / (first + second) / phase_s[0]
        if second:
            yield (first, second - 1), second / (first + second) / phase_s[1]

    masses = stationary((0, 0), moves)
    present = sum(mass * sum(state) for state, mass in masses.items())
    assert processor_sharing_sojourn(rate, 15.0) == pytest.approx(present / rate, rel=1e-6)


@pytest.mark.parametrize("rate", [0.1, 0.11])
def test_overload_is_refused(rate):
    with pytest.raises(ValueError, match="load below 1"):
        processor_sharing_sojourn(rate, 10.0)
    with pytest.raises(ValueError, match="load below 1"):
        priority_waits([0.05, rate - 0.05], [10.0, 10.0])
    with pytest.raises(ValueError, match="more than"):
        priority_waits_in_pool([rate, rate], 20.0, 4)


def test_littles_law_counts_the_whole_of_a_visit():
    arrival_s, end_s = np.array([0.0, 1.0, 5.0, 6.0]), np.array([4.0, 9.0, 7.0, 8.0])
    start_s = np.array([0.0, 4.0, np.nan, 7.0])  # the third leaves unserved
    law = littles_law(arrival_s, start_s, end_s, np.array([0, 0, 1, 1]), (0.0, 10.0))
    assert law.in_line == pytest.approx([0.3, 0.3])
    assert law.in_service == pytest.approx([0.9, 0.1])
    assert law.rate_x_wait == pytest.approx(law.in_line)
    assert law.rate_x_service == pytest.approx(law.in_service)


def test_littles_law_holds_over_a_long_window_and_meets_counts_at_sampled_moments():
    rng = np.random.default_rng(5)
    arrival_s, work_s = np.cumsum(rng.exponential(20, 40_000)), rng.exponential(12, 40_000)
    start_s, end_s = np.empty((2, 40_000))
    free_s = 0.0
    for visit in range(40_000):
        start_s[visit] = max(free_s, arrival_s[visit])
        end_s[visit] = free_s = start_s[visit] + work_s[visit]
    window_s = 1_000.0, float(arrival_s[-2_000])
    law = littles_law(arrival_s, start_s, end_s, np.zeros(40_000, np.int64), window_s)
    moments = np.linspace(*window_s, 400_001)
    came, started, left = (np.searchsorted(times, moments) for times in (arrival_s, start_s, end_s))
    assert law.in_line == pytest.approx([np.mean(came - started)], rel=5e-3)
    assert law.in_service == pytest.approx([np.mean(started - left)], rel=5e-3)
    assert law.rate_x_wait == pytest.approx(law.in_line, rel=1e-3)
    assert law.rate_x_service == pytest.approx(law.in_service, rel=1e-3)


def test_littles_law_is_broken_by_arrivals_that_never_leave():
    arrival_s = np.arange(1000.0)
    law = littles_law(arrival_s, arrival_s, np.full(1000, 2000.0), np.zeros(1000, np.int64), (0.0, 1000.0))
    assert law.in_service[0] < 0.5 * law.rate_x_service[0]


@pytest.mark.parametrize("times", [(2.0, 1.0, 3.0), (0.0, 1.0, np.nan), (np.nan, 1.0, 2.0), (0.0, 3.0, 2.0)])
def test_littles_law_names_a_visit_out_of_order(times):
    good = np.array([0.0, 0.0])
    arrival_s, start_s, end_s = (
        np.array([first, second]) for first, second in zip(good.repeat(2), times, strict=False)
    )
    with pytest.raises(ValueError, match="visit 1"):
        littles_law(arrival_s, start_s, end_s, np.zeros(2, np.int64), (0.0, 10.0))


def test_littles_law_needs_a_window():
    none = np.empty(0)
    with pytest.raises(ValueError, match="window_s"):
        littles_law(none, none, none, np.empty(0, np.int64), (5.0, 5.0))
