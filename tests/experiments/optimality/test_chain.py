import numpy as np
import pytest

from experiments.optimality.assembly import ARRIVAL, FREED, assemble
from experiments.optimality.chain import FOREVER, NONE, chain_of, forced, walk, walkers_at
from experiments.optimality.chain_centers import ChainCenters
from experiments.optimality.chain_decisions import ChainDecisions
from experiments.optimality.chain_learning import play
from experiments.optimality.chain_policies import Luck, TablePolicy, validation_against
from experiments.optimality.network_file import load_network
from experiments.optimality.rules import chat_rules, queue_rules
from experiments.optimality.solver import evaluate, optimum
from maitred.agents.rules import RULES
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES
from tests.experiments.optimality.networks import one_queue, small_chat

SEED = np.random.SeedSequence(3)


@pytest.fixture(scope="module")
def n():
    return ChainDecisions(assemble(load_network("N")))


@pytest.fixture(scope="module")
def v():
    return ChainDecisions(assemble(load_network("V")))


@pytest.fixture(scope="module")
def chat():
    return ChainDecisions(assemble(small_chat()))


def seen(decisions, row):
    """What is not zero of one decision: its context, and each legal candidate."""
    one = decisions.at(np.array([row]))
    legal = one.candidates[0, one.mask[0]]
    context = {name: x for name, x in zip(CONTEXT_NAMES, one.context[0].tolist(), strict=True) if x}
    return context, [{k: x for k, x in zip(CANDIDATE_NAMES, c.tolist(), strict=True) if x} for c in legal]


def row_where(decisions, kind, subject, waiting, held):
    known = decisions.model.decisions
    same = (known.kind == kind) & (known.subject == subject) & (known.waiting == waiting).all(axis=1)
    return int(np.flatnonzero(same & (known.held == held).all(axis=(1, 2)))[0])


def test_walks_cost_what_the_solver_says(v):
    for name, table in queue_rules(v.model).items():
        walked, _ = Luck(v, SEED, 32, 40_000).walked(TablePolicy(v, table, name), np.zeros(0, np.int64))
        cost, minutes = walked.sum(axis=0)
        assert cost / minutes == pytest.approx(evaluate(v.model.process, table).cost_per_min, rel=0.06), name


def test_a_walk_does_not_depend_on_when_it_asks(v):
    luck, rule = Luck(v, SEED, 4, 2_000), TablePolicy(v, queue_rules(v.model)["c-mu"], "c-mu")
    walked, met = luck.walked(rule, np.zeros(0, np.int64))
    assert len(met) > 50
    again, _ = luck.walked(rule, v.open)
    np.testing.assert_allclose(again, walked, rtol=1e-9)


def test_shared_luck_tells_close_policies_apart(v):
    queues, best = queue_rules(v.model)["longest queue"], optimum(v.model.process)
    judge = validation_against(TablePolicy(v, queues, "longest queue"), Luck(v, SEED, 32, 40_000))
    difference = judge.difference(TablePolicy(v, best.policy, "optimum"))
    saved = evaluate(v.model.process, queues).cost_per_min - best.cost_per_min
    assert difference.low < saved < difference.high
    assert difference.high - difference.low < 0.02 * best.cost_per_min
    assert judge.difference(TablePolicy(v, queues, "the same")).value == pytest.approx(0, abs=1e-9)


def test_an_arrival_is_offered_each_group_once(n):
    row = row_where(n, ARRIVAL, 0, (2, 1), ((1, 0), (1, 1)))
    context, (first, second, hold) = seen(n, row)
    assert context["kind_route"] == 1 and context["contacts_waiting"] == 3
    assert context["agents_idle"] == 3 and context["conversations_open"] == 3
    assert (first["handle_s"], first["open"], first["usual"]) == (60, 1, 1)
    assert (second["handle_s"], second["open"], second["mix"]) == (100, 2, 0.5)
    assert hold["is_hold"] == 1 and hold["type_waiting"] == 2 and "open" not in hold


def test_a_freed_agent_is_offered_each_waiting_class(n):
    row = row_where(n, FREED, 1, (2, 1), ((3, 0), (0, 2)))
    context, (simple, hard, hold) = seen(n, row)
    assert context["kind_pull"] == 1 and context["agents_idle"] == 1
    assert (simple["type_waiting"], hard["type_waiting"]) == (2, 1)
    assert 1 + hard["priority"] == pytest.approx((2 + 0.4 * 3) / (1 + 0.4 * 1))
    assert hold["is_hold"] == 1 and hold["open"] == 2 and "type_waiting" not in hold


