import numpy as np
import pyarrow as pa
import pytest

from maitred.envs.calibration.absence import FALLBACK_GAP_S, absence_gap_s, waiting_in_gaps
from maitred.envs.calibration.arrivals import fit_arrivals
from maitred.envs.calibration.shifts import rounded, shifts_of
from maitred.envs.calibration.staffing import (
    Spells,
    answered_types,
    days_on_duty,
    duty_spells,
    fit_staffing,
    groups_of,
    staffing_by_day,
    usual_shift_s,
)
from tests.envs.calibration.logs import BANK_TYPES, bank_log, contact_log

DAY_S = 86_400
NEW_YEAR = 10_592  # 1 January 1999 in days since 1970


def test_spells_end_at_long_gaps_and_belong_to_the_day_they_began():
    log = contact_log(
        [1000, 2000, 2050, 9000, DAY_S - 60, DAY_S + 100, 500],
        agent=np.array(["a"] * 6 + ["b"]),
        service_s=np.array([100.0, 1000, 10, 100, 120, 50, 30]),
    )
    spells = duty_spells(log, gap_s=1000)
    assert spells.agents == ("a", "b")
    assert spells.agent.tolist() == [0, 0, 0, 1]
    assert spells.day.tolist() == [NEW_YEAR] * 4
    assert spells.start_s.tolist() == [1000, 9000, DAY_S - 60, 500]
    assert spells.end_s.tolist() == [3000, 9100, DAY_S + 150, 530]
    assert days_on_duty(spells).tolist() == [1, 1]
    assert len(spells.on_day(NEW_YEAR + 1).day) == 0


def test_staffing_is_the_time_on_duty_in_each_half_hour_past_midnight_too():
    spells = Spells(
        agents=("a", "b"),
        day=np.array([NEW_YEAR, NEW_YEAR, NEW_YEAR]),
        agent=np.array([0, 1, 1]),
        start_s=np.array([1700.0, 0, DAY_S - 900]),
        end_s=np.array([3700.0, 1800, DAY_S + 450]),
    )
    staff = staffing_by_day(spells, np.array([0, 1]), NEW_YEAR + np.arange(2))
    assert staff.shape == (2, 2, 48)
    np.testing.assert_allclose(staff[0, 0, :3], [100 / 1800, 1, 100 / 1800])
    np.testing.assert_allclose(staff[0, 1, [0, 1, 47]], [1, 0, 0.5])
    assert staff[1, 1, 0] == 0.25
    assert staff.sum() * 1800 == pytest.approx(2000 + 1800 + 1350)


def worked_days(rng, away_s):
    """One agent who serves back to back but for idle gaps up to 4 min and absences of `away_s` each day.

    Somebody waits for a minute and more in a third of all time, but never while the agent sits idle.
    """
    arrival, wait, service, now = [], [], [], 0.0
    for absence in np.repeat(away_s, 40):
        for _ in range(5):
            arrival.append(now), wait.append(0.0), service.append(100.0)
            now += 100 + rng.uniform(60, 240)
        arrival.append(now), wait.append(0.0), service.append(100.0)
        arrival.append(now + 100 + absence * 0.5), wait.append(30 + absence / 3), service.append(0.0)
        now += 100 + absence
    served = np.array(service) > 0
    return contact_log(
        arrival,
        wait_s=np.array(wait),
        service_s=pa.array(service, mask=~served),
        agent=pa.array(np.full(len(served), "a"), mask=~served),
        outcome=np.where(served, "served", "abandoned"),
    )


def test_the_gap_of_absence_is_where_the_queue_stops_minding_it():
    log = worked_days(np.random.default_rng(6), [700.0, 1000, 1500, 2000, 4000, 5000])
    idle, away = waiting_in_gaps(log, (60.0, 300.0)), waiting_in_gaps(log, (3600.0, 14400.0))
    assert idle[0] == 0
    assert away[0] == pytest.approx(1 / 3, abs=0.02)
    assert absence_gap_s(log) == 600.0


def test_without_anybody_waiting_gaps_tell_nothing():
    assert absence_gap_s(contact_log(np.arange(0, 50_000, 4000.0))) == FALLBACK_GAP_S


def test_a_type_next_to_never_answered_is_not_answered():
    rng = np.random.default_rng(7)
    types = np.concatenate([rng.choice(["x", "y"], 500), np.full(495, "x"), np.full(5, "y")])
    log = contact_log(np.arange(1000.0), type=types, agent=np.repeat(["a", "b"], 500))
    assert answered_types(log, ("a", "b"), ("x", "y")).tolist() == [[True, True], [True, False]]


def test_a_desk_is_agents_who_mostly_do_one_type_that_is_not_the_commonest():
    count = np.array([[90, 10, 0], [40, 40, 20], [10, 0, 90], [5, 60, 5]])
    names, group = groups_of(count, ("PS", "NE", "IN"))
    assert names == ("floor", "NE_desk", "IN_desk")
    assert group.tolist() == [0, 0, 2, 1]


@pytest.mark.parametrize("seed", range(5))
def test_shifts_add_up_to_the_curve_and_none_is_too_long(seed):
    rng = np.random.default_rng(seed)
    need = np.maximum(rng.integers(-3, 9, 48), 0)
    shifts = shifts_of(need, longest=17)
    total = np.zeros(48, dtype=int)
    for first, last, agents in shifts:
        total[first:last] += agents
    assert total.tolist() == need.tolist()
    assert (shifts[:, 1] > shifts[:, 0]).all()
    assert (shifts[:, 1] - shifts[:, 0]).max() <= 17
    assert (shifts[:, 2] > 0).all()


def test_a_flat_day_is_covered_in_turns():
    assert shifts_of(np.full(48, 2), longest=20).tolist() == [[0, 20, 2], [20, 40, 2], [40, 48, 2]]
    assert shifts_of(np.zeros(48, dtype=int), longest=20).shape == (0, 3)


def test_rounding_keeps_the_days_agent_hours():
    curve = np.concatenate([np.zeros(14), np.linspace(2.3, 8.4, 20), np.linspace(5.9, 4.1, 14)])
    whole = rounded(curve)
    assert np.abs(whole - curve).max() < 1
    assert abs(whole.sum() - curve.sum()) <= 0.5
    steady = np.tile([5.4, 5.3], 24)
    assert abs(np.round(steady).sum() - steady.sum()) > 16 > 10 > abs(rounded(steady).sum() - steady.sum())


def test_the_banks_staffing():
    log = bank_log("1999-02-01", "1999-03-01")
    agents = ("A16", "A25", "A10", "A32")
    fit = fit_staffing(log, fit_arrivals(log, BANK_TYPES), BANK_TYPES, agents)
    assert fit.group_names == ("floor", "NE_desk")
    assert fit.group.tolist() == [0, 0, 1, 0]
    assert 300 <= fit.gap_s <= 1200
    assert 7 < fit.longest_shift_s / 3600 < 9.5
    morning = fit.mean[0].sum(axis=0)[20:30]
    assert morning.min() > 4 and morning.max() < 9
    assert fit.mean[1].sum(axis=0)[30:].max() < 0.1
    np.testing.assert_allclose(usual_shift_s(duty_spells(log)), fit.longest_shift_s)
