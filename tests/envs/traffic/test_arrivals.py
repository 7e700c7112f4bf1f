from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import gamma, kstest, norm

from maitred.envs.scenario import DAY_S
from maitred.envs.traffic.arrivals import busy_rates, busyness, induced_arrivals, poisson_arrivals
from tests.envs.traffic.worlds import with_arrivals, with_demand


def draw(center, days, rng):
    return poisson_arrivals(center, busy_rates(center, np.zeros(days, int), rng), rng, rng)


def test_day_factor_has_mean_one_and_its_cv(center, rng):
    factors = busyness(with_arrivals(center, day_factor_cv=0.25), 40_000, rng)
    assert (factors == factors[:, :1]).all()
    assert factors[:, 0].mean() == pytest.approx(1, abs=0.01)
    assert factors[:, 0].std() == pytest.approx(0.25, rel=0.03)


@pytest.mark.parametrize("ar1", [0.0, 0.8])
def test_period_factor_has_mean_one_its_cv_and_its_autocorrelation(center, rng, ar1):
    factors = busyness(with_arrivals(center, period_factor_cv=0.3, period_factor_ar1=ar1), 20_000, rng)
    np.testing.assert_allclose(factors.mean(axis=0), 1, atol=0.015)
    np.testing.assert_allclose(factors.std(axis=0), 0.3, rtol=0.05)
    normal = norm.ppf(gamma.cdf(factors, a=0.3**-2, scale=0.3**2))
    for lag in (1, 3):
        assert np.corrcoef(normal[:, 5], normal[:, 5 + lag])[0, 1] == pytest.approx(ar1**lag, abs=0.03)


def test_counts_are_poisson_and_uniform_within_a_period(center, rng):
    center, days = with_arrivals(center), 4000
    arrivals = draw(center, days, rng)
    kind, period = 0, 9
    mean = center.arrivals.rate_per_h[0, kind, period]
    chosen = arrivals[(arrivals["type"] == kind) & (arrivals["s"] % DAY_S // 3600 == period)]
    counts = np.bincount((chosen["s"] // DAY_S).astype(int), minlength=days)
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / days))
    assert counts.var() / counts.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / days))
    assert kstest(chosen["s"] % 3600 / 3600, "uniform").pvalue > 1e-3
    assert (np.diff(arrivals["s"]) >= 0).all() and arrivals["s"][-1] < days * DAY_S


def test_busyness_spreads_the_counts(center, rng):
    center, days, cv = with_arrivals(center, day_factor_cv=0.3), 4000, 0.3
    arrivals = draw(center, days, rng)
    counts = np.bincount((arrivals["s"] // DAY_S).astype(int), minlength=days)
    mean = center.arrivals.rate_per_h[0].sum()
    assert counts.var() == pytest.approx(mean + (cv * mean) ** 2, rel=0.1)


def test_levels_follow_their_shares(center, rng):
    shares = np.array([[0.9, 0.1], [0.25, 0.75]])
    center = replace(center, types=replace(center.types, priority_share=shares))
    arrivals = draw(center, 300, rng)
    for kind in range(2):
        levels = arrivals["level"][arrivals["type"] == kind]
        assert (levels == 1).mean() == pytest.approx(shares[kind, 1], abs=4 * 0.5 / np.sqrt(len(levels)))


def test_ease_induces_its_share_of_the_rate(center, rng):
    center = with_demand(with_arrivals(center), elasticity=0.3)
    rate = busy_rates(center, np.zeros(2000, int), rng)
    induced = induced_arrivals(center, rate, rng)["induced"]
    for ease in (0.0, 0.5, 1.0):
        mean = rate.sum() * 0.3 * ease
        assert (induced <= ease).sum() == pytest.approx(mean, abs=4 * np.sqrt(mean))
    assert induced.min() > 0
