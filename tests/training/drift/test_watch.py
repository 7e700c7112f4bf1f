"""An outage is found within minutes, explained, counted and found again; an ordinary day is left alone."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.anomaly.days import Planted, center, ordinary_day, outage_day
from maitred.envs.traffic.tokens import VOCABULARY
from maitred.training.drift.contacts import Contacts
from maitred.training.drift.detector import (
    Detector,
    DetectorError,
    back_count,
    fit_detector,
    load_detector,
    save_detector,
)
from maitred.training.drift.volume import STEPS, counts, threshold, usual_counts, volume_cusum
from maitred.training.drift.watch import Watched, explain, watch

CENTER = center("omni", 10.0)
INTENTS = len(CENTER.types.names)
SEEDS = np.random.SeedSequence(3).spawn(20)
HISTORY = [ordinary_day(CENTER, seed) for seed in SEEDS[:10]]


@pytest.fixture(scope="module")
def outage() -> tuple[Contacts, Planted]:
    return outage_day(CENTER, SEEDS[10])


def around_start(day: Contacts, planted: Planted) -> Contacts:
    """The day from a quarter of an hour before the outage to six minutes into it, which is quicker to watch."""
    return day.between(planted.start_s - 900, planted.start_s + 360)


@pytest.fixture(scope="module")
def learned(outage: tuple[Contacts, Planted]) -> Detector:
    day, planted = outage
    return explain(HISTORY, day, planted.start_s + 300, VOCABULARY, INTENTS)


def test_an_outage_is_found_within_five_minutes_and_nothing_before(outage: tuple[Contacts, Planted]) -> None:
    day, planted = outage
    watched = watch(HISTORY, around_start(day, planted), VOCABULARY, INTENTS, seed=0, rate=0.05)
    [alarm_s] = watched.alarms_s()
    assert 0 < alarm_s - planted.start_s <= 300
    by_words = (np.flatnonzero(watched.z > watched.z_limit) + 1) * 60 - planted.start_s
    assert 0 < by_words.min() <= 300


def test_ordinary_minutes_raise_no_alarm() -> None:
    day = ordinary_day(CENTER, SEEDS[11]).between(36_000, 37_500)
    watched = watch(HISTORY, day, VOCABULARY, INTENTS, seed=0, rate=0.05)
    assert (watched.z <= watched.z_limit).all() and (watched.z != 0).sum() >= 23
    assert 0.45 < watched.auc[watched.z != 0].mean() < 0.55


def test_the_detector_says_what_it_is_about(outage: tuple[Contacts, Planted], learned: Detector) -> None:
    day, planted = outage
    assert len(set(learned.top_words(8)) & set(planted.words)) >= 3
    window = day.between(planted.start_s, planted.start_s + 300)
    truly = (window.intent == planted.intent).sum() * 5 / 6
    assert 0.5 * truly < learned.affected(window) < 1.5 * truly
    assert learned.affected(HISTORY[0]) < 0.02 * len(HISTORY[0])


def test_the_same_outage_is_found_in_the_past(outage: tuple[Contacts, Planted], learned: Detector) -> None:
    day, planted = outage
    hour = int(planted.start_s // 3600)
    found = back_count(learned, day)
    assert found[hour : hour + 2].max() > 0.2 and np.delete(found, [hour, hour + 1]).max() < 0.1
    assert back_count(learned, HISTORY[3]).max() < 0.1


def test_a_detector_survives_the_way_through_a_file(learned: Detector, tmp_path: Path) -> None:
    save_detector(learned, tmp_path / "detector.json")
    assert load_detector(tmp_path / "detector.json") == learned
    np.testing.assert_array_equal(
        load_detector(tmp_path / "detector.json").matches(HISTORY[0]), learned.matches(HISTORY[0])
    )
    for broken in ("{", "[]", "{}", json.dumps({"detector_version": 2, "words": [], "intents": [], "threshold": 1})):
        (tmp_path / "broken.json").write_text(broken)
        with pytest.raises(DetectorError, match=r"broken\.json: expected a detector"):
            load_detector(tmp_path / "broken.json")


def test_words_that_nobody_said_before_are_what_counts() -> None:
    rng = np.random.default_rng(0)
    before = Contacts(np.arange(200.0), np.zeros(200, int), rng.integers(0, 10, (200, 3)))
    now = replace(before, words=np.where(rng.random((200, 3)) < 0.5, 11, before.words))
    detector = fit_detector(now, before, vocabulary=12, intents=1)
    assert detector.top_words(1) == [11] and detector.matches(now).mean() > 0.8 > 0.02 > detector.matches(before).mean()


def test_volume_a_busy_day_is_no_anomaly_and_a_busy_intent_is() -> None:
    rng, usual = np.random.default_rng(0), np.full((STEPS, 4), 5.0)
    limit = threshold(4, 0.025)
    ordinary = [volume_cusum(rng.poisson(usual).astype(float), usual, usual).max() for _ in range(30)]
    busy = [volume_cusum(rng.poisson(3 * usual).astype(float), usual, usual).max() for _ in range(30)]
    assert max(ordinary) < limit and max(busy) < limit
    rate = usual.copy()
    rate[700:, 2] *= 6
    found = volume_cusum(rng.poisson(rate).astype(float), usual, usual) > limit
    assert found[700:703, 2].any() and not found[:700].any() and not found[:, [0, 1, 3]].any()


def test_counts_are_by_minute() -> None:
    day = Contacts(np.array([1.0, 60.0, 60.5, 86_400.0]), np.array([0, 1, 1, 0]), np.zeros((4, 1), int))
    table = counts(day, 2)
    assert table[0].tolist() == [1, 1] and table[1].tolist() == [0, 1] and table[-1].tolist() == [1, 0]
    mean, most = usual_counts([day, day.between(0, 60)], 2)
    assert mean[1].tolist() == [0, 0.5] and most[1].tolist() == [0.5, 1.5]


def test_alarms_within_an_hour_are_one() -> None:
    z = np.zeros(STEPS)
    z[[10, 11, 40, 200]] = 9.0
    watched = Watched(np.full(STEPS, 0.5), z, np.zeros((STEPS, 1)), 4.0, 10.0)
    assert watched.alarms_s() == [660.0, 12_060.0]
