"""Changing hands: wrong queues, context, approval, escalation, the agent who knows the case, the place in the queue."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.blocks import Dialogue, Handoff, Reassess
from maitred.envs.decision import Action
from maitred.envs.kernel.layout import Mark, Outcome, Term
from maitred.envs.scenario import ContactTypes, Returns
from tests.envs.kernel.policies import USUAL, Anything, Prefer
from tests.envs.kernel.worlds import arriving, center, chat_world, logged, luck, played

TYPES = ("orders", "billing", "tech")


def calls(types=TYPES, **more):
    return center(types, **{"agents": 30, "per_h": 40.0, "mean_s": 200.0, **more})


def handled(world, trace=None):
    return logged(world, trace or luck(world))


def served(ledger):
    return ledger.contacts["outcome"] == Outcome.SERVED


def marks(ledger, mark):
    return ledger.log[ledger.log["mark"] == mark]


def test_menu_errors_drive_transfers_one_to_one():
    ledger = handled(calls(handoff=Handoff(misroute_p=0.3)))
    arrivals = marks(ledger, Mark.ARRIVE)
    wrong = arrivals["value"] != ledger.talks["first_type"]
    done = served(ledger)
    assert (ledger.talks["transfers"][done] == wrong[done]).all()
    assert wrong.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / len(wrong)))
    assert (ledger.contacts["type"][done] == ledger.talks["first_type"][done]).all()
    assert ledger.booked[Term.TRANSFERRED] == len(marks(ledger, Mark.TRANSFER))
    right = handled(calls(handoff=Handoff(repeat_info_s=1.0)))
    assert (right.talks["transfers"] == 0).all()


def test_the_wrong_agent_works_until_the_error_shows():
    ledger = handled(calls(handoff=Handoff(misroute_p=1.0, discovery_s=45.0)))
    first = marks(ledger, Mark.END_TURN)
    first = first[first["turn"] == 1]
    until_found_s = first["s"] - ledger.contacts["answer_s"][first["contact"]]
    assert until_found_s.mean() == pytest.approx(45.0, rel=4 / np.sqrt(len(first)))


def test_menu_errors_leave_what_the_contact_is_about_alone():
    mixes = Dialogue(names=("simple", "hard"), share=np.array([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]]))
    with_errors, without = (handled(calls(dialogue=mixes, handoff=Handoff(misroute_p=p))) for p in (0.5, 0.0))
    both = served(with_errors) & served(without)
    extra = with_errors.contacts["work_s"][both] - without.contacts["work_s"][both]
    once = with_errors.talks["transfers"][both] == 0
    np.testing.assert_allclose(extra[once], 0)
    for name in ("started_complexity", "urgent", "tier"):
        assert (with_errors.talks[name] == without.talks[name]).all()


@pytest.mark.parametrize("keep, first", [(True, 0), (False, 1)])
def test_a_transfer_keeps_the_place_in_the_queue_or_queues_anew(keep, first):
    handoff = Handoff(misroute_p=np.array([1.0, 0.0]), discovery_s=600.0, keep_position=keep)
    world = calls(TYPES[:2], agents=1, handoff=handoff)
    trace = arriving(luck(world), (100.0, 0), (110.0, 1))
    closed = marks(handled(world, trace), Mark.CLOSE)["contact"]
    assert closed[0] == first


def test_queueing_anew_makes_transferred_contacts_wait_longer_in_all():
    def total_wait(keep):
        world = calls(TYPES[:2], agents=5, per_h=40.0, handoff=Handoff(misroute_p=0.3, keep_position=keep))
        waits = []
        for seed in range(6):
            ledger = handled(world, luck(world, seed))
            moved = served(ledger) & (ledger.talks["transfers"] == 1)
            contacts = ledger.contacts[moved]
            waits.append((contacts["end_s"] - contacts["arrival_s"] - contacts["work_s"]).mean())
        return np.mean(waits)

    assert total_wait(keep=False) > 1.15 * total_wait(keep=True)


@pytest.mark.parametrize("context", [1.0, 0.4, 0.0])
def test_what_was_kept_need_not_be_said_again(context):
    handoff = Handoff(misroute_p=0.4, context_kept=context, repeat_info_s=90.0)
    ledger = handled(calls(handoff=handoff))
    transfers = ledger.talks["transfers"][served(ledger)]
    np.testing.assert_allclose(ledger.talks["repeated_s"][served(ledger)], 90 * (1 - context) * transfers)


def test_losing_context_lengthens_the_work_by_what_is_repeated():
    kept, lost = (
        handled(calls(handoff=Handoff(misroute_p=0.4, context_kept=c, repeat_info_s=90.0))) for c in (1.0, 0.0)
    )
    both = served(kept) & served(lost)
    longer = lost.contacts["work_s"][both] - kept.contacts["work_s"][both]
    np.testing.assert_allclose(longer, lost.talks["repeated_s"][both])
    assert longer.max() == pytest.approx(90)


def approving(p, **more):
    """Calls that the agents of group 1 must approve in their own type."""
    world = calls(("loans", "desk"), handoff=Handoff(approval_by=np.array([1, -1]), approval_p=p), **more)
    may = np.repeat([[True, False], [False, True]], 15, axis=0)
    agents = replace(
        world.agents, may_answer=may, group=np.repeat([0, 1], 15), group_names=("floor", "experts"),
        cost_per_min=np.array([0.65, 0.9]),
    )  # fmt: skip
    rates = world.arrivals.rate_per_h * np.array([1.0, 0.0])[None, :, None]
    staffing = replace(
        world.staffing, shift_day_type=np.zeros(2, int), shift_group=np.arange(2), shift_start_s=np.zeros(2),
        shift_end_s=np.full(2, 86_400.0), shift_agents=np.full(2, 15),
    )  # fmt: skip
    return replace(world, agents=agents, arrivals=replace(world.arrivals, rate_per_h=rates), staffing=staffing)


@pytest.mark.parametrize("p", [0.3, 1.0])
def test_what_needs_approval_is_closed_by_those_who_approve(p):
    ledger = handled(approving(p))
    done = served(ledger)
    approved = ledger.talks["approved"][done] == 1
    assert approved.mean() == pytest.approx(p, abs=4 * np.sqrt(0.25 / done.sum()) * (p < 1))
    assert ((ledger.contacts["agent"][done] >= 15) == approved).all()


def test_no_policy_closes_what_needs_approval_without_it():
    world = approving(1.0, reassess=Reassess(next_issue_s=30.0, escalate=True))
    for ledger in played(world, Anything(), seeds=3):
        assert (ledger.talks["approved"][served(ledger)] == 1).all()
        assert (ledger.contacts["agent"][served(ledger)] >= 15).all()


def escalating(world_of=chat_world, allowed=True, **more):
    handoff = Handoff(escalate_to=np.array([1, -1]))
    return world_of(
        types=("first line", "experts"), handoff=handoff, reassess=Reassess(escalate=np.array([allowed, False])), **more
    )


@pytest.mark.parametrize("world_of", [chat_world, center], ids=["chat", "voice"])
def test_whoever_may_be_escalated_is_escalated_once_at_most(world_of):
    ledger = played(escalating(world_of, agents=20), Prefer((Action.ESCALATE,)), seeds=1)[0]
    long = served(ledger) & (ledger.talks["first_type"] == 0) & (ledger.talks["agent_turns"] > 1)
    assert (ledger.talks["escalations"][long] == 1).all() and (ledger.contacts["type"][long] == 1).all()
    assert ledger.talks["escalations"].max() == 1
    assert (ledger.talks["escalations"][ledger.talks["first_type"] == 1] == 0).all()


def test_the_scenario_alone_says_what_may_be_escalated():
    ledger = played(escalating(allowed=False), Prefer((Action.ESCALATE,)), seeds=1)[0]
    assert (ledger.talks["escalations"] == 0).all()


def returning(sticky_wait_s, **more):
    handoff = Handoff(context_kept=0.0, repeat_info_s=60.0, sticky_wait_s=sticky_wait_s)
    returns = Returns(repeat_unresolved_p=0.95, repeat_unresolved_mean_s=900.0)
    world = calls(("calls",), handoff=handoff, returns=returns, **{"agents": 8, "per_h": 40.0, **more})
    return replace(world, agents=replace(world.agents, resolve_p=np.full_like(world.agents.resolve_p, 0.4)))


def test_a_repeat_waits_for_the_agent_who_knows_the_case_but_not_for_ever():
    ledger = handled(returning(120.0))
    repeats = ledger.contacts["attempts"] > 0
    own = ledger.contacts["agent"] == ledger.talks["last_agent"]
    waits = ledger.contacts["answer_s"] - ledger.contacts["arrival_s"]
    others = repeats & ~own & ~np.isnan(waits)
    assert others.any() and waits[others].min() >= 120.0
    assert np.isclose(waits[others], 120.0).any()  # released to an agent who was free all the while


def test_a_reservation_ends_although_nobody_was_free_when_it_began():
    world = returning(300.0, agents=2, per_h=12.0)
    waits = []
    for seed in range(6):
        ledger = handled(world, luck(world, seed))
        idle_until_released = np.isclose(ledger.contacts["answer_s"] - ledger.contacts["arrival_s"], 300.0)
        waits += ledger.talks["joins"][idle_until_released].tolist()
    assert waits


def test_the_agent_who_knows_the_case_need_not_be_told_again():
    sticky, any_agent = (handled(returning(wait)) for wait in (120.0, 0.0))
    told = [x.talks["repeated_s"][x.contacts["attempts"] > 0].mean() for x in (sticky, any_agent)]
    assert told[0] < 0.6 * told[1]


def test_a_head_start_bounds_how_long_the_lowest_level_waits():
    """Nobody is overtaken by who came more than the head start later, however long the higher level overflows."""
    world = calls(("calls",), agents=2, per_h=60.0, mean_s=120.0)
    levels = ContactTypes(("calls",), np.array([[0.2, 0.8]]), np.array([0.0, 300.0]))
    hazard = np.zeros((1, 2, 1))
    world = replace(world, types=levels, patience=replace(world.patience, hazard_per_s=hazard))
    contacts = played(world, USUAL, seeds=1)[0].contacts
    answered = contacts[~np.isnan(contacts["answer_s"])]
    low, high = (answered[answered["level"] == level] for level in (0, 1))
    overtaken_by_s = [
        (high["arrival_s"][high["answer_s"] < c["answer_s"]] - c["arrival_s"]).max() for c in low if c["answer_s"] > 0
    ]
    assert 200 < max(overtaken_by_s) <= 300
