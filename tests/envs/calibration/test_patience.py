import numpy as np
import pytest
from scipy import integrate

from maitred.envs.calibration.patience import (
    FROM_S,
    fit_patience,
    occurrence_exposure,
    pooled_ratios,
    read_waits,
    survival_of,
)
from maitred.envs.calibration.survival import quantile_s, survival_at, survival_curve
from tests.envs.calibration.logs import BANK_TYPES, bank_log, contact_log

TYPES = ("t0", "t1", "t2")
LEVEL_PER_S = np.array([0.3, 0.1])[:, None] / 60 * np.linspace(1.5, 0.5, len(FROM_S))
FACTOR = np.array([1.0, 1.6, 0.6])


def planted(rng, n):
    """Waits with hazards factor(type) x level hazard, answered after an exponential time of mean 120 s."""
    kind, priority = rng.choice(3, n, p=[0.8, 0.19, 0.01]), rng.integers(0, 3, n)
    hazard = FACTOR[kind][:, None] * LEVEL_PER_S[(priority == 2).astype(int)]
    width = np.append(np.diff(FROM_S), np.inf)
    cumulative = np.concatenate([np.zeros((n, 1)), np.cumsum(hazard[:, :-1] * width[:-1], axis=1)], axis=1)
    threshold = rng.exponential(size=n)
    step = (cumulative <= threshold[:, None]).sum(axis=1) - 1
    row = np.arange(n)
    patience = FROM_S[step] + (threshold - cumulative[row, step]) / hazard[row, step]
    answer = np.where(rng.random(n) < 0.2, 0.0, rng.exponential(120, n))
    gone = patience < answer
    return contact_log(
        np.zeros(n),
        type=np.array(TYPES)[kind],
        priority=priority.astype(np.int8),
        wait_s=np.minimum(patience, answer),
        outcome=np.where(gone, "abandoned", "served"),
    )


def test_planted_hazards_lie_within_their_errors():
    fit = fit_patience(planted(np.random.default_rng(31), 80_000), TYPES, 2)
    truth = FACTOR[:, None, None] * LEVEL_PER_S
    z = (fit.hazard_per_s - truth) / fit.hazard_se
    assert np.abs(z).max() < 4
    assert (np.abs(z) < 1.96).mean() > 0.8


def test_sparse_cells_are_drawn_to_the_level_times_the_type():
    fit = fit_patience(planted(np.random.default_rng(32), 4_000), TYPES, 2)
    sparse = (fit.events[2] < 3) & (fit.exposure_s[2] > 0)
    crude = fit.events[2] / np.maximum(fit.exposure_s[2], 1)
    prior = fit.type_factor[2][:, None] * fit.level_hazard_per_s
    assert sparse.sum() > 8
    pooled, alone = (np.abs(h - prior)[sparse].mean() for h in (fit.hazard_per_s[2], crude))
    assert pooled < 0.5 * alone


def test_one_level_takes_all_priorities():
    fit = fit_patience(planted(np.random.default_rng(33), 2_000), TYPES, 1)
    assert fit.hazard_per_s.shape == (3, 1, len(FROM_S))


def test_exposure_and_events_by_hand():
    log = contact_log(
        np.zeros(5),
        wait_s=[0.0, 5.0, 20.0, 700.0, 700.0],
        outcome=["served", "abandoned", "served", "abandoned", "served"],
    )
    events, exposure = occurrence_exposure(read_waits(log, ("t0",), 1), 1, 1)
    np.testing.assert_allclose(events[0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    np.testing.assert_allclose(exposure[0, 0], [20, 30, 35, 60, 60, 60, 120, 240, 600, 200])


def test_gamma_poisson_posterior_is_the_integral():
    events, expected = np.array([0.0, 3, 9, 1]), np.array([2.0, 2, 5, 1.5])
    posterior = pooled_ratios(events, expected)
    k = posterior.shape

    def moment(power):
        def weight(r):
            return r ** (events[1] + k - 1 + power) * np.exp(-(expected[1] + k) * r)

        return integrate.quad(weight, 0, 60)[0]

    mean = moment(1) / moment(0)
    assert posterior.ratio[1] == pytest.approx(mean, rel=1e-6)
    assert posterior.relative_variance[1] == pytest.approx(moment(2) / moment(0) / mean**2 - 1, rel=1e-5)


def test_survival_of_one_hazard_is_exponential():
    times = np.array([0.0, 7, 60, 2_000])
    np.testing.assert_allclose(survival_of(np.full(10, 0.01), FROM_S, times), np.exp(-0.01 * times))


def test_a_log_without_abandonment_has_no_hazard():
    fit = fit_patience(contact_log(np.zeros(3), wait_s=[1.0, 2.0, 9.0]), ("t0",), 1)
    np.testing.assert_allclose(fit.hazard_per_s, 0)


@pytest.fixture(scope="module")
def february():
    return bank_log("1999-02-01", "1999-03-01")


def test_bank_survival_in_february(february):
    waits = read_waits(february, BANK_TYPES, 2)
    curve = survival_curve(waits.wait_s, waits.abandoned)
    assert (quantile_s(curve, 0.25), quantile_s(curve, 0.5)) == (93, 280)
    found = survival_at(curve, np.array([60.0, 120, 300]))
    np.testing.assert_allclose(found, [0.82, 0.71, 0.49], atol=0.006)
    high = waits.level == 1
    assert quantile_s(survival_curve(waits.wait_s[high], waits.abandoned[high]), 0.5) == 508


def test_bank_fit_follows_the_kaplan_meier_curve(february):
    fit = fit_patience(february, BANK_TYPES, 2)
    waits = read_waits(february, BANK_TYPES, 2)
    times = np.array([5.0, 30, 60, 120, 180, 300])
    for level in (0, 1):
        mine = (waits.level == level) & (waits.type == 0)
        measured = survival_at(survival_curve(waits.wait_s[mine], waits.abandoned[mine]), times)
        np.testing.assert_allclose(survival_of(fit.hazard_per_s[0, level], FROM_S, times), measured, atol=0.02)
