import numpy as np
import pytest

from maitred.agents.rules import rule
from maitred.training.offline.evaluation import answers, evidence, fitted_q_values
from maitred.training.offline.experience import OfflineError, read_experience
from maitred.training.offline.fitting import Fit
from maitred.training.offline.methods import Study
from maitred.training.offline.steps import semi_markov
from maitred.training.ope.estimate import Estimate, estimate
from tests.training.decision_log.logs import written
from tests.training.offline.worlds import log_of_worth, worth


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = written(log_of_worth(3000), tmp_path_factory.mktemp("logs") / "log.parquet", group_rows=1000)
    return Study(read_experience(path), fit=Fit(steps=300, learning_rate=5e-3, width=16))


def best_answers(experience):
    found = np.zeros(len(experience), np.int64)
    value = np.zeros(len(experience))
    for lists in experience.lists:
        scores = np.where(lists.mask, worth(lists), -np.inf)
        found[lists.row], value[lists.row] = scores.argmax(axis=1), scores.max(axis=1)
    return found, value


def test_a_one_step_estimate_finds_what_another_policy_would_have_earned(study):
    best, value = best_answers(study.experience)
    found = estimate(evidence(study.experience, study.lessons, study.models, best))
    assert isinstance(found, Estimate)
    assert found.low < value.mean() < found.high
    assert found.value == pytest.approx(value.mean(), abs=0.1)


def test_fitted_q_evaluation_finds_what_another_policy_would_have_earned_in_the_long_run(study):
    """Decisions are a minute apart and independent: a step is worth its own money, and the average of the others."""
    best, value = best_answers(study.experience)
    steps = semi_markov(study.experience, horizon_s=120.0)
    found = fitted_q_values(study.lessons, steps, best, study.fit, np.random.default_rng(0))
    early = study.experience.at_s < study.experience.at_s.max() / 2
    discount = np.exp(-60 / 120)
    gain = value.mean() - steps.rate * 120 * (1 - discount)
    assert found[early].mean() == pytest.approx(gain / (1 - discount), rel=0.1)


def test_answers_are_those_of_the_policy(study):
    answered = answers(study.experience, rule("fastest"))
    assert all(lists.mask[np.arange(len(lists.row)), answered[lists.row]].all() for lists in study.experience.lists)


def test_a_policy_that_draws_is_refused(study):
    with pytest.raises(OfflineError, match="does not draw"):
        answers(study.experience, rule("random"))
