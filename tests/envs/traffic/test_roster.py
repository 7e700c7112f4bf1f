from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.kernel.layout import Activity
from maitred.envs.scenario import DAY_S
from maitred.envs.trace import AWAY_END, AWAY_START, CODE_MASK, REASON_SHIFT, SHIFT_END, SHIFT_START
from maitred.envs.traffic.roster import draw_roster
from tests.envs.kernel.scenarios import small_scenario
from tests.envs.traffic.worlds import with_agents, with_everything, with_people, with_shifts

NOVICES = np.array([2.0, 30.0, 50.0, 40.0, 3.0, 60.0])  # weeks of tenure; even agents are of group 0, odd of group 1


def draw(center, days, rng):
    return draw_roster(center, np.zeros(days, int), rng, np.random.default_rng(5))


def events(roster, code, reason=None):
    chosen = (roster["code"] & CODE_MASK) == code
    if reason is not None:
        chosen &= (roster["code"] >> REASON_SHIFT) == reason
    return roster[chosen]


def shifts_of(roster, agent):
    """(start, end) of an agent's shifts in time order."""
    own = events(roster[roster["agent"] == agent], SHIFT_START)
    return np.stack([own["s"], own["end_s"]], axis=1)


def test_nobody_works_twice_at_a_time(rng):
    for _ in range(30):
        center = small_scenario(rng, days=3)
        roster = draw(center, 3, rng)
        assert (np.diff(roster["s"]) >= 0).all()
        for agent in range(len(center.agents.names)):
            shifts = shifts_of(roster, agent)
            assert (shifts[1:, 0] >= shifts[:-1, 1]).all()


def test_shifts_get_their_agents_of_their_group(center, rng):
    roster = draw(with_shifts(center, (0, 8, 16, 2), (1, 9, 17, 3)), 1, rng)
    for group, agents, start_h in ((0, 2, 8), (1, 3, 9)):
        starts = roster[(roster["code"] == SHIFT_START) & (center.agents.group[roster["agent"]] == group)]
        assert len(set(starts["agent"])) == len(starts) == agents
        assert (starts["s"] == start_h * 3600).all() and (starts["end_s"] == (start_h + 8) * 3600).all()
    assert (roster["code"] == SHIFT_END).sum() == 5


def test_heavier_agents_are_rostered_more_often(center, rng):
    weight = np.array([3.0, 1.0, 1.0, 1.0, 0.0, 1.0])  # group 0 has agents 0, 2 and 4
    starts = events(draw(with_shifts(with_agents(center, weight=weight), (0, 0, 1, 1)), 4000, rng), SHIFT_START)
    assert (starts["agent"] == 0).mean() == pytest.approx(0.75, abs=0.03)
    assert (starts["agent"] == 4).mean() == 0


@pytest.mark.parametrize("availability", [1.0, 0.7])
def test_agents_are_away_for_the_share_they_are_not_available(center, rng, availability):
    center = replace(center, staffing=replace(center.staffing, availability=availability, away_block_s=900))
    roster = draw(center, 400, rng)
    away, shifts = events(roster, AWAY_START, reason=0), events(roster, SHIFT_START)
    away_s, shift_s = (away["end_s"] - away["s"]).sum(), (shifts["end_s"] - shifts["s"]).sum()
    assert away_s / shift_s == pytest.approx(1 - availability, abs=4 * np.sqrt(0.25 / (shift_s / 900)))


def test_absences_lie_apart_within_the_shifts(rng):
    for _ in range(30):
        center = with_everything(small_scenario(rng, days=3))
        roster = draw(center, 3, rng)
        for agent in range(len(center.agents.names)):
            own, shifts = roster[roster["agent"] == agent], shifts_of(roster, agent)
            away, back = events(own, AWAY_START), events(own, AWAY_END)
            assert (away["end_s"] == back["s"]).all() and (away["s"] < back["s"]).all()
            shift = np.searchsorted(shifts[:, 0], away["s"], side="right") - 1
            assert (away["end_s"] <= shifts[shift, 1]).all()
            met = (back["s"][:-1] == away["s"][1:]) & (shift[:-1] == shift[1:])
            assert (back["s"][:-1] <= away["s"][1:]).all() and not met.any()


def test_absent_agents_miss_whole_shifts(center, rng):
    center = with_shifts(center, (0, 8, 16, 3), availability=0.8)
    full = draw(center, 400, np.random.default_rng(3))
    missed = draw(with_people(center, absence_p=0.2), 400, np.random.default_rng(3))
    assert len(events(missed, SHIFT_START)) == pytest.approx(0.8 * 1200, abs=4 * np.sqrt(1200 * 0.16))
    assert len(events(missed, SHIFT_END)) == len(events(missed, SHIFT_START))
    assert set(missed.tolist()) < set(full.tolist())  # those who came are away when they were


