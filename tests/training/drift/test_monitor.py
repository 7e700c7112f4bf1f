"""Bets against no change: rarely won by chance, soon won where something drifts; a day is one bet."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest

from maitred.training.drift.betting import evidence, first_alarm
from maitred.training.drift.monitor import Cases, DriftError, conformal_ranks, monitor

PER_ALARM = 200  # days


def cases(rng: np.random.Generator, days: int, first: int = 0, per_day: int = 150) -> Cases:
    """Contacts that come as stated, of days that differ from each other, and of hours that do."""
    count = days * per_day
    day = np.repeat(np.arange(days) + first, per_day)
    hour = np.sort(rng.integers(8, 18, (days, per_day)), axis=1).ravel() + 24 * (day % 7)
    features = rng.normal(size=(count, 6)) + 0.5 * rng.normal(size=(days, 6))[day - first]
    features[:, 0] += np.where(hour % 24 < 12, 3.0, 0.0)
    predicted, chance = rng.normal(5, 1, count), rng.beta(8, 3, count)
    outcome = rng.random(count) < chance
    return Cases(features, predicted + rng.normal(0, 2, count), predicted, chance, outcome, day, hour)


@pytest.fixture(scope="module")
def reference() -> Cases:
    return cases(np.random.default_rng(0), 42)


def test_evidence_grows_by_one_a_bet_at_most_on_average() -> None:
    ranks = np.random.default_rng(1).random((20, 20_000))
    found = np.array([evidence(stream)[9] for stream in ranks.T.reshape(-1, 20)])
    assert found.mean() < 12


def test_uniform_ranks_are_no_evidence_and_small_ones_are() -> None:
    rng = np.random.default_rng(3)
    streams = np.array([evidence(rng.random(400)) for _ in range(400)])
    assert (streams.max(axis=1) >= 4000).mean() < 0.15  # at most 400 / 4000 on average
    assert first_alarm(evidence(np.full(30, 0.05)), 600) is not None
    assert first_alarm(evidence(np.full(30, 0.9)), 600) is None


def test_ranks_of_days_that_are_alike_are_uniform_and_independent() -> None:
    rng = np.random.default_rng(4)
    ranks = np.array([conformal_ranks(rng.normal(size=60), 20, rng) for _ in range(100)])
    assert kstest(ranks.ravel(), "uniform").pvalue > 0.01
    assert abs(np.corrcoef(ranks[:, :-1].ravel(), ranks[:, 1:].ravel())[0, 1]) < 0.05


def test_days_that_differ_as_days_do_raise_alarms_as_rarely_as_stated() -> None:
    alarms = 0
    for stream in range(20):
        rng = np.random.default_rng(100 + stream)
        found = monitor(cases(rng, 28, per_day=60), cases(rng, 20, 28, per_day=60), PER_ALARM, seed=stream)
        alarms += any(alarm is not None for alarm in found.alarm.values())
    assert alarms <= 6  # 2 are expected at most of 400 days


def test_the_hours_of_the_week_are_compared_with_themselves(reference: Cases) -> None:
    """Days that are watched in the morning only are no drift, though mornings are unlike whole days."""
    now = cases(np.random.default_rng(5), 14, 42)
    morning = now.hour % 24 < 12
    early = Cases(*(getattr(now, name)[morning] for name in Cases.__slots__))
    assert monitor(reference, early, PER_ALARM, seed=0).alarm["features"] is None
    astray = replace(early, hour=early.hour + 6)  # the same contacts, taken for those of the afternoon
    assert monitor(reference, astray, PER_ALARM, seed=0).alarm["features"] is not None


@pytest.mark.parametrize(
    ("signal", "within"), [("features", 14), ("reward", 14), ("calibration", 14)], ids=lambda x: str(x)
)
def test_drift_is_found_by_the_signal_that_it_concerns(reference: Cases, signal: str, within: int) -> None:
    now = cases(np.random.default_rng(4), 21, 42)
    drifted = {
        "features": replace(now, features=now.features + 3.0 * np.eye(6)[2]),
        "reward": replace(now, reward=now.reward - 1.5),
        "calibration": replace(now, outcome=now.outcome & (np.random.default_rng(5).random(len(now.day)) < 0.8)),
    }[signal]
    found = monitor(reference, drifted, PER_ALARM, seed=0)
    assert found.alarm.pop(signal) <= within and set(found.alarm.values()) == {None}
    assert signal != "features" or found.unusual[0][0] == 2


def test_what_a_day_is_found_to_be_does_not_depend_on_later_days(reference: Cases) -> None:
    now = cases(np.random.default_rng(6), 10, 42)
    later = replace(now, features=now.features + np.where(now.day >= 48, 3.0, 0.0)[:, None])
    before, after = (monitor(reference, one, PER_ALARM, seed=1).evidence["features"] for one in (now, later))
    np.testing.assert_array_equal(before[:6], after[:6])


def test_what_is_not_known_is_left_out(reference: Cases) -> None:
    now = cases(np.random.default_rng(7), 6, 42)
    nothing = np.full(len(now.day), np.nan)
    found = monitor(reference, replace(now, reward=nothing, chance=nothing), PER_ALARM, seed=0)
    assert found.alarm["reward"] is None and found.alarm["calibration"] is None


def test_first_alarm_counts_from_one() -> None:
    assert first_alarm(np.array([1.0, 5.0, 9.0, 2.0]), 5) == 2 and first_alarm(np.array([1.0]), 5) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evidence(np.array([1.5])), "ranks: expected numbers from 0 to 1"),
        (lambda: evidence(np.array([np.nan])), "ranks"),
    ],
)
def test_what_is_out_of_range_is_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_too_few_reference_days_are_refused(reference: Cases) -> None:
    few = cases(np.random.default_rng(1), 5)
    with pytest.raises(DriftError, match="days: expected 12 of reference and one to watch or more, found 5 and 42"):
        monitor(few, reference, PER_ALARM, seed=0)


def test_what_the_reference_never_told_is_no_drift_once_it_is_told(reference: Cases) -> None:
    silent = replace(reference, chance=np.full(len(reference.chance), np.nan))
    found = monitor(silent, cases(np.random.default_rng(8), 60, 42), PER_ALARM, 0)
    assert found.alarm["calibration"] is None


@pytest.mark.parametrize("rate", [0.0, -5.0, np.nan, np.inf])
def test_a_rate_of_alarms_that_is_none_is_refused(reference: Cases, rate: float) -> None:
    with pytest.raises(DriftError, match="days_per_alarm"):
        monitor(reference, reference, rate, 0)
