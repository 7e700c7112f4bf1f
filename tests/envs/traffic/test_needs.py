from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata

from maitred.envs.scenario import DAY_S
from maitred.envs.traffic.needs import draw_needs
from tests.envs.traffic.worlds import with_needs


def auc(needs):
    real = needs["genuine"] == 1
    ranks = rankdata(needs["predicted_p"])[real]
    return (ranks.mean() - (real.sum() + 1) / 2) / (~real).sum()


@pytest.fixture
def year(center):
    return replace(center, days=300)


def test_needs_are_a_poisson_stream_of_each_type(year, rng):
    needs = draw_needs(with_needs(year, needs_per_h=np.array([2.0, 0.5])), rng)
    for kind, per_h in enumerate((2.0, 0.5)):
        own = needs[needs["type"] == kind]
        mean = per_h * year.horizon_s / 3600
        assert len(own) == pytest.approx(mean, abs=4 * np.sqrt(mean))
        counts = np.bincount((own["s"] // DAY_S).astype(int), minlength=year.days)
        assert counts.var() / counts.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / year.days))
    assert (np.diff(needs["s"]) >= 0).all()


@pytest.mark.parametrize("prediction_sd", [0.5, 1.0, 3.0])
def test_of_problems_predicted_with_p_p_are_real(year, rng, prediction_sd):
    needs = draw_needs(with_needs(year, needs_per_h=20.0, prediction_sd=prediction_sd), rng)
    assert needs["genuine"].mean() == pytest.approx(0.3, abs=4 * 0.5 / np.sqrt(len(needs)))
    for tenth in np.array_split(needs[np.argsort(needs["predicted_p"])], 10):
        p = tenth["predicted_p"]
        assert tenth["genuine"].mean() == pytest.approx(p.mean(), abs=4 * np.sqrt((p * (1 - p)).mean() / len(p)))


def test_more_noise_tells_less(year, rng):
    sharp, usual, vague = (
        auc(draw_needs(with_needs(year, needs_per_h=5.0, prediction_sd=sd), rng)) for sd in (0.1, 1, 10)
    )
    assert sharp > 0.999
    assert usual == pytest.approx(0.760, abs=0.01)  # Phi(1 / sqrt 2): two normals one standard deviation apart
    assert vague < 0.55


@pytest.mark.parametrize("share", [0, 1])
def test_where_all_or_none_is_real_the_prediction_says_so(year, rng, share):
    needs = draw_needs(with_needs(year, needs_per_h=1.0, real_share=share), rng)
    assert (needs["genuine"] == share).all() and (needs["predicted_p"] == share).all()
