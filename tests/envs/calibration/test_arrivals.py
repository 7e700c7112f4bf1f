import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from maitred.envs.calibration.arrivals import (
    DayCounts,
    busyness_factors,
    count_days,
    detect_day_types,
    fit_arrivals,
    ordinary_days,
    priority_shares,
    profile,
)
from maitred.envs.calibration.levels import priority_level
from tests.envs.calibration.logs import bank_log, contact_log

FIRST = 10_595  # 4 January 1999, a Monday, in days since 1970
PROFILE = np.concatenate([np.zeros(14), np.linspace(20, 60, 10), np.linspace(60, 30, 24)])


def drawn_days(rng, days, day_cv, period_cv, ar1, mean=PROFILE):
    """Contacts of (days, 48) half-hours: log-normal factors of mean 1, the second one AR(1)."""
    normal = rng.standard_normal((days, len(mean)))
    for n in range(1, len(mean)):
        normal[:, n] = ar1 * normal[:, n - 1] + np.sqrt(1 - ar1**2) * normal[:, n]
    day_sd, period_sd = np.sqrt(np.log1p([day_cv**2, period_cv**2]))
    day = np.exp(day_sd * rng.standard_normal((days, 1)) - day_sd**2 / 2)
    return rng.poisson(mean * day * np.exp(period_sd * normal - period_sd**2 / 2))


def test_factors_are_recovered_net_of_poisson_noise():
    contacts = drawn_days(np.random.default_rng(2), 800, 0.15, 0.30, 0.6)
    day_cv, period_cv, ar1 = busyness_factors(contacts, np.zeros(800, dtype=np.int64))
    assert day_cv == pytest.approx(0.15, abs=0.02)
    assert period_cv == pytest.approx(0.30, abs=0.02)
    assert ar1 == pytest.approx(0.6, abs=0.05)


def test_poisson_days_have_no_factors():
    contacts = np.random.default_rng(3).poisson(PROFILE, (800, 48))
    day_cv, period_cv, _ = busyness_factors(contacts, np.zeros(800, dtype=np.int64))
    assert day_cv < 0.02 and period_cv < 0.04


def test_different_profiles_of_day_types_are_no_variation():
    rng = np.random.default_rng(4)
    contacts = np.concatenate([rng.poisson(PROFILE, (200, 48)), rng.poisson(PROFILE[::-1] / 3, (200, 48))])
    day_cv, period_cv, _ = busyness_factors(contacts, np.repeat([0, 1], 200))
    assert day_cv < 0.03 and period_cv < 0.06


def test_a_profile_keeps_the_total_of_every_half_hour_and_of_every_type():
    contacts = np.random.default_rng(5).poisson(PROFILE * np.array([[0.7], [0.29], [0.01]]), (30, 3, 48))
    rate = profile(contacts)
    mean = contacts.mean(axis=0) * 2
    np.testing.assert_allclose(rate.sum(axis=0), mean.sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(rate.sum(axis=1), mean.sum(axis=1), rtol=1e-6)
    rare, noisy = rate[2, 16:46], mean[2, 16:46]
    assert np.abs(np.diff(rare)).mean() < 0.5 * np.abs(np.diff(noisy)).mean()


def counts_of(by_weekday, weeks):
    """Days of constant contacts, from Monday on."""
    total = np.tile(by_weekday, weeks)
    return DayCounts(FIRST + np.arange(len(total)), np.repeat(total[:, None, None] // 48, 48, axis=2))


@pytest.mark.parametrize(
    ("by_weekday", "names", "of_weekday"),
    [
        ([960, 1008, 1056, 1104, 480, 96, 1152], ("sun_thu", "fri", "sat"), [0, 0, 0, 0, 1, 2, 0]),
        ([960, 960, 960, 960, 912, 96, 48], ("mon_fri", "sat", "sun"), [0, 0, 0, 0, 0, 1, 2]),
        ([960] * 7, ("mon_sun",), [0] * 7),
        ([960, 480, 960, 480, 960, 0, 0], ("mon_wed_fri", "tue_thu", "sat_sun"), [0, 1, 0, 1, 0, 2, 2]),
    ],
)
def test_weekdays_of_like_volume_are_one_day_type(by_weekday, names, of_weekday):
    counts = counts_of(np.array(by_weekday), 4)
    found = detect_day_types(counts, np.ones(28, dtype=bool))
    assert found[0] == names
    assert found[1].tolist() == of_weekday


def test_holidays_are_left_out_and_closed_weekdays_are_not():
    counts = counts_of(np.array([960, 960, 960, 960, 960, 48, 0]), 6)
    counts.contacts[8] //= 2
    counts.contacts[16] = 0
    assert np.nonzero(~ordinary_days(counts))[0].tolist() == [8, 16]


def test_contacts_are_counted_where_they_joined_the_queue_and_menu_leavers_not_at_all():
    log = contact_log([1, 1800, 86_399, 90_000, 90_001], type=np.array(["a", "b", "a", "a", "c"]))
    left = pa.array([*log["queue_enter"].to_pylist()[:3], None, dt.datetime(1999, 1, 2, 1)], pa.timestamp("us"))
    log = log.set_column(log.column_names.index("queue_enter"), "queue_enter", left)
    counts = count_days(log, ("a", "b"))
    assert counts.contacts.sum() == 3
    assert counts.contacts[0, 0, 0] == counts.contacts[0, 1, 1] == counts.contacts[0, 0, 47] == 1
    assert counts.weekday.tolist() == [4]


def test_explicit_day_types_are_used_and_checked():
    log = contact_log(86_400.0 * np.repeat(np.arange(21), 10) + 30_000)
    fit = fit_arrivals(log, ("t0",), {"work": ("mon", "tue", "wed", "thu", "fri"), "rest": ("sat", "sun")})
    assert fit.day_type_names == ("work", "rest")
    assert fit.rate_per_h[:, 0, 16].tolist() == [20.0, 20.0]
    assert fit.excluded == {}
    with pytest.raises(ValueError, match="expected each of mon"):
        fit_arrivals(log, ("t0",), {"work": ("mon",)})


def test_priority_classes_become_two_levels():
    assert priority_level([0, 1, 2, 3]).tolist() == [0, 0, 1, 1]
    log = contact_log(
        np.arange(6.0),
        priority=np.array([0, 1, 2, 2, 0, 2], np.int8),
        type=np.array(["a", "a", "a", "b", "a", "c"]),
        wait_s=np.array([5.0, 5.0, 5.0, 5.0, 0.0, 0.0]),
    )
    np.testing.assert_allclose(priority_shares(log, ("a", "b", "c")), [[2 / 3, 1 / 3], [0, 1], [1, 0]])


def test_the_banks_days():
    fit = fit_arrivals(bank_log("1999-01-01", "1999-03-01"), ("PS", "NW", "NE", "TT", "IN", "PE"))
    assert fit.day_type_names == ("sun_thu", "fri", "sat")
    assert {"1999-01-11", "1999-01-12"} <= set(fit.excluded)
    assert 0.05 < fit.day_factor_cv.low < fit.day_factor_cv.value < 0.20
    assert 0.15 < fit.period_factor_cv.value < 0.35
    assert 0.3 < fit.period_factor_ar1.value < 0.8
    open_hours = fit.rate_per_h[0].sum(axis=0)
    assert open_hours[:13].max() < 3 < 20 < open_hours[14:].min()
