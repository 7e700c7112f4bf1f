"""How a conversation goes on at a turn boundary: live, in writing, back to automation, the next issue (AC-8, AC-12)."""

import numpy as np
import pytest

from maitred.envs.blocks import Bots, Channels, Customers, Dialogue, Handoff, Reassess
from maitred.envs.decision import Action, Kind
from maitred.envs.kernel.layout import Mark, Origin, Outcome, Term
from maitred.envs.scenario import Returns
from maitred.envs.simulator import Simulator
from tests.envs.kernel.policies import USUAL, Anything, Prefer
from tests.envs.kernel.worlds import center, chat_world, luck, played, voice_and_chat, voice_and_messages

LIVE, ASYNC, HAND_BACK, NEXT_ISSUE = (
    Prefer((action,)) for action in (Action.LIVE, Action.ASYNC, Action.HAND_BACK, Action.NEXT_ISSUE)
)


def ledger_of(world, policy):
    return played(world, policy, seeds=1)[0]


def served(ledger):
    return ledger.contacts["outcome"] == Outcome.SERVED


def to_voice(keep=True, accept_p=1.0, **more):
    """Chats (type 1) that may go on by voice (type 0)."""
    return voice_and_chat(
        agents=20,
        reassess=Reassess(live_of=np.array([-1, 0]), live_accept_p=accept_p, keep_context=keep),
        handoff=Handoff(repeat_info_s=60.0),
        **more,
    )


@pytest.mark.parametrize("keep", [True, False])
def test_a_change_of_channel_keeps_what_was_said_if_and_only_if_that_is_enabled(keep):
    ledger = ledger_of(to_voice(keep), LIVE)
    called = served(ledger) & (ledger.talks["first_type"] == 1) & (ledger.contacts["type"] == 0)
    assert called.sum() > 100
    np.testing.assert_allclose(ledger.talks["repeated_s"][called], 0 if keep else 60)
    np.testing.assert_allclose(ledger.talks["repeated_s"][~called], 0)


def test_losing_what_was_said_takes_as_much_longer():
    kept, lost = (ledger_of(to_voice(keep), LIVE) for keep in (True, False))
    called = served(kept) & served(lost) & (kept.talks["first_type"] == 1) & (kept.contacts["type"] == 0)
    longer = lost.contacts["work_s"][called] - kept.contacts["work_s"][called]
    np.testing.assert_allclose(np.median(longer), 60)


def test_going_live_ends_the_conversation_in_one_more_turn_of_the_same_agent():
    ledger = ledger_of(to_voice(), LIVE)
    called = served(ledger) & (ledger.talks["first_type"] == 1) & (ledger.contacts["type"] == 0)
    assert (ledger.talks["agent_turns"][called] == 2).all() and (ledger.talks["transfers"][called] == 0).all()


def test_whoever_declines_to_talk_goes_on_in_writing_and_is_not_asked_again():
    ledger = ledger_of(to_voice(accept_p=0.3, customers=Customers(prefers_other_p=0.2)), LIVE)
    talks = ledger.talks
    chats, declined = served(ledger) & (talks["first_type"] == 1), talks["declined"] == 1
    called, prefers = chats & (ledger.contacts["type"] == 0), talks["prefers_other"] == 1
    asked = called | (chats & declined)
    np.testing.assert_allclose(called[asked & ~prefers].mean(), 0.3, atol=0.06)
    assert (asked & prefers).any() and not (declined & prefers).any() and not (declined & called).any()
    assert (talks["agent_turns"][chats & declined] > 1).all()


def test_nobody_holds_two_calls_whatever_is_decided():
    world = to_voice()
    simulator = Simulator(world, [luck(world)])
    simulator.step()
    for _ in range(4000):
        simulator.step(Anything().act(simulator.decisions()).candidate)
        assert simulator.centers.agents["locks"].max() <= 1


def test_going_on_in_writing_stays_with_the_agent_and_frees_the_line():
    world = voice_and_messages(agents=20, reassess=Reassess(async_of=np.array([1, -1])))
    ledger = ledger_of(world, ASYNC)
    calls = served(ledger) & (ledger.talks["first_type"] == 0)
    assert calls.any() and (ledger.contacts["type"][calls] == 1).all()
    assert (ledger.talks["transfers"][calls] == 0).all() and (ledger.talks["agent_turns"][calls] > 1).all()
    assert (ledger.talks["think_s"][calls] > 0).all()


