"""An agent is one server whom open conversations visit: order of turns, overhead, interruption, going home."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.blocks import Channels, Concurrency, Dialogue
from maitred.envs.kernel.layout import Activity, Mark, Outcome, Term
from maitred.envs.scenario import Service
from tests.envs.kernel.worlds import VOICE_AND_MESSAGES, arriving, chat_world, logged, luck, voice_and_messages


def exact_work(scenario):
    """The scenario with work that does not scatter."""
    types = len(scenario.types.names)
    return replace(scenario, service=Service("lognormal", np.zeros(types), np.zeros(types), np.ones(24)))


def marks(ledger, mark, row=None):
    """Log rows of one kind, of one contact if given."""
    log = ledger.log[ledger.log["mark"] == mark]
    return log if row is None else log[log["contact"] == row]


def test_one_agent_works_on_one_turn_at_a_time_in_the_order_of_the_messages():
    """CC-1: turns of an agent never overlap, and whoever wrote first is answered first."""
    scenario = chat_world(cap=5, agents=1, per_h=60.0)
    ledger = logged(scenario, luck(scenario))
    begun, ended = marks(ledger, Mark.START_TURN), marks(ledger, Mark.END_TURN)
    assert len(ended) > 1000
    assert (begun["s"][1:] >= ended["s"][: len(begun) - 1]).all()
    np.testing.assert_allclose(ended["s"], (begun["s"] + begun["value"])[: len(ended)])
    asked = {(row["contact"], row["turn"]): row["s"] for row in marks(ledger, Mark.REPLY)}
    asked_s = np.array([asked.get((row["contact"], row["turn"]), np.nan) for row in begun])
    later = asked_s[~np.isnan(asked_s)]
    assert (np.diff(later) >= 0).all()


def test_the_overhead_counts_conversations_open_when_a_turn_starts():
    """A turn takes 1 + overhead x (others open) times the work, and a freed place is filled before the next starts."""
    scenario = exact_work(chat_world(agents=1, per_h=120.0, mean_s=30.0))
    scenario = replace(scenario, concurrency=Concurrency(cap_slots=3, switch_overhead=0.1))
    ledger = logged(scenario, luck(scenario))
    begun, contacts = marks(ledger, Mark.START_TURN), ledger.contacts
    answered = contacts[~np.isnan(contacts["answer_s"])]
    end_s = np.nan_to_num(answered["end_s"], nan=np.inf)
    for turn in begun[:: len(begun) // 200]:
        others = ((answered["answer_s"] <= turn["s"]) & (end_s > turn["s"])).sum() - 1
        assert turn["value"] == pytest.approx(30.0 * (1 + 0.1 * others))
    assert begun["value"][len(begun) // 2 :] == pytest.approx(36.0)  # saturated: always three


def interrupted_and_not():
    """One message that a call interrupts after five seconds of its work, and the same message undisturbed."""
    scenario = voice_and_messages(agents=1, mean_s=60.0, wrap_up_s=10.0)
    alone = logged(scenario, arriving(luck(scenario), (0.0, 1)))
    first = marks(alone, Mark.START_TURN)[0]
    assert first["value"] > 2.0
    call_s = first["s"] + first["value"] / 2
    return scenario, alone, logged(scenario, arriving(luck(scenario), (0.0, 1), (call_s, 0))), call_s


def test_work_on_a_message_gives_way_to_a_call_and_is_finished_after_it():
    """CC-5: the call is answered at once; the turn takes up after its wrap-up; no second of work is lost or added."""
    _, alone, both, call_s = interrupted_and_not()
    message, call = both.contacts
    assert call["answer_s"] == call_s
    busy_s = call["work_s"] + call["wrap_up_s"]
    assert marks(both, Mark.END_TURN, 0)[0]["s"] == pytest.approx(marks(alone, Mark.END_TURN, 0)[0]["s"] + busy_s)
    assert message["work_s"] == pytest.approx(alone.contacts["work_s"][0])
    assert message["outcome"] == call["outcome"] == Outcome.SERVED
    assert both.accounts[0, Activity.WORK] == pytest.approx(both.contacts["work_s"].sum())
    focus_s = both.contacts["work_s"].sum() + both.contacts["wrap_up_s"].sum()
    assert both.booked[Term.FOCUS_S] == pytest.approx(focus_s)


def test_a_chat_is_not_interrupted():
    """CC-5: only what the channel declares interruptible gives way."""
    scenario = replace(
        voice_and_messages(agents=1, mean_s=60.0),
        channels=replace(VOICE_AND_MESSAGES, interruptible=0.0),
    )
    ledger = logged(scenario, arriving(luck(scenario), (0.0, 1), (1.0, 0)))
    assert ledger.contacts["answer_s"][1] == ledger.contacts["end_s"][0]


def test_an_agent_who_goes_home_finishes_chats_and_leaves_messages_to_others():
    """A message whose customer writes after the shift goes back to the queue; a chat keeps its agent, in overtime."""
    shift = (8 * 3600.0, 10 * 3600.0)
    late = 10 * 3600.0 - 30.0
    chat = chat_world(agents=1, mean_s=20.0, shift_s=shift, dialogue=Dialogue(turns_mean=8.0))
    over = logged(chat, arriving(luck(chat), (late, 0)))
    assert over.contacts["outcome"][0] == Outcome.SERVED and over.overrun_s[0] > 0
    messages = voice_and_messages(agents=1, mean_s=20.0, shift_s=shift, dialogue=Dialogue(turns_mean=100.0), days=2)
    ledger = logged(messages, arriving(luck(messages), (late, 1)))
    worked = marks(ledger, Mark.START_TURN)["s"] % 86_400
    assert (worked < shift[1]).all() and ledger.overrun_s[0] < 120
    assert ledger.talks["joins"][0] > 1 and marks(ledger, Mark.START_TURN)["s"].max() > 86_400


def test_weights_return_exactly_to_what_they_were():
    """Hundreds of naps later the agent still holds as many as the cap allows, no more and no fewer."""
    channels = Channels(names=("chat",), think_mean_s=200.0, slots=0.7, inactive_after_s=60.0, inactive_slots=0.1)
    scenario = chat_world(cap=2.1, agents=1, per_h=100.0, channels=channels)
    ledger = logged(scenario, luck(scenario))
    contacts = ledger.contacts[~np.isnan(ledger.contacts["answer_s"])]
    end_s = np.nan_to_num(contacts["end_s"], nan=np.inf)
    late = contacts["answer_s"] > 43_200
    opened = np.array([((contacts["answer_s"] <= s) & (end_s > s)).sum() for s in contacts["answer_s"][late]])
    assert opened.min() >= 3 and opened.max() <= 21
