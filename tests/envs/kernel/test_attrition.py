"""Attrition: agents leave by the calendar, sooner where occupancy stays high, and novices replace them (RS-11)."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import poisson

from maitred.envs.blocks import People
from maitred.envs.kernel.layout import Outcome, Term
from maitred.envs.simulator import Simulator
from tests.envs.kernel.worlds import center, luck

AGENTS, DAYS, SHIFT_H = 20, 364, 4.0


def floor(people, per_h=0.0, days=DAYS, weekdays=7):
    """Agents on one short shift on the first `weekdays` days of a week, with contacts that are lost afterwards."""
    scenario = center(
        agents=AGENTS, days=days, per_h=per_h, mean_s=1200.0, patience_s=900.0, shift_s=(0.0, SHIFT_H * 3600),
        people=people,
    )  # fmt: skip
    open_ = np.where(np.arange(7) < weekdays, 0, 1)
    rates = np.zeros((2, 1, 24))
    rates[0, 0, : int(SHIFT_H)] = per_h
    arrivals = replace(scenario.arrivals, rate_per_h=rates, day_type_of_weekday=open_, day_type_names=("open", "shut"))
    return replace(scenario, arrivals=arrivals)


def replaced(people, seeds=2, **more):
    """Agents replaced, over some episodes."""
    scenario = floor(people, **more)
    simulator = Simulator(scenario, [luck(scenario, seed) for seed in range(seeds)])
    simulator.run_incumbent()
    booked = simulator.booked[:, Term.REPLACED].sum()
    assert booked == sum(simulator.ledger(b).left.sum() for b in range(seeds))
    return booked


@pytest.mark.parametrize("weekdays", [7, 3])
def test_agents_leave_at_the_configured_rate_a_year_however_many_days_they_work(weekdays):
    people = People(attrition_per_year=2.0)
    expected = 2.0 * DAYS / 365 * AGENTS * 2
    assert poisson.ppf(0.001, expected) <= replaced(people, weekdays=weekdays) <= poisson.ppf(0.999, expected)


def test_the_hazard_rises_with_occupancy_above_the_ceiling_and_not_below():
    people = People(attrition_per_year=0.5, attrition_per_occupancy=20.0)
    agent_years = 182 / 365 * AGENTS * 2
    for per_h in (0.0, 35.0):
        left = replaced(people, per_h=per_h, days=182)
        assert poisson.ppf(0.001, 0.5 * agent_years) <= left <= poisson.ppf(0.999, 0.5 * agent_years)
    rising = [replaced(people, per_h=per_h, days=182) for per_h in (35.0, 55.0, 65.0, 100.0)]
    assert rising == sorted(rising) and rising[0] < rising[-1]
    everyone_busy = (0.5 + 20.0 * 0.15) * agent_years
    assert 0.6 * everyone_busy < rising[-1] < poisson.ppf(0.999, everyone_busy)


def test_time_away_from_the_desk_does_not_hide_a_high_occupancy():
    people = People(attrition_per_occupancy=20.0)
    often_away = replace(people, break_min=60.0)
    assert replaced(often_away, per_h=100.0, days=182) > 0.7 * replaced(people, per_h=100.0, days=182) > 20


def test_a_replacement_costs_what_it_costs_and_starts_as_a_novice():
    people = People(
        attrition_per_year=3.0, replacement_cost=5000.0, learn_ratio=1.9, learn_half_life_wk=2.0, contacts_per_wk=1e5
    )
    scenario = floor(people, per_h=6.0, days=182)
    scenario = replace(scenario, agents=replace(scenario.agents, tenure_wk=np.full(AGENTS, 500.0)))
    simulator = Simulator(scenario, [luck(scenario)])
    simulator.run_incumbent()
    ledger = simulator.ledger(0)
    wages = (ledger.paid_s / 60) * 0.65
    assert ledger.booked[Term.COST] == pytest.approx(wages + 5000 * ledger.left.sum())
    served = ledger.contacts[ledger.contacts["outcome"] == Outcome.SERVED]
    stayed = ledger.left[served["agent"]] == 0
    late = served["arrival_s"] > 150 * 86400
    assert served["work_s"][late & stayed].mean() == pytest.approx(1200, rel=0.25)
    assert served["work_s"][late & ~stayed].mean() == pytest.approx(1.9 * 1200, rel=0.25)


def test_within_a_day_nobody_leaves_to_speak_of():
    assert replaced(People(attrition_per_year=0.45, attrition_per_occupancy=0.5), days=1, per_h=100.0, seeds=20) <= 3


def test_without_a_hazard_nobody_is_replaced():
    assert replaced(People(break_min=10), per_h=100.0, days=182) == 0