def test_every_shift_has_its_break_in_the_middle(center, rng):
    roster = draw(with_people(with_shifts(center, (0, 8, 17, 3), (1, 9, 9.25, 3)), break_min=30), 200, rng)
    breaks = events(roster, AWAY_START, Activity.BREAK)
    np.testing.assert_allclose(breaks["end_s"] - breaks["s"], 1800)
    assert len(breaks) == 3 * 200 and (breaks["agent"] % 2 == 0).all()  # a quarter of an hour has no room for one
    middle_h = (breaks["s"] % DAY_S + 900) / 3600
    assert 11.05 < middle_h.min() < 11.2 and 13.8 < middle_h.max() < 13.95
    assert middle_h.mean() == pytest.approx(12.5, abs=0.15)


def draw_training(center, days, rng, tenure=NOVICES):
    center = with_people(with_agents(center, tenure_wk=tenure), nesting_wk=20, shadow_min_per_day=60, break_min=30)
    return draw(center, days, rng)


def trainers(roster):
    """Who trains, once per session, in order of number."""
    return sorted(events(roster, AWAY_START, Activity.TRAINING)["agent"].tolist())


def test_the_most_tenured_of_the_group_trains_the_novice_for_the_time_it_takes(center, rng):
    tenure = np.array([2.0, 30.0, 50.0, 3.0, 40.0, 60.0])
    center = with_shifts(center, (0, 8, 16, 3), (1, 9, 17, 3), availability=0.8)
    roster = draw_training(center, 50, rng, tenure)
    assert trainers(roster) == [2] * 50 + [5] * 50
    sessions = events(roster, AWAY_START, Activity.TRAINING)
    np.testing.assert_allclose(sessions["end_s"] - sessions["s"], 3600)


def test_two_novices_have_different_experts_if_there_are_two(center, rng):
    one_group = with_agents(center, group=np.zeros(6, int))
    assert trainers(draw_training(with_shifts(one_group, (0, 8, 16, 6)), 20, rng)) == [2] * 20 + [5] * 20
    one_expert = with_shifts(center, (0, 8, 16, 3))
    assert trainers(draw_training(one_expert, 20, rng)) == [2] * 40


def test_who_is_not_there_long_enough_leaves_training_to_the_next(center, rng):
    center = with_shifts(center, (0, 8, 12, 2), (0, 11.5, 18, 1))
    roster = draw_training(center, 100, rng, tenure=np.array([2.0, 30, 50, 30, 40, 30]))
    starts, sessions = events(roster, SHIFT_START), events(roster, AWAY_START, Activity.TRAINING)
    early = starts[starts["s"] % DAY_S == 8 * 3600]
    together = {day for agent, day in zip(early["agent"], early["s"] // DAY_S, strict=True) if agent == 0}
    assert set(sessions["s"] // DAY_S) == together and len(together) == len(sessions)
    assert (sessions["s"] % DAY_S <= 11 * 3600).all() and set(sessions["agent"]) == {2, 4}


def test_training_is_at_a_random_time_while_the_novice_is_at_work(center, rng):
    tenure = np.array([2.0, 30.0, 50.0, 30.0, 40.0, 60.0])
    center = with_shifts(center, (0, 8, 15, 1), (0, 11, 18, 2))
    roster = draw_training(center, 120, rng, tenure)
    novice, sessions = roster[roster["agent"] == 0], events(roster, AWAY_START, Activity.TRAINING)
    shift, pause = shifts_of(roster, 0), events(novice, AWAY_START, Activity.BREAK)
    assert len(sessions) == len(shift) == len(pause) == 120
    assert (shift[:, 0] <= sessions["s"]).all() and (sessions["end_s"] <= shift[:, 1]).all()
    assert ((sessions["end_s"] < pause["s"]) | (pause["end_s"] < sessions["s"])).all()
    assert len(np.unique(sessions["s"] % DAY_S)) == 120 and (sessions["s"] % DAY_S).std() > 3600


def test_without_an_expert_there_is_no_training(center, rng):
    center = with_shifts(center, (0, 8, 16, 3), (1, 8, 16, 3))
    assert trainers(draw_training(center, 20, rng, tenure=np.array([2.0, 30, 3, 30, 4, 30]))) == []


def test_nesting_ends_in_the_week_an_agent_has_the_tenure(center, rng):
    center = with_shifts(center, (0, 8, 16, 3), (1, 9, 17, 3), availability=1.0)
    training = events(
        draw_training(center, 140, rng, tenure=np.array([2.0, 30, 50, 30, 40, 30])), AWAY_START, Activity.TRAINING
    )
    assert len(training) == (20 - 2) * 7 and training["s"].max() < (20 - 2) * 7 * 86400
