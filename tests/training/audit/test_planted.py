"""Every planted cheat makes its number better, and its own detector says so; whoever does not cheat is left alone."""

from functools import cache

import numpy as np
import pytest

from maitred.agents.rules import rule
from maitred.envs.resized import resized
from maitred.envs.scenario_file import load_scenario
from maitred.envs.traffic import draw_trace
from maitred.training.audit import DETECTORS, audit_episodes, episodes_of, watch
from maitred.training.audit.planted import PLANTS
from maitred.training.paired import paired_difference

EPISODES = 6
SIZE = {"omni": 0.25, "w8_bots": 0.5}  # of the center, where its own would take long


@cache
def center(scenario):
    return resized(load_scenario(scenario), agents=SIZE.get(scenario, 1.0))


@cache
def days(scenario, first=0):
    return [draw_trace(center(scenario), np.random.SeedSequence((31, first + i))) for i in range(EPISODES)]


@cache
def played(scenario, policy, first=0):
    traces = days(scenario, first)
    seen = watch(center(scenario), traces, rule(policy))
    return episodes_of(seen.ledgers, traces, center(scenario), seen.deeds)


@cache
def cheated(plant):
    return plant.run(center(plant.scenario), days(plant.scenario))


def flagged(findings):
    return {finding.id for finding in findings if finding.flagged}


by_plant = pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.id} {plant.name}")


@by_plant
def test_a_cheat_improves_the_number_it_is_after(plant):
    ours, theirs = (
        np.array([plant.naive.sums(episode) for episode in episodes], float)
        for episodes in (cheated(plant), played(plant.scenario, plant.reference.name))
    )
    _, low, high = paired_difference(ours, theirs)
    assert low > 0 if plant.naive.better == "higher" else high < 0


@by_plant
def test_a_cheat_is_flagged_by_its_own_detector(plant):
    found = audit_episodes(cheated(plant), played(plant.scenario, plant.reference.name), center(plant.scenario))
    assert plant.id in flagged(found)
    sentence = next(one.sentence for one in found if one.id == plant.id)
    assert sentence.startswith(plant.id) and "no sign" not in sentence


def test_every_detector_has_a_cheat():
    assert {plant.id for plant in PLANTS} == {detector.id for detector in DETECTORS}


@pytest.mark.parametrize(
    ("scenario", "policy"),
    [
        ("bank", "cmu"),
        ("bank", "ai_scored"),
        ("bank", "fastest"),
        ("bpo_chat", "cap4+cmu"),
        ("bpo_chat", "rules_skills"),
        ("w8_bots", "bot_first"),
        ("w6_outage", "outreach_selective"),
        ("w6_outage", "acd_longest_idle"),
    ],
)
def test_rules_that_only_do_their_work_are_not_flagged(scenario, policy):
    found = audit_episodes(played(scenario, policy), played(scenario, "incumbent"), center(scenario))
    assert flagged(found) == set()


@pytest.mark.parametrize("scenario", ["bank", "bpo_chat"])
def test_the_same_rule_on_other_days_is_not_flagged(scenario):
    found = audit_episodes(played(scenario, "incumbent", EPISODES), played(scenario, "incumbent"), center(scenario))
    assert flagged(found) == set()
