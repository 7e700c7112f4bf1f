"""Fatigue: hours of work without rest make work slower and less regular (RS-6)."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.blocks import People
from maitred.envs.decision import CANDIDATE_NAMES
from maitred.envs.kernel.layout import Activity
from maitred.envs.simulator import Simulator
from tests.envs.kernel.worlds import arriving, center, logged, luck

MEMORY_S, WORK, LOG_SD = 7200.0, 0.2, 0.5
CALL_S = 60.0  # longer than any quantile of work below


def work_of(people, calls_in_a_row, seeds=60):
    """(seeds, calls) seconds of work of an agent who takes calls one upon the other from the start of the day."""
    scenario = center(agents=1, mean_s=CALL_S, distribution="lognormal", shift_s=(0.0, 86400.0), people=people)
    rows = []
    for seed in range(seeds):
        trace = arriving(luck(scenario, seed), *[(0.001 * i, 0) for i in range(calls_in_a_row)])
        keys = np.random.default_rng(seed).integers(1, 2**63, calls_in_a_row)
        trace.arrivals["key"] = keys
        rows.append(logged(scenario, trace).contacts["work_s"])
    return np.array(rows)


def test_fatigue_is_an_average_of_recent_occupancy():
    people = People(fatigue_work=WORK, fatigue_memory_s=MEMORY_S)
    tired, rested = work_of(people, 300, seeds=3), work_of(People(), 300, seeds=3)
    started_s = np.cumsum(tired, axis=1) - tired
    expected = 1 + WORK * (1 - np.exp(-started_s / MEMORY_S))
    np.testing.assert_allclose(tired / rested, expected, rtol=1e-9)
    assert expected[:, -1].min() > 1 + 0.8 * WORK


def test_fatigue_raises_the_mean_and_the_variance_of_work():
    people = People(fatigue_work=WORK, fatigue_log_sd=0.5, fatigue_memory_s=1800.0)
    tired, rested = work_of(people, 200)[:, 100:], work_of(People(), 200)[:, 100:]
    assert tired.mean() / rested.mean() == pytest.approx(1 + WORK, rel=0.03)
    log_sd = np.log(tired).std() / np.log(rested).std()
    assert log_sd == pytest.approx(1.5, rel=0.03)
    assert tired.var() > 1.5 * rested.var()


def test_irregularity_alone_leaves_the_mean_as_it_is():
    people = People(fatigue_log_sd=0.5, fatigue_memory_s=1800.0)
    tired, rested = work_of(people, 200)[:, 100:], work_of(People(), 200)[:, 100:]
    assert tired.mean() / rested.mean() == pytest.approx(1.0, rel=0.03)


def test_a_break_rests_and_policies_see_who_is_tired():
    people = People(fatigue_work=WORK, fatigue_memory_s=1800.0, break_min=60)
    scenario = center(agents=1, per_h=200.0, mean_s=600.0, shift_s=(0.0, 36_000.0), people=people)
    simulator = Simulator(replace(scenario, routing=replace(scenario.routing, may_hold=True)), [luck(scenario)])
    seen = []
    simulator.step()
    while simulator.pending.any():
        fatigue = simulator.decisions().candidates[0, 0, CANDIDATE_NAMES.index("fatigue")]
        seen.append((simulator.centers.center["now"][0], fatigue))
        simulator.step(np.zeros(1, np.int64))
    now_s, fatigue = np.array(seen).T
    assert simulator.ledger(0).accounts[0, Activity.BREAK] > 1800
    longest = np.argmax(np.diff(now_s))
    assert fatigue[longest] > 0.8 and fatigue[longest + 1] < 0.4 * fatigue[longest]
    assert fatigue.min() >= 0 and fatigue.max() <= 1
