import numpy as np
import pytest

from experiments.optimality.assembly import ARRIVAL, assemble
from experiments.optimality.network import at_load, load
from experiments.optimality.network_file import load_network
from experiments.optimality.preemptive import assemble_preemptive
from experiments.optimality.rules import chat_rules, queue_rules, reserve, reserved
from experiments.optimality.solve import compare, main, truncation_effect
from experiments.optimality.solver import NotConverged, evaluate, optimum
from experiments.optimality.tables import assignment_table, decision_table
from tests.experiments.optimality.networks import one_queue, published_n, small_chat


@pytest.fixture(scope="module")
def n_model():
    return assemble(load_network("N"))


@pytest.fixture(scope="module")
def n_optimum(n_model):
    return optimum(n_model.process)


def test_published_gaps_of_the_n_model(n_model, n_optimum):
    published = {
        "reserve 2": 0.47,
        "reserve 3": 1.84,
        "reserve 1": 4.07,
        "c-mu": 18.7,
        "max weight": 21.4,
        "longest queue": 34.3,
    }
    assert n_optimum.cost_per_min == pytest.approx(3.74667, abs=1e-5)
    for name, gap in published.items():
        cost = evaluate(n_model.process, queue_rules(n_model)[name]).cost_per_min
        assert 100 * (cost / n_optimum.cost_per_min - 1) == pytest.approx(gap, abs=0.05), name


def test_evaluating_the_optimal_policy_gives_the_optimum(n_model, n_optimum):
    again = evaluate(n_model.process, n_optimum.policy)
    assert again.cost_per_min == pytest.approx(n_optimum.cost_per_min, rel=1e-7)
    assert n_optimum.low <= again.high and again.low <= n_optimum.high


def test_longer_queues_change_nothing():
    assert truncation_effect(load_network("V")) < 1e-6


def test_no_fixed_cap_comes_near_the_optimum_in_chat():
    rows = compare(assemble(small_chat()))
    assert rows[0].policy == "optimum" and len(rows) == 1 + 2 + 4 + 3 * 3
    assert min(row.gap for row in rows[1:] if "cap" in row.policy) > 0.01


def test_keeping_places_for_who_earns_more_there_comes_nearer_than_any_cap_with_simple_routing():
    rows = compare(assemble(small_chat()))
    reserved = {row.policy: row.gap for row in rows if row.policy.startswith("reserved")}
    assert min(reserved.values()) < min(row.gap for row in rows if row.policy.startswith("fixed caps"))
    assert min(reserved.values()) > -1e-6


def test_a_class_never_gets_more_places_than_are_kept_for_it():
    model = assemble(small_chat())
    d, table = model.decisions, reserved(model, np.array([[2, 2], [2, 1]]))
    full = (d.kind == ARRIVAL) & (d.subject == 1) & (d.held[:, 1, 1] >= 1)
    assert full.any() and (table[full] != 1).all()
    assert (table[(d.kind == ARRIVAL) & (d.subject == 1)] == 1).any()


def test_an_optimum_of_chat_is_confirmed_by_its_evaluation():
    model = assemble(small_chat())
    best = optimum(model.process)
    assert evaluate(model.process, best.policy).cost_per_min == pytest.approx(best.cost_per_min, rel=1e-6)


def test_fixed_caps_are_kept():
    model = assemble(small_chat())
    table = decision_table(model, chat_rules(model)["fixed caps 1 2"])
    given = table["action"] == "expert"
    assert given.any()
    assert not (table["at_expert_simple"] + table["at_expert_hard"])[given].any()


def test_a_table_can_be_read_without_the_solver(n_model):
    table = decision_table(n_model, reserve(n_model, 2))
    arrival = (table["event"] == "arrival of simple") & (table["at_first_simple"] == 3)
    idle = 3 - table["at_second_simple"] - table["at_second_complex"]
    assert set(table["action"][arrival & (idle == 3)]) == {"second"}
    assert set(table["action"][arrival & (idle < 3)]) == {"wait"}
    freed = (table["event"] == "freed second") & (table["waiting_complex"] > 0)
    assert set(table["action"][freed]) == {"complex"}


def test_assignments_never_exceed_agents_or_contacts():
    model = assemble_preemptive(published_n(0.8, (10, 10)))
    table = assignment_table(model, optimum(model.process).policy)
    assert (table["agents_one_first"] + table["agents_two_first"] <= table["present_first"]).all()
    assert (table["agents_two_first"] + table["agents_two_second"] <= 1).all()


def test_a_forbidden_choice_is_refused():
    process = assemble(one_queue(limit=5)).process
    takes_at_the_busy_agent = process.allowed.argmin(axis=1)
    with pytest.raises(ValueError, match=r"decision 6: .*not allowed"):
        evaluate(process, takes_at_the_busy_agent)


def test_a_tolerance_beyond_rounding_is_reported():
    with pytest.raises(NotConverged, match="tolerance 1e-18"):
        optimum(assemble(one_queue(limit=5)).process, 1e-18)


def test_load_is_that_of_the_static_planning_problem():
    assert load(one_queue(3.2, agents=4)) == pytest.approx(0.8)
    assert load(published_n(0.9, (5, 5))) == pytest.approx(0.9)
    assert load(at_load(small_chat(), 0.7)) == pytest.approx(0.7)


def test_the_command_prints_the_table(capsys):
    assert main(["--network", "V", "--load", "0.8"]) == 0
    printed = capsys.readouterr().out
    assert "V at load 0.800" in printed and "c-mu" in printed
