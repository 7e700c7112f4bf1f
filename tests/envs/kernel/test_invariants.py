import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maitred.agents.rules import RULES
from maitred.envs import simulator as simulator_module
from maitred.envs.decision import Kind
from maitred.envs.kernel.layout import Outcome
from maitred.envs.scenario import Returns
from maitred.envs.simulator import Simulator, simulate
from maitred.envs.traffic import draw_trace
from tests.envs.kernel.checks import check_state
from tests.envs.kernel.ledgers import check_answers, check_calls, check_focus, check_ledger, check_marks
from tests.envs.kernel.legal import check_offers, check_short_list
from tests.envs.kernel.scenarios import small_scenario, small_scenarios, whole_worlds

quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**32)
any_worlds = small_scenarios() | whole_worlds()
EVERY = 11  # steps between checks of the state, which take longer than the steps
LEDGER = ("contacts", "talks", "beliefs", "accounts", "overrun_s", "booked", "left", "log")


def traces(scenario, seed, count):
    return [draw_trace(scenario, child) for child in np.random.SeedSequence(seed).spawn(count)]


def random_answers(simulator, rng):
    scores = np.where(simulator.observation.mask, rng.random(simulator.observation.mask.shape), -1)
    return np.where(simulator.pending, scores.argmax(axis=1), 0)


def steps(simulator, answers):
    """Play to the end, yielding after every step."""
    simulator.step()
    yield
    while simulator.pending.any():
        simulator.step(answers(simulator))
        yield


def same(one, other):
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in LEDGER)


@quick
@given(any_worlds, seeds)
def test_state_is_consistent_and_offers_are_legal_at_every_decision(scenario, seed):
    simulator, rng = Simulator(scenario, traces(scenario, seed, 2)), np.random.default_rng(seed)
    ended = [np.zeros(0, simulator.centers.contacts.dtype)] * 2
    for step, _ in enumerate(steps(simulator, lambda s: random_answers(s, rng))):
        if step % EVERY and not simulator.done.all():
            continue
        check_offers(simulator)
        for b in range(2):
            check_state(simulator, b)
            check_focus(simulator, b)
            if simulator.pending[b]:
                check_short_list(simulator, b)
            contacts = simulator.ledger(b).contacts
            before = contacts[: len(ended[b])]
            was = ended[b]["outcome"] != Outcome.INSIDE
            assert (before[was].view("V") == ended[b][was].view("V")).all(), "a contact ends once"
            ended[b] = contacts
    assert simulator.done.all()


@quick
@given(any_worlds, seeds)
def test_ledger_closes(scenario, seed):
    drawn, rng = traces(scenario, seed, 4), np.random.default_rng(seed)
    simulator = Simulator(scenario, drawn, keep_log=True)
    for _ in steps(simulator, lambda s: random_answers(s, rng)):
        pass
    for b, trace in enumerate(drawn):
        ledger = simulator.ledger(b)
        check_ledger(scenario, trace, ledger)
        check_marks(ledger)
        check_answers(scenario, trace, ledger)
        if not scenario.has_conversations:
            check_calls(ledger)


@quick
@given(small_scenarios(), seeds)
def test_incumbent_is_first_come_first_served_and_leaves_nobody_waiting_in_vain(scenario, seed):
    simulator = Simulator(scenario, traces(scenario, seed, 2))
    x = simulator.centers
    for _ in steps(simulator, lambda s: np.zeros(len(s), np.int64)):
        for b in np.nonzero(simulator.pending)[0]:
            matched = np.minimum(x.waiting_of_type[b], x.idle_of_type[b])
            if x.center[b]["kind"] == Kind.ROUTE:
                assert (matched == 0).all()
            else:  # the agent just freed is the only one who may have work waiting
                others = x.idle_of_type[b] - x.may_answer[b, x.center[b]["subject"]]
                assert (np.minimum(x.waiting_of_type[b], others) == 0).all()
    head_start = scenario.types.head_start_s
    for b in range(2):
        contacts = simulator.ledger(b).contacts
        rank = contacts["arrival_s"] - head_start[contacts["level"]]
        left = np.fmin(contacts["answer_s"], contacts["end_s"])
        left = np.where(np.isnan(left), np.inf, left)
        answered = np.nonzero(~np.isnan(contacts["answer_s"]))[0]
        for j in answered:
            ahead = (contacts["type"] == contacts["type"][j]) & (rank < rank[j])
            ahead &= contacts["arrival_s"] < contacts["answer_s"][j]
            assert (left[ahead] <= contacts["answer_s"][j]).all()


