import datetime as dt
from hashlib import sha256

import numpy as np
import pytest

from maitred.envs.calibration.assemble import RESOLVE_P, opening_hours, shares, significant
from maitred.envs.calibration.calibrate import between, calibrate
from maitred.envs.calibration.fits import kept
from maitred.envs.contact_log import import_logs
from maitred.envs.scenario import Staffing
from maitred.envs.scenario_file import load_scenario, scenario_hash
from tests.envs.calibration.logs import contact_log
from tests.envs.contact_log.synthetic_technion import write_synthetic_log

DAYS = 14


@pytest.fixture(scope="module")
def center(tmp_path_factory):
    """A synthetic center: what is true of it, its log, and the scenario fitted to the log."""
    folder = tmp_path_factory.mktemp("center")
    truth = write_synthetic_log(folder / "calls.tsv", seed=8, days=DAYS, quirks=False)
    import_logs([folder / "calls.tsv"], "technion", folder / "log.parquet", progress=False)
    scenario = calibrate(
        folder / "log.parquet", folder / "shop.yaml", name="shop", head_start_s=60.0, acknowledgement="nobody"
    )
    return truth, folder, scenario


def test_the_file_holds_the_scenario(center):
    _, folder, scenario = center
    assert scenario_hash(folder / "shop.yaml") == scenario_hash(scenario)
    assert load_scenario(folder / "shop.yaml").provenance == scenario.provenance


def test_first_attempts_are_recovered(center):
    truth, _, scenario = center
    true_rate = np.array(truth.parameters.rate_per_h) * (1 - truth.parameters.left_menu_p)
    day_type = scenario.arrivals.day_type_of_weekday[6]
    hourly = scenario.arrivals.rate_per_h[day_type].sum(axis=0)[16:40].reshape(12, 2).mean(axis=1)
    assert hourly.sum() == pytest.approx(true_rate.sum(), rel=0.06)
    assert np.corrcoef(hourly, true_rate)[0, 1] > 0.8
    assert scenario.types.names == ("PS", "NW", "NE")
    share = scenario.arrivals.rate_per_h[day_type].sum(axis=1)
    np.testing.assert_allclose(share / share.sum(), list(truth.parameters.type_share.values()), atol=0.02)
    assert scenario.arrivals.day_factor_cv < 0.06


def test_people_are_recovered(center):
    truth, _, scenario = center
    agents, p = scenario.agents, truth.parameters
    assert len(agents.names) == p.n_agents and agents.may_answer.all()
    assert agents.group_names == ("floor",)
    assert agents.short_share.mean() == pytest.approx(p.short_p, abs=0.015)
    true_log = [
        [p.log_mean[t] + p.log_sd[t] ** 2 / 2 + truth.agent_effect[a] + truth.interaction[a, t] for t in p.log_mean]
        for a in agents.names
    ]
    z = (np.log(agents.mean_s) - true_log) / agents.log_se
    assert np.sqrt((z**2).mean()) < 1.6
    np.testing.assert_allclose(scenario.service.log_sd, list(p.log_sd.values()), atol=0.06)
    assert (agents.resolve_p == RESOLVE_P).all()


def test_shifts_put_the_logged_number_on_duty(center):
    truth, _, scenario = center
    s = scenario.staffing
    begin = np.arange(48) * 1800.0
    for day_type in np.unique(s.shift_day_type):
        rows = s.shift_day_type == day_type
        there = (s.shift_start_s[rows, None] <= begin) & (begin < s.shift_end_s[rows, None])
        on_duty = s.shift_agents[rows] @ there
        assert on_duty[:16].max() == 0 and on_duty[41:].max() == 0
        assert on_duty[17:39].mean() == pytest.approx(truth.parameters.n_agents, abs=0.5)


def test_provenance_says_where_it_comes_from_and_what_is_assumed(center):
    truth, folder, scenario = center
    provenance = scenario.provenance
    assert provenance["source_sha256"] == sha256((folder / "log.parquet").read_bytes()).hexdigest()
    assert int(provenance["contacts"]) == truth.served + truth.abandoned + truth.left_menu
    assert (provenance["first_day"], provenance["acknowledgement"]) == ("1999-01-03", "nobody")
    assert "resolve_p 0.7" in provenance["assumed"]
    assert str(folder) not in (folder / "shop.yaml").read_text()


def test_agents_and_types_too_rare_to_fit_are_dropped_and_counted():
    agent = np.array(["a"] * 100 + ["b"] * 10)
    type_ = np.array(["x"] * 60 + ["y"] * 31 + ["z"] * 19)
    types, agents, dropped = kept(contact_log(np.arange(110.0), agent=agent, type=type_), min_services=30)
    assert (types, agents, dropped) == (("x", "y"), ("a",), {"b": 10, "z": 19})
    with pytest.raises(ValueError, match="no agent has 500 services"):
        kept(contact_log(np.arange(110.0), agent=agent), min_services=500)


def test_a_span_of_days_includes_its_start_and_not_its_end():
    log = contact_log(86_400.0 * np.arange(5))
    assert between(log, dt.date(1999, 1, 2), dt.date(1999, 1, 4)).num_rows == 2
    assert between(log, None, None).num_rows == 5
    with pytest.raises(ValueError, match="no contact arrived from 2000-01-01"):
        between(log, dt.date(2000, 1, 1), None)


def test_hours_with_nobody_there_and_next_to_no_calls_are_closed():
    staffing = Staffing(np.array([0]), np.array([0]), np.array([900.0]), np.array([3600.0]), np.array([1]))
    rate = np.full((1, 2, 48), 0.25)
    rate[0, 0, 4] = 1.0
    assert np.nonzero(opening_hours(rate, staffing)[0, 1])[0].tolist() == [0, 1, 4]


def test_digits():
    assert significant(np.array([[1234.5, 0.00123456]])).tolist() == [[1230.0, 0.00123]]
    rounded = shares(np.array([[1 / 3, 1 / 3, 1 / 3], [0.99999, 0.00001, 0]]))
    assert rounded.tolist() == [[0.3333, 0.3333, 0.3334], [1.0, 0.0, 0.0]]
