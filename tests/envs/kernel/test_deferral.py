"""Promises: call-backs and answers in writing, with the clock running on (AC-2, AC-3, DG-3, CT-9)."""

import numpy as np
import pytest

from maitred.agents.candidates import feature
from maitred.envs.blocks import Channels, Customers, Deferral, Handoff
from maitred.envs.decision import Action
from maitred.envs.kernel.layout import Mark, Outcome, Place, Term
from maitred.envs.simulator import Simulator
from tests.envs.kernel.policies import USUAL, Prefer
from tests.envs.kernel.worlds import center, luck, played

WINDOW_S = 1200.0
CALL_BACK = Prefer((Action.CALLBACK,))
IN_WRITING = Prefer((Action.DEFER,))


def calls(agents=20, deferral=None, **more):
    block = {"callback": True, "callback_window_s": WINDOW_S, **(deferral or {})}
    return center(("calls",), agents=agents, per_h=60.0, mean_s=120.0, deferral=Deferral(**block), **more)


def deferring(promise_s=3600.0, agents=20, **more):
    """Calls (type 0), which may be answered in writing as messages (type 1)."""
    channels = Channels(names=("voice", "messages"), of_type=np.array([0, 1]), exclusive=np.array([1.0, 0.0]))
    deferral = Deferral(async_of=np.array([1, -1]), promise_s=promise_s)
    return center(("calls", "messages"), agents=agents, mean_s=120.0, channels=channels, deferral=deferral, **more)


def ledger_of(world, policy):
    return played(world, policy, seeds=1)[0]


def share_near(found, p):
    assert np.mean(found) == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / len(found)))


def test_customers_accept_and_answer_call_backs_as_often_as_stated():
    simulator = Simulator(
        world := calls(deferral={"callback_no_answer_p": 0.3, "callback_tries": 1.0}), [luck(world)], keep_log=True
    )
    simulator.step()
    while simulator.pending.any():
        simulator.step(CALL_BACK.act(simulator.decisions()).candidate)
    ledger = simulator.ledger(0)
    accepted = np.zeros(len(ledger.contacts), bool)
    accepted[ledger.log["contact"][ledger.log["mark"] == Mark.CALLBACK]] = True
    over = ledger.contacts["outcome"] != Outcome.INSIDE
    share_near(accepted[over], 0.4)
    share_near(ledger.contacts["outcome"][over & accepted] == Outcome.ABANDONED, 0.3)
    assert (ledger.contacts["outcome"][over & ~accepted] == Outcome.SERVED).all()


def test_a_call_that_nobody_answers_is_tried_again_and_costs_the_dial_each_time():
    never = {"callback_no_answer_p": 1.0, "callback_accept_p": 1.0, "callback_tries": 3.0, "callback_dial_s": 25.0}
    ledger = ledger_of(calls(deferral=never), CALL_BACK)
    over = ledger.contacts["outcome"] == Outcome.ABANDONED
    assert (ledger.talks["tries"][over] == 3).all()
    np.testing.assert_allclose(ledger.contacts["work_s"][over], 75.0)
    assert (ledger.contacts["end_s"] - ledger.contacts["arrival_s"])[over].min() >= 3 * WINDOW_S
    assert ledger.booked[Term.ABANDONED] == over.sum() and ledger.booked[Term.RESOLVED] == 0


def test_the_wait_runs_from_arrival_to_the_call():
    ledger = ledger_of(calls(deferral={"callback_accept_p": 1.0, "callback_no_answer_p": 0.0}), CALL_BACK)
    waits = ledger.contacts["answer_s"] - ledger.contacts["arrival_s"]
    assert np.nanmin(waits) >= WINDOW_S - 1e-6
    assert np.nanmax(waits) < 2 * WINDOW_S


def test_the_longer_a_call_back_keeps_waiting_the_less_it_satisfies():
    at_once, later = (
        ledger_of(calls(deferral={"callback_accept_p": 1.0, "callback_no_answer_p": 0.0}), policy)
        for policy in (USUAL, CALL_BACK)
    )
    assert np.nanmean(later.contacts["csat"]) < np.nanmean(at_once.contacts["csat"]) - 0.1


@pytest.mark.parametrize("agents, broken", [(20, False), (1, True)])
def test_promises_are_broken_where_nobody_has_time(agents, broken):
    ledger = ledger_of(calls(agents, {"callback_accept_p": 1.0, "callback_no_answer_p": 0.3}), CALL_BACK)
    assert (ledger.booked[Term.PROMISE_BROKEN] > 100) == broken
    assert (ledger.talks["promise_broken"].sum() > 0) == broken


