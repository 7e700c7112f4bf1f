import re
from dataclasses import replace

import matplotlib
import numpy as np
import pyarrow as pa
import pytest

from maitred.envs.calibration.assemble import assemble
from maitred.envs.calibration.fits import fit_log
from maitred.envs.calibration.report import write_calibration_report
from maitred.envs.calibration.report.demand import rostered
from maitred.envs.calibration.report.drawing import STYLE
from maitred.envs.calibration.report.handling import short_picture
from maitred.envs.scenario import DAY_S
from tests.envs.calibration.logs import contact_log


def small_log(rng, days=28, per_day=150):
    n = days * per_day
    arrival = np.sort(rng.integers(0, days, n) * DAY_S + rng.uniform(8, 18, n) * 3600)
    gone = rng.random(n) < 0.15
    wait = np.round(np.where(gone | (rng.random(n) < 0.5), rng.exponential(60, n) + 1, 0))
    seconds = np.round(np.where(rng.random(n) < 0.05, 5, np.exp(rng.normal(4.8, 0.9, n)) + 10))
    agent = np.array([f"a{i}" for i in range(6)])[rng.integers(0, 6, n)]
    return contact_log(
        arrival,
        customer_id=pa.array(rng.integers(0, 500, n).astype(str)),
        type=rng.choice(["t0", "t1"], n, p=[0.7, 0.3]),
        priority=rng.integers(0, 3, n).astype(np.int8),
        wait_s=wait,
        outcome=np.where(gone, "abandoned", "served"),
        agent=pa.array(agent, mask=gone),
        service_s=pa.array(seconds, mask=gone),
    )


@pytest.fixture(scope="module")
def calibrated():
    log = small_log(np.random.default_rng(51))
    fits = fit_log(log)
    days = {"first_day": "1999-01-01", "last_day": "1999-01-28", "source": "<script>alert(1)</script>"}
    return log, assemble("small", fits, 90.0, days), fits


@pytest.fixture(scope="module")
def page(calibrated, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "report.html"
    write_calibration_report(*calibrated, out)
    return out.read_text()


def test_every_picture_stands_on_the_page_with_its_title(page):
    assert page.count("<img") == page.count("data:image/svg+xml;base64,") == 11
    assert all(title.strip() for title in re.findall(r"<h2>(.*?)</h2>", page))


def test_the_page_refers_to_nothing_outside(page):
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_what_comes_from_the_log_is_escaped(page):
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_table_carries_the_fitted_figures_with_their_errors(page, calibrated):
    service = calibrated[2].service
    assert f"{service.sd_agent:.3f}" in page
    assert f"se {service.sd_agent_se:.3f}" in page


def test_the_same_fits_give_the_same_picture(calibrated):
    service = calibrated[2].service
    with matplotlib.rc_context(STYLE):
        assert short_picture(service) == short_picture(service)


def test_shifts_add_up_by_half_hour(calibrated):
    scenario = calibrated[1]
    staffing = replace(
        scenario.staffing,
        shift_day_type=np.array([0, 0]),
        shift_group=np.array([0, 0]),
        shift_start_s=np.array([8.0, 8.25]) * 3600,
        shift_end_s=np.array([9.0, 10.0]) * 3600,
        shift_agents=np.array([2, 4]),
        availability=0.5,
    )
    available = rostered(replace(scenario, staffing=staffing), 0)
    np.testing.assert_allclose(available[15:21], [0, 2, 3, 2, 2, 0])
