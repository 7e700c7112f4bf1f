import numpy as np
import pytest
from scipy import stats

from maitred.envs.calibration.survival import quantile_s, survival_at, survival_curve


@pytest.fixture(scope="module")
def waits():
    rng = np.random.default_rng(21)
    patience, answer = rng.exponential(300, 400), rng.exponential(120, 400)
    return np.ceil(np.minimum(patience, answer)), patience < answer  # whole seconds: ties


def test_kaplan_meier_and_greenwood_agree_with_scipy(waits):
    time, event = waits
    curve = survival_curve(time, event)
    oracle = stats.ecdf(stats.CensoredData(uncensored=time[event], right=time[~event])).sf
    np.testing.assert_allclose(survival_at(curve, oracle.quantiles), oracle.probabilities)
    with pytest.warns(RuntimeWarning, match="undefined"):  # where nobody is left
        interval = oracle.confidence_interval(method="log-log")
    some = np.isin(curve.time_s, oracle.quantiles) & (curve.survival > 0)
    at_events = np.isin(oracle.quantiles, curve.time_s[some])
    np.testing.assert_allclose(curve.lower[some], interval.low.probabilities[at_events])
    np.testing.assert_allclose(curve.upper[some], interval.high.probabilities[at_events])


def test_nelson_aalen_by_hand():
    curve = survival_curve(np.array([1.0, 2, 2, 3]), np.array([True, True, False, True]))
    np.testing.assert_allclose(curve.cumulative_hazard, [1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1])
    np.testing.assert_allclose(curve.cumulative_hazard_se, np.sqrt(np.cumsum([1 / 16, 1 / 9, 1])))
    np.testing.assert_allclose(curve.survival, [3 / 4, 1 / 2, 0])
    assert curve.lower[-1] == curve.upper[-1] == 0


def test_without_censoring_it_is_the_empirical_distribution():
    times = np.array([4.0, 1, 3, 2])
    curve = survival_curve(times, np.ones(4, bool))
    np.testing.assert_allclose(survival_at(curve, np.array([0.5, 1, 2.5, 4])), [1, 0.75, 0.5, 0])
    assert quantile_s(curve, 0.5) == 2
    assert quantile_s(survival_curve(times, times == 1), 0.5) == np.inf
