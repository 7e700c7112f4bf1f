import numpy as np
import pytest

from maitred.envs.calibration.service import fit_service, ordinary, read_services
from maitred.envs.scenario import DAY_S
from tests.envs.calibration.logs import BANK_TYPES, bank_log, contact_log

TYPES = ("t0", "t1", "t2")
AGENTS = tuple(f"a{i}" for i in range(25))
LOG_SD = np.array([0.7, 0.9, 1.0])


def planted(rng, n=60_000, days=56, period_effect=0.0, drift_sd=0.0):
    log_mean = np.array([4.8, 5.2, 5.6]) + rng.normal(0, 0.2, (25, 1)) + rng.normal(0, 0.15, (25, 3)) - LOG_SD**2 / 2
    agent, kind = rng.integers(0, 24, n), rng.integers(0, 3, n)  # a24 never answers
    agent = np.where((agent == 5) & (kind == 1), 6, agent)  # a5 never has t1
    start = rng.uniform(0, days * DAY_S, n)
    seconds = np.exp(log_mean[agent, kind] + rng.normal(0, LOG_SD[kind]))
    seconds *= np.exp(period_effect * np.sin(2 * np.pi * start / DAY_S))
    drift = rng.normal(0, drift_sd, (25, 3, days // 28))
    seconds *= np.exp(drift[agent, kind, (start // (28 * DAY_S)).astype(int)])
    seconds = np.where(rng.random(n) < 0.05, rng.uniform(1, 10, n), np.maximum(seconds, 10.5))
    log = contact_log(start, type=np.array(TYPES)[kind], agent=np.array(AGENTS)[agent], service_s=np.round(seconds, 3))
    return log, np.exp(log_mean + LOG_SD**2 / 2)


@pytest.fixture(scope="module")
def recovered():
    log, truth = planted(np.random.default_rng(11))
    return fit_service(log, TYPES, AGENTS), truth


def test_planted_means_lie_within_their_errors(recovered):
    fit, truth = recovered
    z = (np.log(fit.mean_s) - np.log(truth)) / fit.log_se
    assert np.abs(z).mean() < 1.1
    assert (np.abs(z) < 1.96).mean() > 0.85


def test_planted_variance_components_lie_within_their_intervals(recovered):
    fit, _ = recovered
    assert abs(fit.sd_agent - 0.2) < 2.5 * fit.sd_agent_se
    assert abs(fit.sd_interaction - 0.15) < 2.5 * fit.sd_interaction_se
    np.testing.assert_allclose(fit.log_sd, LOG_SD, rtol=0.03)
    assert fit.sd_drift < 0.03


def test_short_contacts_are_counted_apart(recovered):
    fit, _ = recovered
    np.testing.assert_allclose(fit.short_share, 0.05, atol=0.015)
    assert fit.short_share[24] == pytest.approx(0.05, abs=0.005)


def test_log_normal_services_fit_and_need_no_factor(recovered):
    fit, _ = recovered
    np.testing.assert_allclose(fit.tail_factor, 1, atol=0.03)
    assert fit.ks_distance.max() < 0.02


def test_the_unseen_get_the_pooled_mean_and_the_larger_error(recovered):
    fit, _ = recovered
    assert fit.count[5, 1] == 0
    assert fit.log_se[5, 1] > 3 * fit.log_se[4, 1]
    assert fit.log_se[24].min() > fit.log_se[5, 1]
    centre = np.exp(np.log(fit.mean_s[:24]).mean(axis=0))
    np.testing.assert_allclose(fit.mean_s[24], centre, rtol=0.02)


def test_few_services_are_drawn_to_the_mean():
    log, _ = planted(np.random.default_rng(12), n=1_500)
    fit = fit_service(log, TYPES, AGENTS)
    seen = fit.count > 0
    pulled = np.log(fit.mean_s)[seen].std()
    assert pulled < 0.9 * np.log(fit.raw_mean_s)[seen].std()


def test_half_hours_without_effect_are_left_at_one(recovered):
    assert (recovered[0].period_factor == 1).all()


def test_a_planted_course_of_the_day_is_found():
    log, _ = planted(np.random.default_rng(13), period_effect=0.2)
    fit = fit_service(log, TYPES, AGENTS)
    middle = (np.arange(48) + 0.5) / 48
    np.testing.assert_allclose(np.log(fit.period_factor), 0.2 * np.sin(2 * np.pi * middle), atol=0.1)
    assert fit.period_sd == pytest.approx(0.2 / np.sqrt(2), abs=0.03)


def test_drift_from_month_to_month_is_found_and_widens_the_errors():
    log, _ = planted(np.random.default_rng(14), days=28 * 6, drift_sd=0.1)
    fit = fit_service(log, TYPES, AGENTS)
    assert fit.sd_drift == pytest.approx(0.1, abs=0.01)
    assert fit.log_se[0, 0] > 0.1


@pytest.fixture(scope="module")
def bank():
    log = bank_log("1999-01-01", "1999-07-01")
    agents = tuple(sorted({agent for agent in log["agent"].to_pylist() if agent}))
    return log, fit_service(log, BANK_TYPES, agents)


def test_bank_has_stable_agent_and_interaction_effects(bank):
    _, fit = bank
    assert fit.sd_agent == pytest.approx(0.19, abs=0.03)
    assert 0.10 < fit.sd_interaction < 0.20
    assert fit.sd_interaction > 5 * fit.sd_interaction_se


def test_bank_means_per_type_are_reproduced(bank):
    log, fit = bank
    used = ordinary(read_services(log, fit.types, fit.agents))
    fitted = fit.mean_s[used.agent, used.type] * fit.period_factor[used.period]
    for t in range(len(fit.types)):
        mine = used.type == t
        assert fitted[mine].mean() == pytest.approx(used.seconds[mine].mean(), rel=1e-6)
    assert np.abs(fit.tail_factor - 1).max() < 0.06
    assert fit.ks_distance.max() < 0.06


def test_bank_agent_who_hangs_up_stands_out(bank):
    _, fit = bank
    assert fit.agents[fit.short_share.argmax()] == "A21"
    assert fit.short_share.max() == pytest.approx(0.26, abs=0.02)


def test_bank_interaction_repeats_on_odd_and_even_days():
    log = bank_log("1999-01-01", "1999-09-01")
    agents = tuple(sorted({agent for agent in log["agent"].to_pylist() if agent}))
    used = ordinary(read_services(log, BANK_TYPES, agents))
    halves = []
    for parity in (0, 1):
        mine = used.start_s // DAY_S % 2 == parity
        cell = (used.agent * len(BANK_TYPES) + used.type)[mine]
        count = np.bincount(cell, minlength=len(agents) * len(BANK_TYPES)).reshape(len(agents), -1)
        total = np.bincount(cell, np.log(used.seconds[mine]), count.size).reshape(count.shape)
        halves.append((count, total / np.maximum(count, 1)))
    enough = (halves[0][0] >= 50) & (halves[1][0] >= 50)
    enough[enough.sum(axis=1) < 2] = False
    odd, even = (double_centred(mean, enough)[enough] for _, mean in halves)
    assert np.corrcoef(odd, even)[0, 1] == pytest.approx(0.86, abs=0.03)


def double_centred(values, use):
    """Residuals of the additive fit agent + type over the cells in use, by alternating means."""
    left = np.where(use, values, 0.0)
    for _ in range(200):
        left = np.where(use, left - left.sum(axis=0) / np.maximum(use.sum(axis=0), 1), 0.0)
        left = np.where(use, left - (left.sum(axis=1) / np.maximum(use.sum(axis=1), 1))[:, None], 0.0)
    return left
