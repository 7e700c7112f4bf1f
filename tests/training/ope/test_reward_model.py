import numpy as np
import pytest

from maitred.training.ope.boosting import boosted_trees
from maitred.training.ope.logged import LoggedError
from maitred.training.ope.reward_model import cross_fitted, folds, joined, ridge

N, PLACES = 4000, 5


def world(expected, seed: int = 0):
    random = np.random.default_rng(seed)
    features = random.normal(size=(N, PLACES, 4))
    chosen = random.integers(PLACES, size=N)
    truth = expected(features)
    reward = truth[np.arange(N), chosen] + random.normal(size=N)
    return features, chosen, reward, truth


def explained(q: np.ndarray, truth: np.ndarray) -> float:
    return 1 - ((q - truth) ** 2).mean() / truth.var()


def test_a_linear_reward_is_learned_by_ridge_for_candidates_that_were_not_chosen():
    features, chosen, reward, truth = world(lambda x: 2 + x[..., 0] - 0.5 * x[..., 1])
    q = cross_fitted(features, chosen, reward, folds(np.arange(N)), ridge())
    assert explained(q, truth) > 0.99


def test_an_interaction_is_learned_by_trees_and_not_by_ridge():
    features, chosen, reward, truth = world(lambda x: 2 * x[..., 0] * x[..., 1])
    fold = folds(np.arange(N), count=2)
    by_trees, by_ridge = (cross_fitted(features, chosen, reward, fold, fit) for fit in (boosted_trees(), ridge()))
    assert explained(by_ridge, truth) < 0.05
    assert explained(by_trees, truth) > 0.6


@pytest.mark.parametrize("fit", [ridge(penalty=1e-9), boosted_trees(count=20, penalty=1e-9)])
def test_no_prediction_knows_its_own_reward(fit):
    features, chosen, reward, _ = world(lambda x: x[..., 0])
    fold = folds(np.arange(N))
    before = cross_fitted(features, chosen, reward, fold, fit)
    changed = np.where(fold == 0, reward[::-1].clip(reward.min(), reward.max()), reward)
    after = cross_fitted(features, chosen, changed, fold, fit)
    assert (after[fold == 0] == before[fold == 0]).all()
    assert (after[fold != 0] != before[fold != 0]).any()


def test_noise_predicts_nothing():
    features, chosen, reward, _ = world(lambda x: np.zeros(x.shape[:2]))
    q = cross_fitted(features, chosen, reward, folds(np.arange(N)), ridge())[np.arange(N), chosen]
    assert abs(np.corrcoef(q, reward)[0, 1]) < 0.06


def test_decisions_of_one_day_share_a_fold_and_folds_are_of_one_size():
    day = np.repeat(np.arange(20), 7)
    fold = folds(day, count=5)
    assert all(len(set(fold[day == one])) == 1 for one in range(20))
    assert (np.bincount(fold) == 28).all()


def test_one_fold_is_refused():
    features, chosen, reward, _ = world(lambda x: x[..., 0])
    with pytest.raises(LoggedError, match="expected at least two folds"):
        cross_fitted(features, chosen, reward, np.zeros(N, np.int64), ridge())


def test_features_are_the_context_beside_each_candidate():
    context, candidates = np.ones((2, 3), np.float32), np.zeros((2, 4, 5), np.float32)
    features = joined(context, candidates)
    assert features.shape == (2, 4, 9)
    assert (features[..., :4] == 1).all()
    assert (features[..., 4:] == 0).all()
