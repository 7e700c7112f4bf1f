"""Demand that the center itself or an outage makes: ease induces contacts, shocks multiply them (WF-1, WF-4)."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.blocks import Bots, Demand
from maitred.envs.decision import CONTEXT_NAMES
from maitred.envs.kernel.layout import Origin
from maitred.envs.scenario import Returns
from maitred.envs.simulator import Simulator
from tests.envs.kernel.policies import USUAL
from tests.envs.kernel.worlds import center, luck, played

FEW, MANY = 2, 40


def calls(agents=MANY, elasticity=0.3, **more):
    demand = Demand(elasticity=elasticity, ease_memory_s=3600.0)
    return center(("calls",), agents=agents, per_h=100.0, mean_s=200.0, patience_s=60.0, demand=demand, **more)


def first_contacts(world):
    return sum((x.contacts["origin"] == Origin.FIRST).sum() for x in played(world, USUAL, seeds=2))


def ordinary(world):
    return sum((luck(world, seed).arrivals["induced"] == 0).sum() for seed in range(2))


def test_without_elasticity_ease_brings_nobody():
    assert first_contacts(calls(MANY, 0.0)) == first_contacts(calls(FEW, 0.0)) == ordinary(calls())


def test_an_easy_center_gets_the_contacts_that_a_hard_one_does_not():
    easy, hard = first_contacts(calls(MANY)), first_contacts(calls(FEW))
    assert easy / ordinary(calls()) == pytest.approx(1.3, abs=0.03)
    assert 1.0 <= hard / ordinary(calls()) < 1.1


def test_a_bot_that_answers_makes_contact_easy():
    nobody = calls(1, shift_s=(86_000.0, 86_400.0))
    helped = replace(nobody, bots=Bots(names=("bot",), first=True, resolve_p=1.0))
    assert first_contacts(helped) > 1.2 * first_contacts(nobody)


def test_ordinary_contacts_are_the_same_whatever_the_elasticity():
    plain, elastic = (luck(calls(elasticity=e)).arrivals for e in (0.0, 0.3))
    assert (elastic[elastic["induced"] == 0] == plain).all()


@pytest.mark.parametrize("factor", [2.0, 6.0])
def test_an_outage_multiplies_one_type_of_contact_while_it_lasts(factor):
    demand = Demand(
        shocks_per_month=60.0, shock_factor_low=factor, shock_factor_high=factor, shock_types=np.array([0.0, 1.0])
    )
    world = center(("orders", "tech"), agents=MANY, per_h=60.0, days=4, demand=demand)
    ledger = played(world, USUAL, seeds=1)[0]
    contacts, shock = ledger.contacts, luck(world, 0).arrivals["shock"]
    assert shock.any() and (contacts["type"][shock > 0] == 1).all()
    for number in range(1, shock.max() + 1):
        own = contacts["arrival_s"][shock == number]
        inside = (contacts["arrival_s"] >= own.min()) & (contacts["arrival_s"] <= own.max())
        alone = inside & (contacts["type"] == 1) & (shock == 0)
        ratio = 1 + len(own) / alone.sum()
        spread = ratio * np.sqrt(1 / alone.sum() + 1 / len(own))
        assert ratio == pytest.approx(factor, abs=4 * spread + 0.1)


def test_who_calls_again_about_an_outage_still_calls_about_it():
    demand = Demand(shocks_per_month=60.0)
    returns = Returns(repeat_unresolved_p=0.9, repeat_unresolved_mean_s=600.0)
    bots = Bots(names=("bot",))
    ledger = played(center(("calls",), agents=MANY, days=2, demand=demand, returns=returns, bots=bots), USUAL, seeds=1)[
        0
    ]
    assert (ledger.talks["shock"] == ledger.talks["shock"][ledger.contacts["case"]]).all()
    assert (ledger.talks["shock"][ledger.contacts["attempts"] > 0] > 0).any()


def test_the_forecast_of_the_period_is_what_a_policy_sees():
    world = replace(calls(agents=1), demand=Demand(forecast_error_cv=0.2))
    trace = luck(world)
    simulator = Simulator(world, [trace])
    simulator.step()
    seen = []
    while simulator.pending.any():
        per_h = simulator.observation.context[0, CONTEXT_NAMES.index("forecast_per_h")]
        seen.append((int(simulator.centers.center["now"][0] // 3600), per_h))
        simulator.step(np.zeros(1, np.int64))
    hours, per_h = map(np.array, zip(*seen, strict=True))
    np.testing.assert_allclose(per_h, trace.forecast["per_h"][hours], rtol=1e-6)
    assert np.unique(per_h).size > 10 and abs(trace.forecast["per_h"][:-1].mean() - 100) < 4 * 20 / np.sqrt(24)
