"""Customers who leave without a word: how many, when, and what the agents lose by them (K-4)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.blocks import Channels, Concurrency, Dialogue
from maitred.envs.kernel.layout import Activity, Mark, Outcome, Term
from maitred.envs.scenario import Service
from tests.envs.kernel.worlds import CHAT, arriving, chat_world, logged, luck, voice_and_chat

TIMEOUT_S = 180.0


def crowded(silent_share):
    """Too few agents, so that many give up in the queue."""
    channels = replace(CHAT, silent_share=silent_share, silence_timeout_s=TIMEOUT_S)
    return chat_world(agents=2, per_h=150.0, patience_s=120.0, channels=channels)


def slow(work_s, tolerance_s, turns=1.0):
    """Replies of exactly `work_s`, one conversation at a time and one agent for each."""
    channels = Channels(names=("chat",), think_mean_s=80.0, silence_tolerance_s=tolerance_s)
    scenario = chat_world(
        cap=1, agents=40, per_h=60.0, mean_s=work_s, channels=channels, dialogue=Dialogue(turns_mean=turns)
    )
    return replace(scenario, service=Service("lognormal", np.zeros(1), np.zeros(1), np.ones(24)))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_the_silent_share_injected_is_observed(share):
    """Of those who give up in the queue, this share says nothing and is found out later."""
    ledger = logged(crowded(share), luck(crowded(share)))
    gone = ledger.contacts["outcome"] == Outcome.ABANDONED
    silent = ledger.talks["silent"][gone] == 1
    hidden = ledger.talks["ghost"] == 1
    assert len(silent) > 500
    given_up = gone | hidden  # those not found out at the end of the day included
    assert hidden[given_up].mean() == pytest.approx(share, abs=2.6 * np.sqrt(0.25 / given_up.sum()))
    assert ledger.booked[Term.ABANDONED] == gone.sum()


def test_the_time_agents_waste_on_the_silent_is_in_the_ledger():
    """One turn each, and a slot until the agent finds out; the work adds up with that on the others to the account."""
    scenario = crowded(0.5)
    ledger = logged(scenario, luck(scenario))
    silent = np.flatnonzero(ledger.talks["silent"] == 1)
    log, contacts = ledger.log, ledger.contacts
    turns = log[(log["mark"] == Mark.START_TURN) & np.isin(log["contact"], silent)]
    assert sorted(turns["contact"]) == silent.tolist()
    np.testing.assert_allclose(turns["value"][np.argsort(turns["contact"])], contacts["work_s"][silent])
    written = log[(log["mark"] == Mark.END_TURN) & np.isin(log["contact"], silent)]
    written = written[np.argsort(written["contact"])]
    np.testing.assert_allclose(contacts["end_s"][silent] - written["s"], TIMEOUT_S)
    last = log[log["mark"] == Mark.START_TURN]
    unfinished = np.maximum(last["s"] + last["value"] - ledger.horizon_s, 0).sum()
    worked_s = ledger.accounts[:, Activity.WORK].sum()
    assert worked_s == pytest.approx(contacts["work_s"].sum() - unfinished)
    assert 0 < contacts["work_s"][silent].sum() < worked_s


def test_nobody_leaves_within_the_tolerance():
    """In-chat tolerance: replies that take no longer than tolerated lose nobody."""
    scenario = slow(170.0, 180.0, turns=4.0)
    assert logged(scenario, luck(scenario)).talks["ghost"].sum() == 0


@pytest.mark.parametrize("turns", [1.0, 3.0])
def test_beyond_the_tolerance_customers_leave_at_a_constant_rate(turns):
    """A reply twice the tolerance loses 1 - 1/e of those who wait for it, whatever came before."""
    scenario = slow(360.0, 180.0, turns)
    ledger = logged(scenario, luck(scenario))
    replies, left = ledger.talks["replies"].sum(), ledger.talks["ghost"].sum()
    assert replies > 1000
    assert left / replies == pytest.approx(1 - np.exp(-1), abs=0.04)


def test_the_default_tolerance_loses_few_chats_at_a_sensible_cap_and_many_at_a_senseless_one():
    """Domain 2.3: 180 s; chats of nine turns of 35 s, at full load."""
    lost = []
    for cap in (2, 5):
        scenario = chat_world(
            agents=1, per_h=60.0, mean_s=35.0, channels=replace(CHAT, silence_tolerance_s=180.0),
            dialogue=Dialogue(turns_mean=9.0), concurrency=Concurrency(cap_slots=cap, switch_overhead=0.05),
        )  # fmt: skip
        ledger = logged(scenario, luck(scenario))
        over = ledger.contacts["outcome"] != Outcome.INSIDE
        lost.append(ledger.talks["silent"][over].mean())
    assert lost[0] < 0.15 and lost[1] > 0.4


def test_nobody_leaves_a_call_without_a_word():
    """A call has no replies to wait for, however long it takes."""
    scenario = voice_and_chat(mean_s=400.0, channels=replace(voice_and_chat().channels, silence_tolerance_s=30.0))
    ledger = logged(scenario, luck(scenario))
    calls = ledger.contacts["type"] == 0
    assert ledger.talks["ghost"][calls].sum() == 0 and ledger.talks["replies"][calls].sum() == 0
    assert ledger.talks["ghost"][~calls].sum() > 0


def test_the_wait_in_the_queue_is_not_held_against_the_reply():
    """Patience in the queue has its own hazard; the tolerance runs from when an agent takes the chat."""
    scenario = slow(60.0, 90.0)
    alone = chat_world(cap=1, agents=1, mean_s=60.0, channels=scenario.channels, dialogue=Dialogue(turns_mean=1.0))
    alone = replace(alone, service=scenario.service)
    ledger = logged(alone, arriving(luck(alone), *[(float(i), 0) for i in range(20)]))
    assert ledger.talks["ghost"].sum() == 0
    np.testing.assert_allclose(ledger.talks["reply_s"], 60.0)
