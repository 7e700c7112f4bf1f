"""Logged decisions: what they say is unbiased, looks are those of the past, and missing chances are guessed openly."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Term
from maitred.training.gate.check import State
from maitred.training.gate.guards import Standing
from maitred.training.gate.log_checks import fallback_check, fresh_check, support_check
from maitred.training.gate.log_guards import log_guards
from maitred.training.gate.logged_pair import LoggedPair, behaviour_of
from maitred.training.gate.on_log import clustered, disagreement, estimates, predictions, sequential, terms
from maitred.training.gate.settings import Settings

K = 4


def one_hot(places: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.eye(K)[places]


def logged(n: int = 8000, floor: float = 0.4, gain: float = 0.3, seed: int = 0, days: int = 40) -> LoggedPair:
    """A log in which each place is worth its own feature, the champion takes place 0 and the candidate the best.

    `gain` is what a unit of the feature is worth; contacts that earn less are abandoned.
    """
    draw = np.random.default_rng(seed)
    feature = draw.normal(0, 1, (n, K))
    features = np.stack([np.ones((n, K)), feature], axis=2).astype(np.float32)
    champion, candidate = one_hot(np.zeros(n, np.int64)), one_hot(feature.argmax(axis=1))
    behaviour = floor / K + (1 - floor) * champion
    chosen = (behaviour.cumsum(axis=1) > draw.random((n, 1))).argmax(axis=1)
    reward = gain * feature[np.arange(n), chosen] + draw.normal(0, 1, n)
    booked = np.zeros((n, len(Term)))
    booked[:, Term.ABANDONED] = reward < -1
    return LoggedPair(
        reward=reward,
        terms=booked,
        chosen=chosen,
        propensity=behaviour[np.arange(n), chosen],
        candidate=candidate,
        champion=champion,
        behaviour=behaviour,
        behaviour_known=True,
        features=features,
        episode=np.repeat(np.arange(days), n // days),
        estimated=0.0,
        legal=True,
        modes=Counter(active=n),
        rows=n,
        sha256="",
    )


EXPECTED_BEST = 1.029375  # mean of the largest of four standard normals


def model(pair: LoggedPair) -> NDArray[np.float64]:
    return predictions(pair, pair.reward, 0)


@pytest.mark.parametrize("gain", [0.3, 0.0, -0.3])
def test_the_difference_is_what_it_is(gain: float) -> None:
    pair = logged(gain=gain)
    found = sequential(pair, Settings(), asked=0.0).found[-1]
    assert abs(found.mean - gain * EXPECTED_BEST) < 4 * found.error
    for one in estimates(pair, model(pair), clip=10.0):
        assert abs(one.mean - gain * EXPECTED_BEST) < 4 * max(one.error, 0.01)


def test_estimators_agree_on_a_good_log_and_not_where_the_model_is_wrong() -> None:
    pair = logged()
    assert disagreement(estimates(pair, model(pair), 10.0)) < 2
    assert disagreement(estimates(pair, model(pair) - 3 * pair.candidate, 10.0)) > 2


def test_a_policy_against_itself_differs_by_nothing_at_all() -> None:
    pair = logged()
    same = LoggedPair(**{**vars(pair), "candidate": pair.champion})
    assert not terms(same, model(same)).terms.any()
    assert all(one.mean == one.error == 0 for one in estimates(same, model(same), 10.0))
    assert sequential(same, Settings(), -0.05).proven
    assert not sequential(same, Settings(), 0.0).proven


def test_a_look_now_shows_earlier_looks_as_they_were() -> None:
    pair, settings = logged(n=8000), Settings(planned=16_000, log_looks=8)
    found = sequential(pair, settings, 0.0)
    assert (list(found.rows[:4]), len(found.found), found.last) == ([2000, 4000, 6000, 8000], 4, False)
    assert sequential(pair.rows_of(0, 4000), settings, 0.0).found == found.found[:2]
    none = sequential(pair.rows_of(0, 500), settings, 0.0)
    assert none.found == () and fresh_check(none, False, pair).state is State.UNCLEAR


def test_proof_contradiction_and_neither() -> None:
    for gain, needed, state in [(0.3, True, State.PASSED), (-0.3, False, State.FAILED), (0.0, True, State.UNCLEAR),
                                (0.0, False, State.PASSED)]:  # fmt: skip
        pair = logged(gain=gain, seed=1)
        check = fresh_check(sequential(pair, Settings(), 0.0), needed, pair)
        assert check.state is state, check.sentence


def test_an_equal_candidate_is_seldom_proven() -> None:
    proven = []
    for seed in range(100):
        pair = logged(n=2000, gain=0.0, seed=seed)
        proven.append(sequential(pair, Settings(planned=2000), 0.0).proven)
    assert sum(proven) <= 12  # of 5 expected; more has a chance of 1.5e-3


def test_days_that_hang_together_are_less_sure() -> None:
    pair = logged()
    found = terms(pair, model(pair))
    shared = np.repeat(np.random.default_rng(1).normal(0, 1, 40), 200)
    together = type(found)(found.terms + shared, found.squares + 1)
    rows = clustered(together, np.arange(8000)).error  # each row a day of its own
    assert clustered(together, pair.episode).error > 3 * rows


def test_guards_on_a_log_find_harm() -> None:
    harmed = {one.guard.name: one.standing for one in log_guards(logged(gain=-0.5), Settings())}
    assert harmed == {"abandonment": Standing.BEYOND}  # no other term was booked
    better = log_guards(logged(gain=0.5), Settings())
    assert [one.standing for one in better] == [Standing.WITHIN]


def test_a_log_that_hardly_explores_cannot_tell() -> None:
    assert support_check(logged(), model(logged())).state is State.PASSED
    rare = logged(floor=0.01)
    check = support_check(rare, model(rare))
    assert check.state is State.UNCLEAR and "cannot tell" in check.sentence


def test_a_log_of_fallbacks_is_not_the_policys_own() -> None:
    pair = LoggedPair(**{**vars(logged(n=800)), "modes": Counter(active=700, fallback=90, override=10), "rows": 800})
    check = fallback_check(pair, Settings())
    assert check.state is State.UNCLEAR and check.figures["share"] == pytest.approx(100 / 800)


def test_the_behaviour_of_an_exploring_champion_is_worked_out() -> None:
    pair = logged(n=400)
    mask = np.ones((400, K), np.bool_)
    found, known = behaviour_of(pair.champion, mask, pair.chosen, pair.propensity)
    assert known
    np.testing.assert_allclose(found, pair.behaviour, atol=1e-9)
    assert behaviour_of(pair.champion, mask, np.zeros(400, np.int64), np.ones(400))[1]


def test_a_behaviour_that_is_not_known_is_guessed_and_said_to_be() -> None:
    pair = logged(n=400)
    propensity = np.random.default_rng(0).uniform(0.1, 0.9, 400)
    mask = np.ones((400, K), np.bool_)
    mask[:, -1] = pair.chosen == K - 1
    found, known = behaviour_of(pair.champion, mask, pair.chosen, propensity)
    assert not known and not found[~mask].any()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found[np.arange(400), pair.chosen], propensity)
