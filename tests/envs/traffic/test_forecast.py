import numpy as np
import pytest

from maitred.envs.traffic.forecast import draw_forecast
from tests.envs.traffic.worlds import with_demand

DAYS = np.zeros(3, int)


def exact_and_wrong(center, days, rng):
    return draw_forecast(center, days, rng), draw_forecast(with_demand(center, forecast_error_cv=0.2), days, rng)


def test_forecast_is_the_profile_without_busyness(center, rng):
    forecast = draw_forecast(center, DAYS, rng)
    per_h = center.arrivals.rate_per_h[0].sum(axis=0)
    np.testing.assert_allclose(forecast["per_h"][:-1], np.tile(per_h, 3))
    np.testing.assert_allclose(forecast["cumulative"][24:48], np.concatenate([[0], per_h.cumsum()[:-1]]))


def test_forecast_errors_have_mean_one_and_their_cv(center, rng):
    exact, wrong = exact_and_wrong(center, np.zeros(1000, int), rng)
    error = wrong["per_h"][:-1] / exact["per_h"][:-1]
    assert error.mean() == pytest.approx(1, abs=4 * 0.2 / np.sqrt(len(error)))
    assert error.std() == pytest.approx(0.2, rel=0.03)
    assert np.corrcoef(error[:-1], error[1:])[0, 1] == pytest.approx(0, abs=4 / np.sqrt(len(error)))


def test_one_error_holds_for_contacts_work_and_totals(center, rng):
    exact, wrong = (
        draw_forecast(center, DAYS, rng),
        draw_forecast(with_demand(center, forecast_error_cv=0.2), DAYS, rng),
    )
    np.testing.assert_allclose(wrong["work"][:-1] * exact["per_h"][:-1], exact["work"][:-1] * wrong["per_h"][:-1])
    by_day = wrong["per_h"][:-1].reshape(3, 24)
    np.testing.assert_allclose(wrong["cumulative"][:-1].reshape(3, 24)[:, 1:], by_day.cumsum(axis=1)[:, :-1])
    assert (wrong["cumulative"][:-1].reshape(3, 24)[:, 0] == 0).all()
