from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.scenario_error import ScenarioError
from maitred.envs.traffic import draw_trace
from maitred.envs.traffic.arrivals import busy_rates
from maitred.envs.traffic.shocks import Shock, draw_shocks, shock_arrivals
from tests.envs.traffic.worlds import with_arrivals, with_demand


def test_shocks_come_at_their_rate_and_size_on_their_types(center, rng):
    center = with_demand(
        replace(center, days=300), shocks_per_month=50, shock_factor_low=3, shock_types=np.array([0.25, 0.75])
    )
    shocks = draw_shocks(center, rng)
    assert len(shocks) == pytest.approx(500, abs=4 * np.sqrt(500))
    assert np.mean([shock.type for shock in shocks]) == pytest.approx(0.75, abs=4 * 0.5 / np.sqrt(500))
    factor, length_s = np.array([(shock.factor, shock.end_s - shock.start_s) for shock in shocks]).T
    start_s = np.array([shock.start_s for shock in shocks])
    for values, low, high in ((factor, 3, 6), (length_s, 1800, 14400), (start_s, 0, center.horizon_s)):
        assert low <= values.min() and values.max() <= high
        assert values.mean() == pytest.approx((low + high) / 2, abs=4 * (high - low) / np.sqrt(12 * 500))
    assert (np.diff(start_s) >= 0).all()


def test_a_shock_multiplies_the_rate_of_its_type_while_it_lasts(center, rng):
    center = with_arrivals(center)
    shock = Shock(1, factor=5.0, start_s=9.25 * 3600, end_s=10.5 * 3600)
    rate = np.repeat(busy_rates(center, np.zeros(1, int), rng), 3, axis=0)
    added = np.concatenate([shock_arrivals(center, rate, [shock], rng)[0] for _ in range(400)])
    assert (added["type"] == 1).all() and (added["shock"] == 1).all()
    assert (added["s"] >= shock.start_s).all() and (added["s"] < shock.end_s).all()
    for hour, share in ((9, 0.75), (10, 0.5)):
        mean = 400 * 4 * share * center.arrivals.rate_per_h[0, 1, hour]
        assert (added["s"] // 3600 == hour).sum() == pytest.approx(mean, abs=4 * np.sqrt(mean))


def test_shocks_last_over_midnight_and_are_numbered(center, rng):
    rate = np.full((2, 2, 24), 30.0)
    shocks = [Shock(0, 4.0, 22 * 3600, 26 * 3600), Shock(1, 4.0, 47 * 3600, 50 * 3600)]
    first, second = shock_arrivals(center, rate, shocks, rng)
    assert set(first["s"] // 3600) == {22, 23, 24, 25} and set(second["s"] // 3600) == {47}
    assert set(first["shock"]) == {1} and set(second["shock"]) == {2}


def test_the_forecast_knows_of_no_shock(center):
    plain, shocked = (
        draw_trace(c, np.random.SeedSequence(2)) for c in (center, with_demand(center, shocks_per_month=60))
    )
    assert shocked.arrivals["shock"].any()
    assert shocked.forecast.tobytes() == plain.forecast.tobytes()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"shock_types": 0}, "demand.shock_types"),
        ({"shock_factor_low": 8}, "demand.shock_factor_high"),
        ({"shock_low_s": 20_000}, "demand.shock_high_s"),
    ],
)
def test_shocks_that_cannot_be_are_an_error(center, rng, wrong, field):
    with pytest.raises(ScenarioError, match=field):
        draw_shocks(with_demand(center, shocks_per_month=1, **wrong), rng)
