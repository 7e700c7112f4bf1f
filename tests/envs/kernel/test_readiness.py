"""Effective availability: pauses after contacts and absences of free agents."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.kernel.layout import Activity
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from tests.envs.kernel.scenarios import small_scenario

CENTERS = 40


def accounts(pause_s, ready_share, drift_s=90.0, per_h=8.0):
    """Seconds per activity of many days of one center, and the contacts served."""
    scenario = small_scenario(np.random.default_rng(3), availability=1.0, per_h=per_h, pause_s=pause_s, wrap_up_s=0.0)
    staffing = replace(scenario.staffing, ready_share=ready_share, drift_mean_s=drift_s)
    scenario = replace(scenario, staffing=staffing)
    traces = [draw_trace(scenario, np.random.SeedSequence([7, i])) for i in range(CENTERS)]
    simulator = Simulator(scenario, traces)
    simulator.run_incumbent()
    served = sum((simulator.ledger(b).contacts["outcome"] == 1).sum() for b in range(CENTERS))
    return simulator.centers.accounts.sum(axis=(0, 1)), served


def test_without_pauses_nobody_is_unavailable():
    seconds, _ = accounts(0.0, 1.0)
    assert seconds[Activity.UNAVAILABLE] == 0


def test_every_contact_is_followed_by_a_pause_of_the_mean_length():
    seconds, served = accounts(60.0, 1.0)
    assert seconds[Activity.UNAVAILABLE] / served == pytest.approx(60.0, rel=0.06)


def test_free_agents_are_ready_for_the_stated_share_of_their_time():
    seconds, served = accounts(1.0, 0.6, per_h=0.5)
    away = seconds[Activity.UNAVAILABLE] - 1.0 * served
    assert seconds[Activity.IDLE] / (seconds[Activity.IDLE] + away) == pytest.approx(0.6, abs=0.02)
