"""A simulator is fitted to nothing but the contact log of a center, and finds its load and its people again."""

import numpy as np
import pytest

from experiments.offline.calibrated import calibrated, contact_log
from maitred.agents.rules import RULES
from maitred.envs.calibration import log_arrays
from maitred.envs.contact_log import read_log
from maitred.envs.kernel.layout import Outcome
from maitred.envs.resized import resized
from maitred.envs.scenario import DAY_S
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import simulate
from maitred.envs.traffic import draw_trace
from tests.training.center import small_center


def test_a_row_says_of_a_contact_what_the_ledger_booked():
    center = small_center(1.2)
    ledger = simulate(center, [draw_trace(center, np.random.SeedSequence(1), 2)], RULES["incumbent"])[0]
    log, booked = contact_log(ledger, center, 2), ledger.contacts
    booked = booked[booked["outcome"] != Outcome.INSIDE]
    served = booked["outcome"] == Outcome.SERVED
    assert 0 < served.sum() < len(booked) == log.num_rows
    assert (log_arrays.outcome_is(log, "served") == served).all()
    assert log_arrays.clock_s(log, "arrival") % DAY_S == pytest.approx(booked["arrival_s"], abs=1e-6)
    assert log["arrival"][0].as_py().strftime("%A") == "Wednesday"
    left = np.where(served, booked["answer_s"], booked["end_s"])
    assert log_arrays.numbers(log, "wait_s") == pytest.approx(left - booked["arrival_s"])
    assert (log_arrays.codes(log, "agent", center.agents.names) == np.where(served, booked["agent"], -1)).all()
    assert log_arrays.numbers(log, "service_s")[served] == pytest.approx(booked["work_s"][served])


@pytest.mark.slow
def test_the_simulator_has_the_load_and_the_handle_times_that_left_the_log(tmp_path):
    reality = resized(load_scenario("bank"), load=1.15)
    simulator = calibrated(reality, seed=1, count=28, folder=tmp_path)
    own, true = (center.arrivals.rate_per_h[0].sum() for center in (simulator, reality))
    assert own == pytest.approx(true, rel=0.08)
    people = [reality.agents.names.index(name) for name in simulator.agents.names]
    types = [reality.types.names.index(name) for name in simulator.types.names]
    mean_s = reality.agents.mean_s[np.ix_(people, types)]
    both = (mean_s > 0) & (simulator.agents.mean_s > 0)
    apart = np.log(simulator.agents.mean_s[both] / mean_s[both])
    assert abs(apart.mean()) < 0.05 and apart.std() < 0.2
    log = read_log(tmp_path / "bank-history-1-28.parquet")
    assert len(np.unique(log_arrays.clock_s(log, "arrival") // DAY_S)) == 28
    assert calibrated(reality, seed=1, count=28, folder=tmp_path).provenance == simulator.provenance  # kept
