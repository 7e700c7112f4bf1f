"""Networks as scenarios: what is refused, and what a policy of counts is."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.optimality.assembly import assemble
from experiments.optimality.network_file import load_network
from experiments.optimality.rules import chat_rules
from experiments.optimality.simulated import MINUTE_S, count_policy, scenario_of


def test_a_queueing_network_is_a_center_of_plain_contacts():
    scenario = scenario_of(load_network("N"))
    assert not scenario.has_conversations
    assert scenario.agents.names == ("first 1", "first 2", "first 3", "second 1", "second 2", "second 3")
    assert scenario.agents.may_answer.tolist() == [[True, False]] * 3 + [[True, True]] * 3
    np.testing.assert_allclose(scenario.agents.mean_s[3], [MINUTE_S / 0.6, MINUTE_S])


def test_a_chat_network_has_a_channel_for_each_class():
    scenario = scenario_of(load_network("chat"))
    assert scenario.channels.think_mean_s.tolist() == [1.5 * MINUTE_S, MINUTE_S]
    assert (scenario.concurrency.cap_slots, scenario.concurrency.switch_overhead) == (3, 0.1)


def test_what_the_simulator_cannot_be_is_refused():
    with pytest.raises(ValueError, match="does not pre-empt"):
        scenario_of(load_network("N_preemptive"))
    network = load_network("chat")
    expert, novice = network.agents
    with pytest.raises(ValueError, match=r"agents of one cap expected, found \[2, 3\]"):
        scenario_of(replace(network, agents=(expert, replace(novice, cap=2))))


def test_a_policy_of_counts_is_the_policy_and_one_that_knows_more_is_refused():
    model = assemble(load_network("chat"))
    rule = chat_rules(model)["fixed caps 2 3"]
    counts, decisions = count_policy(model, rule), model.decisions
    for d in range(0, len(rule), len(rule) // 100):
        place = int(decisions.kind[d]), int(decisions.subject[d]), decisions.waiting[d], decisions.held[d]
        assert counts.at(*place) == rule[d]
    keys = np.column_stack(
        [decisions.kind, decisions.subject, decisions.waiting, decisions.held.reshape(len(rule), -1)]
    )
    _, group, size = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    alike = np.flatnonzero((size[group] > 1) & (model.process.allowed.sum(axis=1) > 1))[0]
    knows_more = rule.copy()
    knows_more[alike] = np.flatnonzero(model.process.allowed[alike] & (np.arange(3) != rule[alike]))[0]
    with pytest.raises(ValueError, match="depends on more than counts"):
        count_policy(model, knows_more)