@quick
@given(any_worlds, seeds)
def test_batch_size_and_growth_of_arrays_change_nothing(scenario, seed):
    drawn = traces(scenario, seed, 5)
    one = simulate(scenario, drawn, RULES["random"], batch=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulator_module, "SLACK", 0.0)
        many = simulate(scenario, drawn, RULES["random"], batch=64)
    assert all(map(same, one, many))


@quick
@given(any_worlds, seeds)
def test_compiled_incumbent_equals_the_stepped_one(scenario, seed):
    drawn = traces(scenario, seed, 3)
    compiled = Simulator(scenario, drawn)
    decisions = compiled.run_incumbent()
    stepped = Simulator(scenario, drawn)
    for _ in steps(stepped, lambda s: s.centers.center["usual"]):
        pass
    assert decisions == stepped.centers.center["decisions"].sum()
    assert all(same(compiled.ledger(b), stepped.ledger(b)) for b in range(3))


def crowd(days=1):
    """Few agents, many callers who call again and again: the arrays must grow."""
    returns = Returns(retrial_p=0.9, retrial_mean_s=3 * 3600.0)
    return small_scenario(np.random.default_rng(3), per_h=300, hazard_per_h=2, returns=returns, days=days)


def test_growth_really_happens_and_changes_nothing(monkeypatch):
    scenario = crowd()
    drawn = traces(scenario, 5, 3)
    roomy = Simulator(scenario, drawn)
    roomy._grow(contacts=100_000, heap=100_000)
    roomy.run_incumbent()
    monkeypatch.setattr(simulator_module, "SLACK", 0.0)
    tight = Simulator(scenario, drawn)
    rows, events = tight.centers.contacts.shape[1], tight.centers.heap.shape[1]
    tight.run_incumbent()
    assert tight.centers.contacts.shape[1] > rows and tight.centers.heap.shape[1] > events
    assert all(same(roomy.ledger(b), tight.ledger(b)) for b in range(3))
    stepped = simulate(scenario, drawn, RULES["incumbent"])
    assert all(same(roomy.ledger(b), stepped[b]) for b in range(3))


def test_a_center_can_be_loaded_again():
    scenario = crowd()
    drawn = traces(scenario, 6, 2)
    simulator = Simulator(scenario, drawn[:1])
    simulator.run_incumbent()
    simulator.load(0, drawn[1])
    simulator.run_incumbent()
    fresh = Simulator(scenario, drawn[1:])
    fresh.run_incumbent()
    assert same(simulator.ledger(0), fresh.ledger(0))


@pytest.mark.parametrize("place", [-1, 3, 1_000_000])
def test_masked_answers_are_refused(place):
    scenario = small_scenario(np.random.default_rng(0))
    simulator = Simulator(scenario, traces(scenario, 0, 2))
    simulator.step()
    while simulator.observation.mask[simulator.pending].all():
        simulator.step(np.zeros(2, np.int64))
    b = int(np.nonzero(simulator.pending & ~simulator.observation.mask[:, 3])[0][0])
    refuses(simulator, b, place)


@quick
@given(whole_worlds(), seeds)
def test_masked_answers_to_every_kind_of_decision_are_refused(scenario, seed):
    simulator, rng = Simulator(scenario, traces(scenario, seed, 1)), np.random.default_rng(seed)
    refused = set()
    for _ in steps(simulator, lambda s: random_answers(s, rng)):
        kind, places = int(simulator.centers.center["kind"][0]), int(simulator.centers.center["places"][0])
        if simulator.pending[0] and kind not in refused:
            refuses(simulator, 0, places)
            refused.add(kind)


def refuses(simulator, b, place):
    """The simulator refuses `place` as the answer of center `b`, and stays as it is."""
    answers = np.zeros(len(simulator), np.int64)
    answers[b] = place
    before = simulator.centers.center.copy()
    with pytest.raises(ValueError, match=f"center {b}: candidate {place} is masked"):
        simulator.step(answers)
    assert simulator.centers.center.tobytes() == before.tobytes()


def test_lines_bound_the_contacts_inside():
    scenario = small_scenario(np.random.default_rng(1), per_h=60, lines=4, hazard_per_h=0)
    simulator = Simulator(scenario, traces(scenario, 1, 2))
    for _ in steps(simulator, lambda s: np.zeros(2, np.int64)):
        assert (simulator.centers.center["in_system"] <= 4).all()
    assert (simulator.ledger(0).contacts["outcome"] == Outcome.BLOCKED).any()
