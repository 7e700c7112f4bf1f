"""A behaviour policy that is fitted: what was planted is found, and marked as found."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.optimize import minimize

from maitred.cli import main
from maitred.envs.decision import CANDIDATE_NAMES
from maitred.training.decision_log.behaviour import RIDGE, ChoiceSets, chances, foot, prior, slope
from maitred.training.decision_log.check import check
from maitred.training.decision_log.estimate import estimate
from maitred.training.decision_log.provenance import provenance_of
from maitred.training.decision_log.schema import DecisionLogError
from tests.training.decision_log.logs import made_rows, with_values, without_propensities, written

IDLE, HANDLE = CANDIDATE_NAMES.index("idle_s"), CANDIDATE_NAMES.index("handle_s")


def planted(decisions):
    """A logit that likes short work and dislikes long idle time."""
    scores = 0.7 * np.log1p(decisions.candidates[:, :, IDLE]) - 0.5 * np.log1p(decisions.candidates[:, :, HANDLE])
    odds = np.where(decisions.mask, np.exp(scores.astype(float)), 0)
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def true():
    return made_rows(4000, episodes=40, places=6, probabilities=planted)


@pytest.fixture(scope="module")
def estimated(true, tmp_path_factory):
    log = written(without_propensities(true), tmp_path_factory.mktemp("log") / "log.parquet", 1024)
    return estimate(log, log.parent / "out.parquet"), log.parent / "out.parquet"


def test_planted_chances_are_found(true, estimated):
    found, out = estimated
    p, fitted = true["propensity"].to_numpy(), pq.read_table(out)["propensity"].to_numpy()
    open_choice = p < 1
    error = np.abs(np.log(fitted / p))[open_choice]
    assert np.corrcoef(p, fitted)[0, 1] > 0.97
    assert np.median(error) < 0.1 and np.quantile(error, 0.95) < 0.5
    assert found.log_likelihood == pytest.approx(np.log(p[open_choice]).mean(), abs=0.03)
    assert found.uniform < found.log_likelihood - 0.3
    assert 0.9 < found.evenness < 1.2  # above 1 by the error of a fit of 50 weights to 4,000 choices


def test_what_is_estimated_says_so_and_nothing_else_changes(true, estimated):
    found, out = estimated
    log = pq.read_table(out)
    assert log["propensity_estimated"].to_pylist() == [True] * 4000
    untouched = [name for name in true.column_names if not name.startswith("propensity")]
    assert log.select(untouched).equals(true.select(untouched))
    behaviour = provenance_of(out)["behaviour"]
    assert behaviour["model"] == "conditional logit" and behaviour["estimated"] == found.rows == 4000
    assert check(out).propensities["estimated"] == 4000 and not check(out).faults


def test_known_propensities_are_left_alone(tmp_path):
    rows = made_rows(200)
    known = [p if row % 2 else None for row, p in enumerate(rows["propensity"].to_pylist())]
    log = written(with_values(rows, "propensity", known), tmp_path / "log.parquet")
    assert estimate(log, log).estimated == 100
    after = pq.read_table(log)
    assert after["propensity"].to_pylist()[1::2] == known[1::2]
    assert after["propensity_estimated"].to_pylist() == [True, False] * 100
    with pytest.raises(DecisionLogError, match="expected decisions without a propensity"):
        estimate(log, log)


def test_a_decision_does_not_help_to_estimate_its_own_chance(true, tmp_path):
    """Another choice in one episode changes no chance within that episode but its own row's."""
    few = true.slice(0, 600)
    chosen = few["chosen"].to_pylist()
    others = [sum(mask) - 1 - c for mask, c in zip(few["mask"].to_pylist()[:2], chosen[:2], strict=True)]
    changed = with_values(few, "chosen", others + chosen[2:])
    results = []
    for number, rows in enumerate((few, changed)):
        log = written(without_propensities(rows), tmp_path / f"{number}.parquet")
        estimate(log, log)
        results.append(pq.read_table(log)["propensity"].to_numpy())
    same_episode = np.array(few["episode_id"].to_pylist()) == few["episode_id"][0].as_py()
    same_episode[:2] = False
    np.testing.assert_array_equal(results[0][same_episode], results[1][same_episode])
    assert (results[0][150:] != results[1][150:]).any()


def sets_of(rng, decisions=300, width=3):
    size = rng.integers(1, 6, decisions)
    features = rng.normal(size=(size.sum(), width))
    weights = rng.normal(size=width)
    p = chances(ChoiceSets(features, size, np.zeros(decisions, int)), features @ weights)
    ends = np.cumsum(size)
    chosen = [rng.choice(s, p=p[e - s : e]) for s, e in zip(size, ends, strict=True)]
    return ChoiceSets(features, size, np.array(chosen))


def test_newtons_climb_ends_where_a_general_optimiser_does():
    sets = sets_of(np.random.default_rng(4))

    def negative(weights):
        found = slope(sets, weights) + prior(weights)
        return -found.value, -found.gradient

    climb = foot(3)
    for _ in range(10):
        climb = climb.step(slope(sets, climb.at) + prior(climb.at))
    expected = minimize(negative, np.zeros(3), jac=True, method="BFGS").x
    np.testing.assert_allclose(climb.best, expected, atol=1e-4)


def test_slopes_are_the_derivatives_of_their_values():
    sets, at, eps = sets_of(np.random.default_rng(5)), np.array([0.3, -0.2, 0.5]), 1e-6
    here = slope(sets, at) + prior(at)
    for i, step in enumerate(np.eye(3) * eps):
        up, down = slope(sets, at + step) + prior(at + step), slope(sets, at - step) + prior(at - step)
        assert (up.value - down.value) / (2 * eps) == pytest.approx(here.gradient[i], rel=1e-5)
        np.testing.assert_allclose((up.gradient - down.gradient) / (2 * eps), -here.curvature[i], rtol=1e-5)
    assert RIDGE > 0


def test_a_rule_that_leaves_nothing_to_chance_gets_chances_that_are_high_but_not_one(tmp_path):
    log = written(
        without_propensities(made_rows(600, probabilities=lambda d: d.mask & (d.mask.cumsum(1) == 1))), tmp_path / "l"
    )
    found = estimate(log, log)
    assert found.foremost == 1 and found.log_likelihood > -0.2
    assert pq.read_table(log)["propensity"].to_numpy().max() <= 1


def test_one_episode_is_not_enough(tmp_path):
    log = written(without_propensities(made_rows(episodes=1)), tmp_path / "log.parquet")
    with pytest.raises(DecisionLogError, match="of several episodes"):
        estimate(log, log)


def test_a_masked_choice_and_a_feature_that_is_not_finite_are_refused(tmp_path):
    rows = without_propensities(made_rows())
    log = written(with_values(rows, "chosen", [0] * 59 + [len(rows["mask"][59])]), tmp_path / "a.parquet")
    with pytest.raises(DecisionLogError, match="chosen: expected a legal candidate"):
        estimate(log, log)
    candidates = rows["candidates"].to_pylist()
    candidates[5][0] = [float("nan")] * len(CANDIDATE_NAMES)
    log = written(with_values(rows, "candidates", candidates), tmp_path / "b.parquet")
    with pytest.raises(DecisionLogError, match="finite features"):
        estimate(log, log)


def test_the_command_prints_how_well_the_fit_predicts(tmp_path, capsys):
    written(without_propensities(made_rows(400)), tmp_path / "log.parquet")
    assert main(["logs", "estimate", f"log={tmp_path / 'log.parquet'}", f"out={tmp_path / 'out.parquet'}"]) == 0
    assert "log likelihood per decision" in capsys.readouterr().out
