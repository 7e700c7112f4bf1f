import numpy as np
import pytest
from scipy.special import logit

from maitred.envs.traffic.truth import draw_empathy, draw_handle_means, draw_resolution
from tests.envs.traffic.worlds import with_agents, with_people


def test_true_handle_times_average_to_the_estimates(center, rng):
    drawn = np.mean([draw_handle_means(center, rng) for _ in range(4000)], axis=0)
    np.testing.assert_allclose(drawn, center.agents.mean_s, rtol=5 * 0.2 / np.sqrt(4000))


def test_without_error_the_truth_is_the_estimate(center, rng):
    certain = with_agents(center, log_se=np.zeros_like(center.agents.log_se))
    assert (draw_handle_means(certain, rng) == center.agents.mean_s).all()
    assert (draw_resolution(center, rng) == center.agents.resolve_p).all()


def test_true_resolution_scatters_around_the_estimate_in_log_odds(center, rng):
    center = with_people(center, resolve_logit_se=0.5)
    errors = logit([draw_resolution(center, rng) for _ in range(4000)]) - logit(center.agents.resolve_p)
    np.testing.assert_allclose(errors.mean(axis=0), 0, atol=5 * 0.5 / np.sqrt(4000))
    np.testing.assert_allclose(errors.std(axis=0), 0.5, rtol=0.06)


def test_who_is_sure_to_resolve_stays_so(center, rng):
    sure = np.zeros_like(center.agents.resolve_p)
    sure[:, 1] = 1
    assert (draw_resolution(with_people(with_agents(center, resolve_p=sure), resolve_logit_se=1), rng) == sure).all()


@pytest.mark.parametrize("known", [0.0, 0.6, 1.0])
def test_estimated_and_unknown_empathy_make_up_the_spread_between_agents(center, rng, known):
    estimate = 0.8 * known * np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    center = with_people(with_agents(center, empathy=estimate), empathy_sd=0.8)
    empathy = np.array([draw_empathy(center, rng) for _ in range(4000)])
    np.testing.assert_allclose(empathy.mean(axis=0), estimate, atol=5 * 0.8 / np.sqrt(4000))
    assert np.sqrt((empathy**2).mean()) == pytest.approx(0.8, rel=0.03)
    assert ((empathy == estimate).all()) == (known == 1)


def test_agents_who_do_not_differ_have_no_empathy_to_speak_of(center, rng):
    assert not draw_empathy(with_agents(center, empathy=np.ones(6)), rng).any()