def test_a_first_call_in_time_keeps_the_promise_even_if_nobody_answers_it():
    never = {"callback_no_answer_p": 1.0, "callback_accept_p": 1.0, "callback_tries": 2.0}
    ledger = ledger_of(calls(deferral=never), CALL_BACK)
    assert (ledger.talks["tries"] == 2).any() and ledger.booked[Term.PROMISE_BROKEN] == 0


def test_whoever_is_owed_a_call_back_neither_loses_patience_nor_goes_behind_later_callers():
    world = calls(agents=2, deferral={"callback_accept_p": 0.5, "callback_no_answer_p": 0.0}, patience_s=300.0)
    ledger = ledger_of(world, CALL_BACK)
    owed = ledger.talks["place"] == Place.PROMISED
    accepted = owed | (ledger.contacts["answer_s"] - ledger.contacts["arrival_s"] >= WINDOW_S - 1e-6)
    assert accepted.sum() > 100
    assert (ledger.contacts["outcome"] == Outcome.ABANDONED).any()
    assert (ledger.contacts["outcome"][accepted] != Outcome.ABANDONED).all()


def test_what_is_owed_is_settled_or_still_counted():
    world = calls(deferral={"callback_accept_p": 1.0})
    simulator = Simulator(world, [luck(world)])
    simulator.step()
    while simulator.pending.any():
        simulator.step(CALL_BACK.act(simulator.decisions()).candidate)
    talks = simulator.ledger(0).talks
    assert simulator.centers.center["promised"][0] == (~np.isnan(talks["promised_s"])).sum() > 0


@pytest.mark.parametrize("agents, promise_s, broken", [(20, 3600.0, False), (1, 600.0, True)])
def test_an_answer_in_writing_is_promised_and_the_clock_runs_on(agents, promise_s, broken):
    ledger = ledger_of(deferring(promise_s, agents, per_h=30.0), IN_WRITING)
    deferred = ledger.talks["deferred"] == 1
    assert (deferred == (ledger.talks["first_type"] == 0)).all() and (ledger.contacts["type"] == 1).all()
    waits = ledger.contacts["answer_s"] - ledger.contacts["arrival_s"]
    late = deferred & (waits > promise_s)
    assert late.any() == broken and ledger.booked[Term.PROMISE_BROKEN] == late.sum()
    assert (ledger.talks["promise_broken"] == late).all()


def test_putting_a_wrongly_routed_call_off_does_not_right_it():
    channels = Channels(names=("voice", "messages"), of_type=np.array([0, 0, 1, 1]), exclusive=np.array([1.0, 0.0]))
    world = center(
        ("orders", "billing", "order messages", "billing messages"),
        agents=20,
        channels=channels,
        deferral=Deferral(async_of=np.array([2, 3, -1, -1])),
        handoff=Handoff(misroute_p=np.array([0.5, 0.0, 0.0, 0.0])),
    )
    ledger = ledger_of(world, IN_WRITING)
    orders = (ledger.talks["first_type"] == 0) & (ledger.contacts["outcome"] == Outcome.SERVED)
    assert (ledger.contacts["type"][orders] == 2).all()
    share_near(ledger.talks["transfers"][orders] == 1, 0.5)


def test_asking_customers_what_they_prefer_lowers_mismatches_at_the_same_number_of_answers_in_writing():
    world = deferring(customers=Customers(prefers_other_p=0.4), per_h=40.0)
    wanted = ledger_of(world, Prefer((Action.DEFER,), when=lambda d: feature(d, "prefers_other") == 1))
    blind = ledger_of(world, Prefer((Action.DEFER,), when=lambda d: (d.key[:, None] % 1000) < 400))
    count = [x.talks["deferred"].sum() for x in (wanted, blind)]
    assert count[0] == pytest.approx(count[1], rel=0.15)
    calls_of = wanted.talks["first_type"] == 0
    answered = ~np.isnan(wanted.contacts["answer_s"])
    messages_unwanted = (~calls_of & answered & (wanted.talks["prefers_other"] == 1)).sum()
    assert wanted.booked[Term.MISMATCHED] == messages_unwanted
    assert blind.booked[Term.MISMATCHED] > 1.3 * wanted.booked[Term.MISMATCHED]
