import numpy as np
import pyarrow as pa
import pytest

from maitred.envs.calibration.returns import HORIZON_S, fit_delay, fit_returns
from maitred.envs.scenario import DAY_S
from tests.envs.calibration.logs import bank_log, contact_log

P = {"abandoned": 0.4, "short": 0.5, "ordinary": 0.06}
MEAN_S = {"abandoned": 1200.0, "short": 100.0, "ordinary": 2400.0}


def planted(rng, days=40, customers=3000):
    """Customers who call about every third day for a reason of their own, and come back with chance P."""
    calls = rng.poisson(days / 3, customers)
    customer = np.repeat(np.arange(customers), calls)
    arrival = rng.uniform(0, days * DAY_S, len(customer))
    rows = []
    while len(arrival):
        cause = rng.choice(list(P), len(arrival), p=[0.2, 0.05, 0.75])
        wait = np.where(cause == "abandoned", 60.0, 10.0)
        service = np.select([cause == "abandoned", cause == "short"], [0.0, 5.0], 200.0)
        rows.append((customer, arrival, cause, wait, service))
        back = rng.random(len(arrival)) < np.vectorize(P.get)(cause)
        delay = rng.exponential(np.vectorize(MEAN_S.get)(cause))
        arrival, customer = (arrival + wait + service + delay)[back], customer[back]
        customer, arrival = customer[arrival < days * DAY_S], arrival[arrival < days * DAY_S]
    customer, arrival, cause, wait, service = (np.concatenate(column) for column in zip(*rows, strict=True))
    gone = cause == "abandoned"
    return contact_log(
        arrival,
        customer_id=pa.array(customer.astype(str)),
        wait_s=wait,
        outcome=np.where(gone, "abandoned", "served"),
        service_s=pa.array(service, mask=gone),
    )


@pytest.fixture(scope="module")
def recovered():
    return fit_returns(planted(np.random.default_rng(41)))


@pytest.mark.parametrize("cause", P)
def test_planted_returns_lie_within_their_intervals(recovered, cause):
    curve = getattr(recovered, cause)
    # Returns of returns belong to the excess as well: a customer who calls again may abandon again.
    assert abs(curve.p - P[cause]) < 3 * curve.p_se + 0.015
    assert abs(curve.mean_s - MEAN_S[cause]) < 3 * curve.mean_se + 0.1 * MEAN_S[cause]


def test_share_of_returns_is_the_branching_one(recovered):
    expected = 0.2 * P["abandoned"] + 0.05 * P["short"] + 0.75 * P["ordinary"]
    assert abs(recovered.return_share - expected) < 3 * recovered.return_share_se


def test_customers_without_cause_to_return_have_no_excess():
    rng = np.random.default_rng(42)
    n = 20_000
    log = contact_log(rng.uniform(0, 60 * DAY_S, n), customer_id=pa.array(rng.integers(0, 400, n).astype(str)))
    fit = fit_returns(log)
    assert np.abs(fit.ordinary.excess / fit.ordinary.excess_se).max() < 3.5
    assert fit.ordinary.within[-1] > 0.05


def test_a_log_without_customers_shows_no_returns():
    fit = fit_returns(contact_log(np.arange(0, 20 * DAY_S, 3600.0)))
    assert fit.return_share == 0
    assert fit.ordinary.contacts == 0


def test_exponential_excess_is_recovered_exactly():
    p, mean = fit_delay(0.3 * (1 - np.exp(-HORIZON_S / 900)))
    assert p == pytest.approx(0.3, rel=0.01)
    assert mean == pytest.approx(900, rel=0.02)


def test_bank_callers_come_back_after_abandoning_and_after_being_cut_short():
    fit = fit_returns(bank_log("1999-02-01", "1999-03-01"))
    hour = list(HORIZON_S).index(3600)
    assert fit.abandoned.within[hour] == pytest.approx(0.49, abs=0.01)
    assert fit.short.within[hour] == pytest.approx(0.53, abs=0.01)
    assert fit.ordinary.within[hour] == pytest.approx(0.12, abs=0.02)
    assert fit.abandoned.p > 0.3
    assert fit.abandoned.p_se < 0.03
