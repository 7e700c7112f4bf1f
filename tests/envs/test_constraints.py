"""Bounds on KPIs and their multipliers."""

from dataclasses import fields

import numpy as np
import pytest

from maitred.envs.constraints import Bound, bounds_of, excess, penalty, slack, updated, violation
from maitred.envs.kpi import applicable
from maitred.envs.objective import Objective

from .ledgers import BY_NAME, talking
from .toy import toy

CEILING = Bound(BY_NAME["occupancy"], 0.85, "at most")
FLOOR = Bound(BY_NAME["novice_load"], 0.5, "at least")


def test_the_objective_bounds_what_a_scenario_has() -> None:
    everywhere = bounds_of(Objective(), applicable(toy()))
    assert [(bound.kpi.name, bound.limit, bound.sense) for bound in everywhere] == [
        ("occupancy", 0.85, "at most"),
        ("abandonment", 0.10, "at most"),
    ]
    with_people = bounds_of(Objective(occupancy_at_most=None), applicable(talking()))
    assert [bound.kpi.name for bound in with_people] == ["abandonment", "wait_ratio", "novice_load"]
    assert with_people[2].sense == "at least"


def test_every_bound_of_the_objective_names_a_kpi() -> None:
    named = {field.name.partition("_at_")[0] for field in fields(Objective) if "_at_" in field.name}
    every = Objective(asa_s_at_most=20.0)
    assert named == {bound.kpi.name for bound in bounds_of(every, applicable(talking()))}


@pytest.mark.parametrize(
    ("bound", "value", "room", "beyond"),
    [
        (CEILING, 0.80, 0.05, 0.0),
        (CEILING, 0.85, 0.0, 0.0),
        (CEILING, 0.90, -0.05, 0.05),
        (FLOOR, 0.7, 0.2, 0.0),
        (FLOOR, 0.4, -0.1, 0.1),
        (FLOOR, np.nan, np.nan, 0.0),
    ],
)
def test_slack_and_violation(bound: Bound, value: float, room: float, beyond: float) -> None:
    assert slack(bound, value) == pytest.approx(room, nan_ok=True)
    assert violation(bound, value) == pytest.approx(beyond)


def test_excess_adds_up_over_episodes_as_the_kpi_pools() -> None:
    episodes = np.array([[90.0, 100.0], [10.0, 50.0]])
    added = excess(CEILING, episodes)
    np.testing.assert_allclose(added, [5.0, -32.5])
    assert added.sum() / 150 == pytest.approx(100 / 150 - 0.85)
    np.testing.assert_allclose(excess(FLOOR, np.array([0.4, 1.0])), 0.1)


def test_the_penalty_is_multiplier_times_breach() -> None:
    ratios = np.array([[[95.0, 100.0], [0.4, 1.0]], [[95.0, 100.0], [0.8, 1.0]]])
    multipliers = np.array([20.0, 10.0])
    assert penalty((CEILING, FLOOR), multipliers, ratios) == pytest.approx(20 * 0.10 - 10 * 0.1)
    uncounted = np.zeros((2, 2, 2))
    assert penalty((CEILING, FLOOR), multipliers, uncounted) == 0


def test_multipliers_climb_while_a_bound_is_broken_and_never_fall_below_zero() -> None:
    ratios = np.array([[[95.0, 100.0], [0.9, 1.0]]])
    new = updated((CEILING, FLOOR), np.array([1.0, 1.0]), ratios, step=10.0)
    np.testing.assert_allclose(new, [1 + 10 * 0.10 / 0.85**2, 0.0])
    with pytest.raises(ValueError, match="step: expected a positive number, found 0"):
        updated((CEILING,), np.zeros(1), ratios[:, :1], step=0)


def test_a_breach_counts_in_shares_of_its_limit_whatever_its_unit() -> None:
    seconds, minutes = (Bound(BY_NAME["asa_s"], limit, "at most") for limit in (60.0, 1.0))
    in_s = updated((seconds,), np.zeros(1), np.array([[[90.0, 1.0]]]), step=0.1)
    in_min = updated((minutes,), np.zeros(1), np.array([[[1.5, 1.0]]]), step=0.1)
    assert in_s * 60 == pytest.approx(in_min) and in_s > 0


def test_a_breach_far_beyond_its_limit_is_forgotten_as_soon_as_one_as_large_as_the_limit() -> None:
    bound, price = Bound(BY_NAME["asa_s"], 2.0, "at most"), np.zeros(1)
    price = updated((bound,), price, np.array([[[600.0, 10.0]]]), step=0.1)
    for _ in range(10):
        price = updated((bound,), price, np.array([[[18.0, 10.0]]]), step=0.1)
    assert price[0] == pytest.approx(0.0)


def test_dual_ascent_finds_the_price_that_keeps_a_bound() -> None:
    """Reward 2x - x^2 / 2 with x the occupancy in tenths, bounded to 0.1: the price of a tenth is 2 - 1 = 1."""
    bound, price = Bound(BY_NAME["occupancy"], 0.1, "at most"), np.zeros(1)
    for _ in range(200):
        x = 2 - price[0] / 10
        price = updated((bound,), price, np.array([[[x / 10, 1.0]]]), step=0.2)
    assert price[0] == pytest.approx(10.0)
    assert x / 10 == pytest.approx(0.1)
