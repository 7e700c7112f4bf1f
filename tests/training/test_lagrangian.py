"""A bound that is broken gets dearer until it is kept; what it costs is charged to rewards as it is booked."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.agents.rules import RULES
from maitred.envs.constraints import bounds_of, prices
from maitred.envs.kernel.layout import Term
from maitred.envs.kpi import KPIS
from maitred.envs.objective import Objective
from maitred.training.lagrangian import Lagrangian
from maitred.training.training_centers import TrainingCenters
from maitred.training.validation import Difference, Verdict, prepare_validation
from tests.training.center import small_center

UNBOUNDED = {
    "occupancy_at_most": None,
    "abandonment_at_most": None,
    "wait_ratio_at_most": None,
    "novice_load_at_least": None,
}


def lagrangian(**bounds):
    objective = Objective(**UNBOUNDED | bounds)
    validation = prepare_validation(small_center(1.3), objective, np.random.SeedSequence(1), 4)
    centers = TrainingCenters(
        scenario=small_center(1.3), num_envs=2, seed=1, objective=objective, scale=1.0, episode=20
    )
    return Lagrangian(validation, [centers], step=10.0), centers


def test_a_broken_bound_gets_dearer_and_a_kept_one_costs_nothing():
    broken, _ = lagrangian(abandonment_at_most=0.01)
    verdicts = [broken.judge(RULES["incumbent"]) for _ in range(2)]
    assert verdicts[0].breach > 1 and verdicts[0].difference.value == 0
    first, second = broken.figures()["multiplier_abandonment"] / 2, broken.figures()["multiplier_abandonment"]
    assert second == pytest.approx(2 * first) and first > 0
    kept, _ = lagrangian(abandonment_at_most=0.9)
    assert kept.judge(RULES["incumbent"]).breach == 0
    assert kept.figures() == {"multiplier_abandonment": 0, "price_abandonment": 0}


def test_the_price_is_what_one_more_unit_does_to_the_penalty():
    charged = ("abandonment", "occupancy", "asa_s")
    bounds = bounds_of(Objective(asa_s_at_most=20.0), [kpi for kpi in KPIS if kpi.name in charged])
    ratios = np.array([[[50.0, 100.0], [20.0, 200.0], [900.0, 40.0]], [[70.0, 120.0], [30.0, 280.0], [700.0, 60.0]]])
    worth = prices(bounds, np.array([11.0, 24.0, 0.5]), ratios)
    terms = {bound.kpi.name: bound.kpi.term for bound in bounds}
    means = dict(zip(terms, ratios[:, :, 1].mean(axis=0), strict=True))
    multiplier = dict(zip(terms, (11.0, 24.0, 0.5), strict=True))
    for name, term in terms.items():
        assert worth[term] == pytest.approx(-multiplier[name] / means[name])
    assert np.count_nonzero(worth) == 3 and worth[Term.WAITED_S] == pytest.approx(-0.5 / 50)


def test_rewards_are_charged_as_units_are_booked():
    _, plain = lagrangian(abandonment_at_most=0.01)
    ours, charged = lagrangian(abandonment_at_most=0.01)
    ours.judge(RULES["incumbent"])
    price = ours.figures()["price_abandonment"]
    before, after = [], []
    plain.reset(), charged.reset()
    booked = []
    for _ in range(60):
        first = np.zeros(2, np.int64)
        lost = charged._episodes.simulator.booked[:, Term.ABANDONED].copy()
        before.append(plain.step(first)[1])
        after.append(charged.step(first)[1])
        booked.append(charged._episodes.simulator.booked[:, Term.ABANDONED] - lost)
    whole = np.array(booked) >= 0  # where no new episode began
    np.testing.assert_allclose(
        np.array(before)[whole] - np.array(after)[whole], price * np.array(booked)[whole], atol=1e-4
    )
    assert np.array(booked)[whole].sum() > 0


def test_bounds_go_before_reward():
    rich, poor = Difference(5.0, 4.0, 6.0), Difference(-1.0, -2.0, 0.0)
    assert Verdict(poor).rank > Verdict(rich, breach=0.1).rank
    assert Verdict(rich).rank > Verdict(poor).rank
    assert replace(Verdict(poor), breach=0.2).rank < Verdict(poor, breach=0.1).rank