def test_the_rest_may_go_back_to_automation_once():
    bots = Bots(names=("bot",), resolve_p=0.5)
    ledger = ledger_of(chat_world(agents=20, bots=bots, reassess=Reassess(hand_back=True)), HAND_BACK)
    handed_back = ledger.talks["bot"] == 0
    done = served(ledger) & handed_back
    contained = ledger.talks["contained"][done]
    assert contained.mean() == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / done.sum()))
    assert (ledger.contacts["agent"][done] >= 0).all() and not np.isnan(ledger.contacts["answer_s"][done]).any()
    assert (ledger.talks["handovers"][done] == 1 - contained).all()


def heading_off(next_issue_s):
    return center(
        ("calls",),
        agents=20,
        per_h=60.0,
        mean_s=120.0,
        returns=Returns(repeat_unresolved_p=0.9, repeat_unresolved_mean_s=900.0),
        reassess=Reassess(next_issue_s=next_issue_s, next_issue_avoids_p=0.5),
    )


def test_heading_off_the_next_issue_lowers_repeats_at_the_stated_work():
    usual, longer = (ledger_of(heading_off(60.0), policy) for policy in (USUAL, NEXT_ISSUE))
    assert (longer.talks["avoided"][served(longer)] == 1).all()

    def handle_s(ledger):
        first = served(ledger) & (ledger.contacts["origin"] == Origin.FIRST)
        return ledger.contacts["work_s"][first]

    np.testing.assert_allclose(handle_s(longer)[:1000] - handle_s(usual)[:1000], 60.0)
    chances = []
    for ledger in (usual, longer):
        repeats = (ledger.contacts["origin"] == Origin.REPEAT).sum()
        chances.append(repeats / (served(ledger) & (ledger.contacts["resolved"] == 0)).sum())
    assert chances[0] == pytest.approx(0.9, abs=0.06) and chances[1] == pytest.approx(0.45, abs=0.09)


def test_nothing_is_decided_where_nothing_but_going_on_is_legal():
    world = chat_world(agents=20, dialogue=Dialogue(turns_mean=6.0))
    simulator = Simulator(world, [luck(world)])
    simulator.step()
    kinds = set()
    while simulator.pending.any():
        kinds |= set(simulator.decisions().kind.tolist())
        simulator.step(USUAL.act(simulator.decisions()).candidate)
    assert Kind.REASSESS not in kinds


def test_a_decision_per_turn_changes_nothing_if_it_is_always_to_go_on():
    plain = chat_world(agents=4)
    asked = chat_world(agents=4, handoff=Handoff(escalate_to=np.array([0])), reassess=Reassess(escalate=True))
    one, other = (ledger_of(world, USUAL) for world in (plain, asked))
    assert other.decisions > 2 * one.decisions
    for name in ("arrival_s", "answer_s", "end_s", "work_s", "agent", "resolved"):
        np.testing.assert_array_equal(one.contacts[name], other.contacts[name])


def test_a_call_is_decided_on_once_at_its_end():
    world = center(
        ("first line", "experts"),
        agents=20,
        channels=Channels(exclusive=True),
        handoff=Handoff(escalate_to=np.array([1, -1])),
        reassess=Reassess(escalate=np.array([1.0, 0.0])),
    )
    ledger = ledger_of(world, USUAL)
    assert ledger.booked[Term.TRANSFERRED] == 0
    simulator = Simulator(world, [luck(world)], keep_log=True)
    simulator.step()
    asked = []
    while simulator.pending.any():
        decisions = simulator.decisions()
        if decisions.kind[0] == Kind.REASSESS:
            asked.append(int(simulator.centers.center["subject"][0]))
        simulator.step(USUAL.act(decisions).candidate)
    log = simulator.ledger(0).log
    ended = log["contact"][log["mark"] == Mark.END_TURN]
    first_line = simulator.ledger(0).talks["first_type"][ended] == 0
    assert sorted(asked) == sorted(ended[first_line]) == sorted(set(asked))
