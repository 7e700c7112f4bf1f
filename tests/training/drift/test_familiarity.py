"""What counts as seen: limits from other days, ranges by time of day, and twice the contacts are noticed."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.agents.rules import RULES
from maitred.envs.scenario_error import ScenarioError
from maitred.serving.familiar import excess, times
from maitred.training.drift.encounters import encounters, together
from maitred.training.drift.familiarity import fit_familiar, seen_in, seen_in_order
from tests.training.center import small_center

CENTER = small_center()
INCUMBENT = RULES["incumbent"]


def busier(factor):
    return replace(CENTER, arrivals=replace(CENTER.arrivals, rate_per_h=factor * CENTER.arrivals.rate_per_h))


def met(center, seed, episodes=12):
    return encounters(center, INCUMBENT, np.random.SeedSequence(seed), episodes)


@pytest.fixture(scope="module")
def familiar():
    return seen_in([CENTER], INCUMBENT, np.random.SeedSequence(1))


def test_new_days_are_hardly_ever_strange(familiar):
    assert familiar.strange(met(CENTER, 2)).mean() < 0.02


def test_twice_the_contacts_are_noticed_and_a_few_more_are_not(familiar):
    assert familiar.strange(met(busier(2.0), 3)).mean() > 0.8
    assert familiar.strange(met(busier(1.1), 3)).mean() < 0.05


def test_a_center_that_was_trained_at_other_loads_has_seen_them():
    wide = seen_in([CENTER, busier(2.0)], INCUMBENT, np.random.SeedSequence(1))
    assert wide.strange(met(busier(2.0), 3)).mean() < 0.02


def test_a_time_of_day_that_was_never_seen_is_strange(familiar):
    day = met(CENTER, 2)
    night = day[:50]
    context = night.context.copy()
    context[:, 5], context[:, 6] = 0.0, 1.0  # midnight, and the center opens at eight
    assert familiar.strange(replace(night, context=context)).all()
    reason = familiar.reason(context[0], night.candidates[0][night.mask[0]])
    assert reason == "unfamiliar: no decisions were seen at this time of day"


def test_the_limits_leave_the_stated_share_of_other_days_outside():
    seen, others = met(CENTER, 4), met(CENTER, 5)
    found = fit_familiar(seen, others, rate=0.05)
    assert (found.distances(others) > 1).mean() == pytest.approx(0.05, abs=0.01)
    assert (excess(found.low, found.high, others).max(axis=1) > 0).mean() <= 0.051


def test_half_hours_begin_at_midnight():
    day = met(CENTER, 2)
    found = times(day)
    assert found.min() >= 16 and found.max() < 34  # from eight to sixteen, and what was still waiting then


def test_a_log_is_halved_by_time():
    days = together([met(CENTER, seed, 1) for seed in range(20)])
    found = seen_in_order(days)
    halves = fit_familiar(together([met(CENTER, seed, 1) for seed in range(10)]),
                          together([met(CENTER, seed, 1) for seed in range(10, 20)]))  # fmt: skip
    assert abs(len(days) / 2 - len(together([met(CENTER, seed, 1) for seed in range(10)]))) < 100
    assert found.strange(met(CENTER, 21)).mean() < 0.03
    assert np.abs(found.low - halves.low).max() < 0.2


def test_a_log_of_a_day_alone_knows_its_afternoon():
    day = met(CENTER, 6, 1)
    assert seen_in_order(day).strange(day).mean() < 0.05


def test_a_sample_keeps_about_as_many_as_are_wanted_evenly():
    every = met(CENTER, 7, 8)
    few = encounters(CENTER, INCUMBENT, np.random.SeedSequence(7), 8, most=200)
    assert 100 < len(few) <= 400 < len(every)
    assert set(few.key.tolist()) < set(every.key.tolist())
    assert abs(times(few).mean() - times(every).mean()) < 2


def test_a_center_without_decisions_is_refused():
    quiet = replace(CENTER, arrivals=replace(CENTER.arrivals, rate_per_h=0 * CENTER.arrivals.rate_per_h))
    with pytest.raises(ScenarioError, match="3 episodes passed without a decision"):
        encounters(quiet, INCUMBENT, np.random.SeedSequence(1), 3)


def test_a_rate_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match="rate: expected a share"):
        fit_familiar(met(CENTER, 1, 2), met(CENTER, 2, 2), 1.0)
