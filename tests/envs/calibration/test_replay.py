"""Real days replayed: what is read from the log, what is drawn, and the availability that fits."""

import os
from pathlib import Path

import numpy as np
import pytest

from maitred.envs.calibration.availability import (
    fit_availability,
    fit_to_days,
    measure,
    measure_days,
    measure_run,
    run,
    with_readiness,
)
from maitred.envs.calibration.replay import at_level, incident_days, log_types_and_agents, real_days, replay_scenario
from maitred.envs.contact_log import import_logs, read_log
from maitred.envs.trace import SHIFT_END, SHIFT_START
from tests.envs.contact_log.synthetic_technion import write_synthetic_log

GAP_S, SEED = 1800.0, np.random.SeedSequence(1)


@pytest.fixture(scope="module")
def center(tmp_path_factory):
    """A synthetic log in which agents are always ready, and the replay of its days."""
    folder = tmp_path_factory.mktemp("replay")
    write_synthetic_log(folder / "calls.tsv", seed=5, days=10, quirks=False)
    import_logs([folder / "calls.tsv"], "technion", folder / "log.parquet", progress=False)
    log = read_log(folder / "log.parquet")
    scenario = replay_scenario(log, *log_types_and_agents(log), head_start_s=90.0)
    return log, scenario, real_days(log, scenario, GAP_S, SEED)


def test_a_days_arrivals_waits_and_shifts_are_the_logs(center):
    log, scenario, days = center
    queued = [w for w in log["wait_s"].to_pylist() if w is not None]
    assert sum(len(day.trace.arrivals) for day in days) == len(queued)
    assert sum(day.wait_s.sum() for day in days) == pytest.approx(sum(queued))
    for day in days:
        starts, ends = (day.trace.roster[day.trace.roster["code"] == code] for code in (SHIFT_START, SHIFT_END))
        assert len(starts) == len(ends) and set(starts["agent"]) <= set(range(len(scenario.agents.names)))
        assert (np.diff(day.trace.arrivals["s"]) >= 0).all()


def test_the_same_seed_replays_the_same_day(center):
    log, scenario, days = center
    again = real_days(log, scenario, GAP_S, SEED)
    assert all(a.trace.arrivals.tobytes() == b.trace.arrivals.tobytes() for a, b in zip(days, again, strict=True))


def test_the_replay_resembles_the_log_and_finds_its_agents_ready(center):
    _, scenario, days = center
    fit = fit_to_days(scenario, days)
    np.testing.assert_allclose(fit.simulated[[0, 2, 3]], fit.measured[[0, 2, 3]], atol=0.04)
    assert fit.effective > 0.93  # in the synthetic log they always are


def test_planted_pauses_are_found_again(center):
    _, scenario, days = center
    traces = [day.trace for day in days]
    planted = measure_run(run(with_readiness(scenario, 40.0, 60.0, 0.8), traces))
    fit = fit_availability(scenario, traces, planted)
    np.testing.assert_allclose(fit.simulated, planted, rtol=0.05, atol=0.01)
    assert fit.pause_mean_s == pytest.approx(40.0, rel=0.3)


def test_a_slower_pace_makes_callers_wait_longer(center):
    log, scenario, days = center
    slow = real_days(log, at_level(scenario, 1.2), GAP_S, SEED)
    wait = [measure_run(run(scenario, [d.trace for d in of]))[1] for of in (days, slow)]
    assert wait[1] > 1.2 * wait[0]


def test_measures_count_who_was_not_answered():
    found = measure(np.array([0.0, 10.0, 30.0, 40.0]), np.array([True, True, True, False]))
    np.testing.assert_allclose(found, [0.25, 20.0, 0.25, 0.5])


def test_the_banks_outage_is_an_incident(tmp_path):
    if "MAITRED_DATA" not in os.environ:
        pytest.skip("MAITRED_DATA is not set: no call log to check against")
    source = Path(os.environ["MAITRED_DATA"]) / "anonymous_bank" / "february_1999_raw.tsv.gz"
    import_logs([source], "technion", tmp_path / "log.parquet", progress=False)
    log = read_log(tmp_path / "log.parquet")
    surges = {str(np.datetime64(day, "D")) for day in incident_days(log, log_types_and_agents(log)[0])}
    assert "1999-02-14" in surges and len(surges) <= 3
    days = real_days(log, replay_scenario(log, *log_types_and_agents(log), head_start_s=90.0), 600.0, SEED)
    assert measure_days(days)[0] == pytest.approx(0.1264, abs=0.001)
