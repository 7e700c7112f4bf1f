"""Bets against no change: rarely won by chance, soon won where something drifts."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.training.drift.betting import evidence, first_alarm, two_sided
from maitred.training.drift.monitor import Cases, feature_gains, monitor

PER_ALARM = 100_000


def cases(rng: np.random.Generator, count: int) -> Cases:
    """Contacts that come as stated."""
    predicted, chance = rng.normal(5, 1, count), rng.beta(8, 3, count)
    outcome = rng.random(count) < chance
    return Cases(rng.normal(size=(count, 6)), predicted + rng.normal(0, 2, count), predicted, chance, outcome)


@pytest.fixture(scope="module")
def reference() -> Cases:
    return cases(np.random.default_rng(0), 4000)


def test_evidence_grows_by_one_a_case_at_most_on_average() -> None:
    rng = np.random.default_rng(1)
    coins = rng.choice([-1.0, 1.0], (10, 40_000))
    found = evidence(coins)
    assert found[-1].mean() == pytest.approx(10, rel=0.05)
    assert evidence(coins, 0.05)[-1].mean() < found[-1].mean()


def test_alarms_by_chance_are_as_rare_as_stated() -> None:
    rng = np.random.default_rng(2)
    found = two_sided(rng.uniform(-1, 1, (2000, 500)))
    assert (found.max(axis=0) >= 20_000).mean() < 2000 / 20_000


def test_without_drift_no_alarm(reference: Cases) -> None:
    for stream in range(3):
        found = monitor(reference, cases(np.random.default_rng(10 + stream), 6000), PER_ALARM, seed=stream)
        assert found.alarm == {"features": None, "reward": None, "calibration": None}


@pytest.mark.parametrize(
    ("signal", "within"), [("features", 1500), ("reward", 2500), ("calibration", 1500)], ids=lambda x: str(x)
)
def test_drift_is_found_by_the_signal_that_it_concerns(reference: Cases, signal: str, within: int) -> None:
    now = cases(np.random.default_rng(4), 6000)
    drifted = {
        "features": replace(now, features=now.features + 0.4 * np.eye(6)[2]),
        "reward": replace(now, reward=now.reward - 1.0),
        "calibration": replace(now, outcome=now.outcome & (np.random.default_rng(5).random(6000) < 0.85)),
    }[signal]
    alarm = monitor(reference, drifted, PER_ALARM, seed=0).alarm
    assert alarm.pop(signal) <= within and set(alarm.values()) == {None}


def test_the_bet_on_a_case_does_not_know_it(reference: Cases) -> None:
    """Changing later cases leaves earlier gains as they are."""
    now = np.random.default_rng(6).normal(size=(1000, 6))
    later = now.copy()
    later[600:] += 3
    np.testing.assert_array_equal(
        feature_gains(reference.features, now, 0)[:600], feature_gains(reference.features, later, 0)[:600]
    )
    assert (feature_gains(reference.features, now, 0)[:200] == 0).all()


def test_first_alarm_counts_cases() -> None:
    assert first_alarm(np.array([1.0, 5.0, 9.0, 2.0]), 5) == 2 and first_alarm(np.array([1.0]), 5) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evidence(np.array([1.5])), "gains: expected numbers from -1 to 1"),
        (lambda: evidence(np.array([np.nan])), "gains"),
        (lambda: evidence(np.array([0.5]), 0.5), "tolerance"),
        (lambda: feature_gains(np.zeros((3, 1)), np.zeros((9, 1)), 0), "reference: expected 4 cases"),
    ],
)
def test_what_is_out_of_range_is_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
