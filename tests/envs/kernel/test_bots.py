"""Bots: what they contain, cost and pass on (RS-1, AC-1, Q-D, DG-5, RS-10)."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.agents.candidates import feature
from maitred.envs.blocks import Bots, Customers, Dialogue, Handoff, Reassess
from maitred.envs.decision import Action
from maitred.envs.kernel.layout import Mark, Origin, Outcome, Term
from maitred.envs.scenario import Returns, Routing
from maitred.envs.simulator import Simulator
from tests.envs.kernel.policies import USUAL, Prefer
from tests.envs.kernel.worlds import center, chat_world, logged, luck, played

SIMPLE_OR_HARD = Dialogue(names=("simple", "hard"), share=0.5, level=np.array([0.2, 0.8]))


def bot(**changes):
    return Bots(**{"names": ("bot",), "first": True, "resolve_p": 0.6, **changes})


def with_bot(dialogue=SIMPLE_OR_HARD, types=("orders", "billing"), *, block=None, **more):
    return center(types, **{"agents": 30, "per_h": 60.0, "bots": block or bot(), "dialogue": dialogue, **more})


def finished(ledger):
    return ledger.contacts["outcome"] != Outcome.INSIDE


def near(share, n):
    return pytest.approx(share, abs=4 * np.sqrt(max(share * (1 - share), 1 / n) / n))


def test_containment_by_intent_and_complexity_is_recovered_from_the_ledger():
    block = bot(resolve_p=np.array([[0.7, 0.2]]), intent_factor=np.array([[1.0, 0.5]]))
    ledger = logged(world := with_bot(block=block), luck(world))
    done = finished(ledger)
    for kind, factor in enumerate((1.0, 0.5)):
        for complexity, p in enumerate((0.7, 0.2)):
            cell = done & (ledger.talks["first_type"] == kind) & (ledger.talks["started_complexity"] == complexity)
            assert cell.sum() > 500
            assert ledger.talks["contained"][cell].mean() == near(p * factor, cell.sum())


def test_a_wrong_answer_is_contained_and_comes_back():
    world = with_bot(block=bot(wrong_p=0.5), returns=Returns(repeat_unresolved_p=0.9, repeat_unresolved_mean_s=600))
    ledger = logged(world, luck(world))
    contained = ledger.talks["contained"] == 1
    wrong = contained & (ledger.contacts["resolved"] == 0)
    assert wrong.sum() / finished(ledger).sum() == near(0.4 * 0.5, finished(ledger).sum())
    repeats = ledger.contacts["origin"] == Origin.REPEAT
    assert set(ledger.contacts["case"][wrong]) & set(ledger.contacts["case"][repeats])


def test_whom_a_bot_serves_costs_no_agent_any_time():
    world = with_bot(wrap_up_s=60)
    ledger = logged(world, luck(world))
    contained = ledger.contacts[ledger.talks["contained"] == 1]
    assert (contained["work_s"] == 0).all() and (contained["wrap_up_s"] == 0).all() and (contained["agent"] < 0).all()


def test_a_virtual_agent_shortens_the_wrap_up_of_what_it_hands_over():
    def wrap_ups(factor):
        world = with_bot(block=bot(wrap_up_factor=factor), wrap_up_s=60)
        return logged(world, luck(world)).contacts["wrap_up_s"]

    full, short = wrap_ups(1.0), wrap_ups(0.25)
    assert full.max() > 0
    np.testing.assert_allclose(short[full > 0], 0.25 * full[full > 0])


def test_sessions_are_a_limit():
    simulator = Simulator(world := with_bot(block=bot(sessions=3.0), per_h=300.0, agents=3), [luck(world)])
    most = 0
    simulator.step()
    for _ in range(3000):
        answer = USUAL.act(simulator.decisions(simulator.pending)).candidate
        simulator.step(answer)
        most = max(most, int(simulator.centers.bot_load.max()))
    assert most == 3


def test_sessions_and_turns_are_paid_for():
    priced = with_bot(block=bot(cost_per_session=0.5, cost_per_turn=0.1))
    free, paid = (logged(world, luck(world)) for world in (with_bot(), priced))
    started, turns = ((paid.log["mark"] == mark).sum() for mark in (Mark.BOT_START, Mark.BOT_TURN))
    assert paid.talks["bot_cost"].sum() == pytest.approx(0.5 * started + 0.1 * turns)
    assert paid.booked[Term.COST] - free.booked[Term.COST] == pytest.approx(paid.talks["bot_cost"].sum())


def test_hello_is_no_first_reply():
    ledger = logged(world := with_bot(), luck(world))
    turns = ledger.log[ledger.log["mark"] == Mark.BOT_TURN]
    many = np.nonzero(ledger.talks["bot_turns"] > 1)[0]
    second = turns[(turns["turn"] == 2) & np.isin(turns["contact"], many)]
    np.testing.assert_allclose(ledger.talks["first_reply_s"][second["contact"]], second["s"])


def test_patience_does_not_run_at_a_bot_but_the_intolerant_leave():
    hasty = {"patience_s": 1.0, "dialogue": Dialogue(), "types": ("orders",)}
    ledger = logged(world := with_bot(block=bot(resolve_p=1.0), **hasty), luck(world))
    assert ledger.booked[Term.ABANDONED] == 0
    leaving = with_bot(block=bot(resolve_p=1.0, leave_p=0.5), customers=Customers(bot_intolerant_share=0.3), **hasty)
    ledger = logged(leaving, luck(leaving))
    left = ledger.contacts["outcome"] == Outcome.ABANDONED
    assert left.any() and (ledger.talks["intolerant"][left] == 1).all()


def test_many_free_agents_do_not_crowd_the_bot_out_of_the_short_list():
    world = with_bot(block=bot(first=False), routing=Routing(places=4))
    ledgers = played(world, Prefer((Action.BOT,)), seeds=1)
    assert (ledgers[0].talks["bot"][finished(ledgers[0])] == 0).all()


def test_waiting_for_a_free_session_costs_satisfaction():
    busy = with_bot(
        block=bot(sessions=1.0, resolve_p=1.0), dialogue=Dialogue(), per_h=40.0, agents=1, shift_s=(86_000.0, 86_400.0)
    )
    ledger = played(busy, USUAL, seeds=1)[0]
    served = ledger.contacts["outcome"] == Outcome.SERVED
    contacts, talks = ledger.contacts[served], ledger.talks[served]
    waited = contacts["end_s"] - talks["bot_s"] - contacts["arrival_s"] > busy.routing.answer_target_s + 1
    assert waited.any() and not waited.all()
    assert contacts["csat"][waited].max() < contacts["csat"][~waited].max()


def test_what_needs_approval_is_never_closed_by_a_bot():
    handoff = Handoff(approval_by=np.array([1, -1]), approval_p=0.4)
    ledger = logged(world := with_bot(block=bot(resolve_p=1.0), handoff=handoff), luck(world))
    done = finished(ledger) & (ledger.talks["first_type"] == 0)
    approved = ledger.talks["approved"][done] == 1
    assert approved.mean() == near(0.4, done.sum())
    assert ((ledger.talks["contained"][done] == 1) == ~approved).all()
    assert (ledger.contacts["agent"][done][approved] >= 0).all()


def test_who_left_without_a_word_is_found_out_by_the_bot():
    world = chat_world(agents=1, per_h=60.0, patience_s=30.0, bots=bot(first=False, resolve_p=1.0))
    world = replace(world, channels=replace(world.channels, silent_share=1.0))
    from_the_queue = Prefer((Action.BOT,), when=lambda d: feature(d, "wait_s") > 60)
    ledger = played(world, from_the_queue, seeds=1)[0]
    gone = (ledger.talks["bot"] == 0) & (ledger.talks["ghost"] == 1)
    assert gone.any()
    assert (ledger.contacts["outcome"][gone] == Outcome.ABANDONED).all() and (ledger.talks["silent"][gone] == 1).all()
    assert (ledger.talks["bot_turns"][gone] == 1).all()


def escalation(context=1.0, after=None):
    """Ledger of a world whose bot contains nothing: told to give up after some turns, or left to give up itself."""
    world = with_bot(
        Dialogue(),
        block=bot(resolve_p=0.0, turns_mean=20.0, max_turns=20.0, handoff_context=context),
        handoff=Handoff(repeat_info_s=90.0),
        reassess=Reassess(stop_bot_early=True),
    )
    fast = Prefer((Action.ESCALATE,), when=lambda d: feature(d, "turns") >= after)
    return played(world, fast if after else USUAL, seeds=1)[0]


def test_fast_escalation_bounds_the_time_to_a_human():
    slow, fast = escalation(), escalation(after=2)
    assert fast.talks["bot_turns"].max() == 2
    latest = [np.nanpercentile(x.contacts["answer_s"] - x.contacts["arrival_s"], 95) for x in (slow, fast)]
    assert latest[1] < 75 < latest[0]  # two turns of 15 s on average: the 95th percentile of the sum is 71 s


def test_an_escalation_with_all_context_repeats_nothing_and_without_it_takes_longer():
    kept, lost = escalation(1.0, 2), escalation(0.0, 2)
    answered = ~np.isnan(kept.contacts["answer_s"])
    assert (kept.talks["repeated_s"] == 0).all() and (lost.talks["repeated_s"][answered] == 90).all()
    np.testing.assert_allclose(lost.contacts["work_s"][answered] - kept.contacts["work_s"][answered], 90)
