"""The grid's cells: what each changes, and where it changes nothing."""

import numpy as np
import pytest

from experiments.sensitivity.cells import BASE, CELLS
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import load_scenario, scenario_hash

OMNI, CHAT, BANK = load_scenario("omni"), load_scenario("bpo_chat"), load_scenario("bank")
BY_NAME = {cell.name: cell for cell in CELLS}


def log_sd(center):
    """Standard deviation of the logs of true handle times around their type's mean."""
    people = center.agents
    log = np.where(people.may_answer, np.log(np.where(people.may_answer, people.mean_s, 1)), np.nan)
    apart = (log - np.nanmean(log, axis=0))[people.may_answer]
    return np.sqrt((apart**2 + people.log_se[people.may_answer] ** 2).mean())


def type_means(center):
    people = center.agents
    return (people.mean_s * people.may_answer).sum(axis=0) / people.may_answer.sum(axis=0)


def test_every_factor_of_the_domain_has_its_cells():
    assert len(CELLS) == len(BY_NAME) == 1 + 6 * 2 + 3 * 2


@pytest.mark.parametrize("center", [OMNI, CHAT, BANK], ids=lambda center: center.name)
def test_cells_that_apply_are_all_different_and_keep_the_name(center):
    there = [cell for cell in CELLS if cell.applies(center)]
    found = {(scenario_hash(cell.center(center)), cell.objective(Objective())) for cell in there}
    assert len(found) == len(there)
    assert {cell.center(center).name for cell in there} == {center.name}


def test_factors_that_a_scenario_does_not_have_are_left_out():
    left_out = {cell.name for cell in CELLS if not cell.applies(CHAT)}
    bots = {"bots resolve x0.7", "bots resolve x1.3", "bot session 0.1", "bot session 3.0"}
    assert left_out == bots | {"without shocks"}
    assert not BY_NAME["switch overhead 0.10"].applies(BANK) and BY_NAME[BASE].applies(BANK)
    assert not BY_NAME["with shocks"].applies(load_scenario("w6_outage"))


def test_patience_is_stretched():
    longer = BY_NAME["patience x2"].center(CHAT).patience.period_factor
    np.testing.assert_allclose(longer, 2 * CHAT.patience.period_factor)


def test_bots_resolve_more_but_never_more_than_all_that_they_get_right():
    often = BY_NAME["bots resolve x1.3"].center(OMNI).bots
    np.testing.assert_allclose(often.resolve_p, 1.3 * np.asarray(OMNI.bots.resolve_p))
    bots = BY_NAME["bots resolve x1.3"].center(load_scenario("w8_bots")).bots
    assert np.max(bots.resolve_p) == 1 - np.max(bots.wrong_p)


@pytest.mark.parametrize("center", [OMNI, CHAT, BANK], ids=lambda center: center.name)
@pytest.mark.parametrize(("name", "sd"), [("speeds alike", 0.0), ("speeds differ 0.3", 0.3)])
def test_speeds_differ_as_asked_around_the_same_mean(center, name, sd):
    changed = BY_NAME[name].center(center)
    assert log_sd(changed) == pytest.approx(sd, abs=1e-9)
    np.testing.assert_allclose(type_means(changed), type_means(center))


def test_a_weight_changes_the_objective_and_not_the_world():
    cell = BY_NAME["csat x2"]
    assert cell.objective(Objective()).csat == 2 * Objective().csat
    assert cell.center(OMNI) is OMNI
