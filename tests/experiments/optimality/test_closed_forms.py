"""The solver against formulas that know nothing of it."""

import pytest

from experiments.exactness.formulas import abandonment_queue, delay_queue
from experiments.optimality.assembly import assemble
from experiments.optimality.preemptive import assemble_preemptive
from experiments.optimality.preemptive_rules import preemptive_rules
from experiments.optimality.rules import work_conserving
from experiments.optimality.solver import evaluate, optimum
from tests.experiments.optimality.networks import one_chat_agent, one_queue, published_n, v_network


def test_queue_of_one_agent():
    assert optimum(assemble(one_queue(0.8)).process).cost_per_min == pytest.approx(0.8**2 / 0.2, rel=1e-6)


def test_queue_of_several_agents():
    exact = delay_queue(3.2, 1.0, 4, 0.1).mean_queue
    assert optimum(assemble(one_queue(3.2, agents=4)).process).cost_per_min == pytest.approx(exact, rel=1e-6)


def test_queue_that_is_left():
    network = one_queue(5.0, agents=4, patience_min=2.0, limit=60, holding=1.0, abandonment=3.0)
    exact = abandonment_queue(5.0, 1.0, 0.5, 4, 0.1)
    cost = exact.mean_queue + 3 * 5.0 * exact.abandon_p
    assert optimum(assemble(network).process).cost_per_min == pytest.approx(cost, rel=1e-6)


def test_c_mu_is_optimal_with_preemption_and_costs_what_priority_costs():
    costs, rates, arrivals = (1.0, 3.0), (1.2, 1.0), (0.4, 0.3)
    model = assemble_preemptive(v_network(costs, rates, arrivals))
    best, c_mu = optimum(model.process), evaluate(model.process, preemptive_rules(model)["c-mu"])
    assert c_mu.cost_per_min == pytest.approx(best.cost_per_min, rel=1e-6)
    # Pre-emptive resume, the dear class (1) first:
    # T_1 = (1/mu_1) / (1 - r_1), T_2 = ((1/mu_2) (1 - r) + R) / ((1 - r_1) (1 - r)).
    dear, cheap = arrivals[1] / rates[1], arrivals[0] / rates[0]
    residual = arrivals[1] / rates[1] ** 2 + arrivals[0] / rates[0] ** 2
    dear_min = 1 / rates[1] / (1 - dear)
    cheap_min = (1 / rates[0] * (1 - dear - cheap) + residual) / ((1 - dear) * (1 - dear - cheap))
    exact = costs[1] * arrivals[1] * dear_min + costs[0] * arrivals[0] * cheap_min
    assert best.cost_per_min == pytest.approx(exact, rel=1e-6)


def test_published_n_model():
    model = assemble_preemptive(published_n(0.8, (60, 100)))
    assert optimum(model.process).cost_per_min == pytest.approx(11.3218, abs=1e-4)
    assert evaluate(model.process, preemptive_rules(model)["max weight"]).cost_per_min == pytest.approx(
        11.4001, abs=1e-4
    )
    assert evaluate(model.process, preemptive_rules(model)["threshold 4"]).cost_per_min == pytest.approx(
        11.5144, abs=1e-4
    )


def test_chat_of_one_conversation_is_a_queue_of_general_service():
    arrivals, work, think, turns = 0.09, 0.5, 1.5, 4.0
    mean = turns * work + (turns - 1) * think
    variance = work**2 + (turns - 1) * (work**2 + think**2) + turns * (turns - 1) * (work + think) ** 2
    waiting = arrivals**2 * (variance + mean**2) / (2 * (1 - arrivals * mean))  # Pollaczek and Khinchine
    cost = optimum(assemble(one_chat_agent(1, arrivals, limit=150)).process).cost_per_min
    assert cost == pytest.approx(waiting, rel=1e-5)


@pytest.mark.parametrize("cap", [1, 2, 3])
@pytest.mark.parametrize("overhead", [0.0, 0.1])
def test_saturated_chat_agent_agrees_with_mean_value_analysis(cap, overhead):
    turns = 4.0
    network = one_chat_agent(
        cap, 200.0, patience_min=1.0, limit=8, overhead=overhead, turns=turns, value=1.0, holding=0.0
    )
    model = assemble(network)
    conversations = -optimum(work_conserving(model, (cap,)), 1e-9).cost_per_min
    assert conversations * turns == pytest.approx(turns_per_min(cap, overhead, turns), rel=1e-4)


def turns_per_min(customers, overhead, turns, work=0.5, think=1.5):
    """Mean value analysis of the closed network; a conversation that ends makes way for a new one without thinking."""
    work, think, in_line, rate = work * (1 + overhead * (customers - 1)), think * (1 - 1 / turns), 0.0, 0.0
    for n in range(1, customers + 1):
        reply = work * (1 + in_line)
        rate = n / (reply + think)
        in_line = rate * reply
    return rate
