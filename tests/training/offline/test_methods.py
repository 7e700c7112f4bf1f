from dataclasses import replace

import numpy as np
import pytest

from maitred.training.decision_log.read import as_logged
from maitred.training.offline.experience import OfflineError, read_experience
from maitred.training.offline.fitting import Fit
from maitred.training.offline.methods import METHODS, Study, learn
from tests.training.decision_log.logs import with_values, written
from tests.training.offline.worlds import log_of_worth, worth

QUICK = Fit(steps=250, batch=128, learning_rate=5e-3, width=16)


def mostly_worst(decisions):
    """Behaviour that takes the worst candidate in 7 of 10 decisions, else any."""
    floor = 0.3 * decisions.mask / decisions.mask.sum(axis=1, keepdims=True)
    worst = np.where(decisions.mask, worth(decisions), np.inf).argmin(axis=1)
    floor[np.arange(len(worst)), worst] += 0.7
    return floor


@pytest.fixture(scope="module")
def poor_log(tmp_path_factory):
    rows = log_of_worth(2500, probabilities=mostly_worst)
    return written(rows, tmp_path_factory.mktemp("logs") / "poor.parquet", group_rows=1000)


@pytest.fixture(scope="module")
def study(poor_log):
    return Study(read_experience(poor_log), fit=QUICK)


@pytest.fixture(scope="module")
def fresh():
    """Decisions that were not learned from."""
    return as_logged(log_of_worth(1000, seed=1)).decisions


def share_of_best(policy, decisions):
    """How much of what could be earned beyond a choice at random a policy earns."""
    value, rows = worth(decisions), np.arange(len(decisions))
    best = np.where(decisions.mask, value, -np.inf).max(axis=1).mean()
    anyone = (value * decisions.mask / decisions.mask.sum(axis=1, keepdims=True)).sum(axis=1).mean()
    return (value[rows, policy.act(decisions).candidate].mean() - anyone) / (best - anyone)


def test_cloning_does_what_was_done(study, fresh):
    worst = np.where(fresh.mask, worth(fresh), np.inf).argmin(axis=1)
    cloned = learn(study, "cloning").policy.act(fresh).candidate
    assert (cloned == worst).mean() > 0.85


@pytest.mark.parametrize("method", ["greedy", "pessimistic", "gradient", "cql"])
def test_what_was_done_badly_is_learned_to_be_done_well(study, fresh, method):
    assert share_of_best(learn(study, method).policy, fresh) > 0.6


def test_implicit_learning_does_better_than_what_was_done(poor_log, fresh):
    longer = Study(read_experience(poor_log), fit=replace(QUICK, steps=1250))
    cloned, learned = (share_of_best(learn(longer, method).policy, fresh) for method in ("cloning", "iql"))
    assert learned > cloned + 0.4


def test_the_reward_models_tell_how_much_they_explain_where_they_did_not_look(study):
    assert 0.7 < study.models.explained < 1
    assert learn(study, "greedy").figures["explained"] == study.models.explained


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_gives_the_same_network_again(tmp_path, method):
    experience, fit = read_experience(written(log_of_worth(300), tmp_path / "log.parquet")), Fit(steps=20, width=8)
    first, again = (learn(Study(experience, seed=3, fit=fit), method).policy for _ in range(2))
    for name, weights in first.network.state_dict().items():
        assert (weights == again.network.state_dict()[name]).all(), name


def test_estimated_propensities_are_flagged_where_they_were_used(tmp_path):
    rows = log_of_worth(400)
    rows = with_values(rows, "propensity_estimated", [True] * 400)
    study = Study(read_experience(written(rows, tmp_path / "log.parquet")), fit=Fit(steps=16, width=8))
    assert learn(study, "gradient").propensity_estimated
    assert not learn(study, "greedy").propensity_estimated


def test_missing_propensities_stop_the_gradient_and_nothing_else(tmp_path):
    rows = with_values(log_of_worth(400), "propensity", [None] * 400)
    study = Study(read_experience(written(rows, tmp_path / "log.parquet")), fit=Fit(steps=16, width=8))
    learn(study, "greedy")
    with pytest.raises(OfflineError, match="estimate them first"):
        learn(study, "gradient")


def test_too_few_episodes_for_cross_fitting_are_refused(tmp_path):
    rows = log_of_worth(60, episodes=4)
    with pytest.raises(OfflineError, match="expected 5 episodes"):
        learn(Study(read_experience(written(rows, tmp_path / "log.parquet"))), "greedy")


def test_an_unknown_method_is_refused_by_name(study):
    with pytest.raises(OfflineError, match=r"expected one of cloning, greedy, .*, found sarsa"):
        learn(study, "sarsa")