def test_conversations_show_how_full_and_how_mixed_an_agent_is(chat):
    known = chat.model.decisions
    one_each_side = (known.due[:, 0] == 1) & (known.held[:, 0, 1] == 1) & (known.held[:, 0].sum(axis=1) == 1)
    row = int(np.flatnonzero(one_each_side & (known.kind == ARRIVAL) & (known.subject == 0))[0])
    context, (expert, *_) = seen(chat, row)
    assert (expert["turns_due"], expert["open"], expert["cap"], expert["mix"]) == (1, 1, 2, 1)
    assert (expert["think_s"], expert["handle_s"], expert["customer_value"]) == (90, 4 * 30, 3 + 6)
    assert "live" not in expert and context["agents_on_duty"] == 2


def test_the_package_s_c_mu_is_this_one(v):
    package, ours = v.table(RULES["cmu"]), queue_rules(v.model)["c-mu"]
    assert (package == ours)[v.open].all()


def test_a_table_survives_being_a_policy(n, chat):
    for decisions, rules in ((n, queue_rules(n.model)), (chat, chat_rules(chat.model))):
        for name, rule in rules.items():
            again = decisions.table(TablePolicy(decisions, rule, name))
            assert (again == rule)[decisions.open].all(), name


def test_decisions_without_a_choice_are_not_asked(n):
    process = n.model.process
    walkers, lands = walkers_at(process.start, SEED, 8), forced(process)
    walk(chain_of(process, 2), lands, walkers, FOREVER)
    assert (walkers.decision != NONE).all() and (process.allowed[walkers.decision].sum(axis=1) > 1).all()


def centers(decisions, rate=0.0):
    made = ChainCenters(decisions, num_envs=8, seed=SEED, rate=rate, scale=2.0)
    made.reset()
    return made


def test_rewards_are_savings_over_the_average_in_units_of_the_scale(n):
    zeros, played = np.zeros(8, np.int64), []
    for rate in (0.0, 3.0):
        one = centers(n, rate)
        played.append([(*one.step(zeros)[1:3], one.elapsed_s) for _ in range(20)])
    for (cost, done, elapsed_s), (saved, _, same_s) in zip(*played, strict=True):
        assert not done.any() and (elapsed_s == same_s).all() and (elapsed_s > 0).all()
        np.testing.assert_allclose(saved - cost, 3.0 * elapsed_s / 60 / 2.0, rtol=0.05, atol=1e-6)


def test_centers_of_one_seed_are_the_same(n):
    one, other = centers(n), centers(n)
    for _ in range(50):
        (seen_one, reward, _, _), (seen_other, same, _, _) = (each.step(np.zeros(8, np.int64)) for each in (one, other))
        assert (reward == same).all() and all((seen_one[name] == seen_other[name]).all() for name in seen_one)


def test_siblings_go_on_from_where_the_eldest_stands_and_meet_the_same_luck(chat):
    rng = np.random.default_rng(0)
    made = ChainCenters(chat, num_envs=6, seed=SEED, rate=0.0, scale=1.0, siblings=3)

    def step(alike):
        legal = made.action_masks()
        drawn = rng.random(legal[::3].shape).repeat(3, axis=0) if alike else rng.random(legal.shape)
        return made.step((drawn * legal).argmax(axis=1))

    def same(observed, one, other):
        return all((array[one] == array[other]).all() for array in observed.values())

    observed = made.reset()
    assert same(observed, 0, 2) and same(observed, 3, 5)
    for _ in range(30):  # each on its own
        observed, *_ = step(alike=False)
    assert not same(observed, 0, 1)
    eldest = {name: array[made.eldest].copy() for name, array in observed.items()}
    gathered = made.gather()
    assert all((gathered[name] == eldest[name]).all() for name in eldest)
    for _ in range(30):
        observed, rewards, *_ = step(alike=True)
        assert same(observed, 0, 2) and (rewards == rewards[made.eldest]).all()
        assert (made.decided_s == made.decided_s[made.eldest]).all()
    assert not same(observed, 0, 3)


def test_returns_are_savings_from_a_decision_on(n):
    played = play(n, RULES["cmu"], SEED, 200)
    saved = played.rate * played.minutes - played.cost
    assert saved.sum() == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(played.returns(np.inf)[0], saved.sum(axis=0))
    near = played.returns(1.0)
    np.testing.assert_allclose(near[-2], saved[-2] + np.exp(-played.minutes[-2]) * saved[-1])


def test_one_queue_leaves_nothing_to_choose_but_to_hold():
    decisions = ChainDecisions(assemble(one_queue(limit=3, agents=2)))
    assert decisions.at(decisions.open).mask.sum(axis=1).tolist() == [2] * len(decisions.open)
