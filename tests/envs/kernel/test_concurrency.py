"""Who may hold how many conversations at once: locks, weighted caps, the limit on open ones, and what holding costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.exactness.chat import storm, storm_p
from experiments.exactness.chat_chain import Turns
from maitred.agents.candidates import feature
from maitred.agents.rules import LongestIdle
from maitred.envs.blocks import Channels, Concurrency, Deferral, Dialogue, Reassess
from maitred.envs.decision import CONTEXT_NAMES, Action, Kind, best, draw
from maitred.envs.kernel.layout import Activity, Mark, Outcome, Place
from maitred.envs.simulator import Simulator
from tests.envs.kernel.worlds import arriving, center, chat_world, logged, luck, played

CHANNELS = Channels(
    names=("voice", "chat", "messages"),
    of_type=np.arange(3),
    exclusive=np.array([1.0, 0.0, 0.0]),
    interruptible=np.array([0.0, 0.0, 1.0]),
    think_mean_s=np.array([0.0, 80.0, 900.0]),
    slots=np.array([1.0, 1.0, 0.7]),
    inactive_after_s=np.array([0.0, 120.0, 240.0]),
    silent_share=np.array([0.0, 0.3, 0.0]),
    silence_tolerance_s=np.array([0.0, 180.0, 0.0]),
)
LEVELS = Dialogue(
    names=("simple", "complex"), work_factor=np.array([0.6, 1.8]), turns_mean=np.array([3.0, 6.0]),
    level=np.array([0.0, 1.0]),
    transition=np.array([[0.0, 0.1], [0.1, 0.0]]), signal_accuracy=0.8, share=0.5,
)  # fmt: skip


class Anything:
    """Any legal candidate, holds included."""

    name = "anything"

    def act(self, decisions):
        return draw(decisions.mask / decisions.mask.sum(axis=1, keepdims=True), decisions.key)


def everything(**concurrency):
    """Calls, chats and messages that may change into one another, agents who come and go, caps that are decided."""
    return center(
        ("call", "chat", "message"),
        agents=3,
        per_h=8.0,
        mean_s=60.0,
        patience_s=300.0,
        wrap_up_s=20.0,
        shift_s=(8 * 3600.0, 16 * 3600.0),
        channels=CHANNELS,
        dialogue=LEVELS,
        concurrency=Concurrency(**{"cap_slots": 3, "switch_overhead": 0.05, "decided": True, **concurrency}),
        reassess=Reassess(async_of=np.array([-1, 2, -1]), live_of=np.array([-1, 0, 0])),
        deferral=Deferral(async_of=np.array([2, 2, -1])),
    )


def each_decision(scenario, seed):
    """The simulator at every decision of a day, answered at random."""
    simulator = Simulator(scenario, [luck(scenario, seed)])
    simulator.step()
    while simulator.pending[0]:
        yield simulator
        simulator.step(Anything().act(simulator.decisions()).candidate)


def desks(x):
    """Contact rows that each agent holds: in line, at work, with the customer, or in wrap-up."""
    contacts, talks = x.contacts[0, : x.center[0]["rows"]], x.talks[0, : x.center[0]["rows"]]
    held = np.isin(talks["place"], (Place.LINE, Place.CUSTOMER)) & (contacts["outcome"] == Outcome.INSIDE)
    for agent, person in enumerate(x.agents[0]):
        rows = set(np.flatnonzero(held & (contacts["agent"] == agent)).tolist())
        wrapping = person["activity"] == Activity.WRAP_UP and person["contact"] >= 0
        yield person, sorted(rows | ({int(person["contact"])} if wrapping else set()))


def check_desk(x, person, rows):
    """What is kept of an agent is the sum over the conversations held."""
    kinds = x.contacts[0, rows]["type"]
    calls, talks = (kinds == 0).sum(), x.talks[0, rows]
    assert calls <= 1
    if calls:
        assert (kinds != 1).all()
        assert person["activity"] in (Activity.WORK, Activity.WRAP_UP) and person["room"] == 0
    assert (person["open"], person["locks"], person["live"]) == (len(rows), calls, (kinds != 2).sum())
    thinking = talks["place"] == Place.CUSTOMER
    assert person["parked"] == (thinking & (kinds == 2)).sum()
    np.testing.assert_allclose(person["load"], talks["slots"].astype(float).sum(), atol=1e-9)
    np.testing.assert_allclose(person["mix"], (x.beliefs[0, rows] @ LEVELS.level).sum(), atol=1e-4)


def check_assignments(simulator):
    """Whoever may be given a conversation has weighted slots for it, or nothing else to do."""
    x, limit = simulator.centers, simulator.scenario.concurrency.open_limit
    head = x.center[0]
    for action, target in zip(x.actions[0, : head["places"]], x.candidates[0, : head["places"]], strict=True):
        if action != Action.ASSIGN or head["kind"] not in (Kind.ROUTE, Kind.PULL):
            continue
        row, agent = (head["subject"], target) if head["kind"] == Kind.ROUTE else (target, head["subject"])
        person, kind = x.agents[0, agent], x.contacts[0, row]["type"]
        assert person["locks"] == 0 and person["open"] < limit
        if kind == 0:
            assert person["live"] == 0
        else:
            slots = CHANNELS.slots[kind] * (1 + x.talks[0, row]["heavy"])
            assert person["load"] == 0 or person["load"] + slots <= person["cap"] + 1e-6


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1000), st.sampled_from([0.0, 150.0]), st.sampled_from([5.0, 25.0]))
def test_at_every_decision_locks_and_weighted_caps_hold(seed, heavy_above_s, open_limit):
    """CC-5, CC-6, CT-7, RS-8: never two voices, nor a voice beside a live chat; caps bind at every assignment."""
    scenario = everything(heavy_above_s=heavy_above_s, open_limit=open_limit)
    for decisions, simulator in enumerate(each_decision(scenario, seed)):
        check_assignments(simulator)
        if decisions % 5 == 0:
            for person, rows in desks(simulator.centers):
                check_desk(simulator.centers, person, rows)


def test_a_lower_cap_drops_no_live_chat():
    """CC-6: whoever holds three chats when the cap falls to one finishes all three, and takes no other meanwhile."""

    class Lower:
        name = "lower"

        def act(self, decisions):
            morning = decisions.context[:, CONTEXT_NAMES.index("time_of_day_sin")] > 0
            wanted = np.where(morning, 3.0, 1.0)[:, None]
            return best(-np.abs(feature(decisions, "cap_set") - wanted), decisions.mask)

    scenario = chat_world(agents=1, per_h=60.0, concurrency=Concurrency(cap_slots=3, decided=True))
    ledger = played(scenario, Lower(), 1)[0]
    held = ledger.contacts[ledger.contacts["outcome"] == Outcome.SERVED]
    begun, ended = held["answer_s"], held["end_s"]
    others = ((begun < begun[:, None]) & (ended > begun[:, None])).sum(axis=1)  # open when each one begins
    noon = 43_200.0
    assert ((begun < noon) & (ended > noon)).sum() == 3 and others[begun < noon].max() == 2
    assert others[begun > noon].max() == 0
    assert (ledger.contacts["outcome"] != Outcome.ABANDONED).all()


def test_heavy_contacts_take_two_slots_and_are_not_passed_over_for_ever():
    """CT-7: a contact of two slots waits beside a free single one, and is offered once a second comes free."""
    channels = Channels(names=("chat",), think_mean_s=80.0)
    dialogue = Dialogue(names=("light", "heavy"), share=np.eye(2), turns_mean=np.array([4.0, 8.0]))
    scenario = center(
        ("light", "heavy"), agents=1, channels=channels, dialogue=dialogue,
        concurrency=Concurrency(cap_slots=3, heavy_above_s=200.0),
    )  # fmt: skip
    ledger = logged(scenario, arriving(luck(scenario), (0, 0), (1, 0), (2, 1), (3, 1)))
    light, heavy = ledger.contacts[:2], ledger.contacts[2:]
    assert ledger.talks["heavy"].tolist() == [0, 0, 1, 1]
    assert heavy["answer_s"][0] == light["end_s"].min()
    assert heavy["answer_s"][1] == heavy["end_s"][0]


@pytest.mark.parametrize("slots, cap, most", [(1.0, 3.0, 3), (0.5, 3.0, 6), (2.0, 3.0, 1), (2.0, 1.0, 1)])
def test_the_cap_counts_weighted_slots(slots, cap, most):
    """RS-8: conversations of half a slot go twice as many; one alone is taken whatever it weighs."""
    scenario = chat_world(
        cap=cap, agents=1, per_h=200.0, channels=Channels(names=("chat",), think_mean_s=80.0, slots=slots)
    )
    assert most_open(logged(scenario, luck(scenario))) == most


def most_open(ledger):
    """Most conversations open at once, of one agent."""
    contacts = ledger.contacts[~np.isnan(ledger.contacts["answer_s"])]
    ended = np.nan_to_num(contacts["end_s"], nan=np.inf)
    return max(((contacts["answer_s"] <= s) & (ended > s)).sum() for s in contacts["answer_s"])


def test_the_limit_on_open_conversations_counts_inactive_ones():
    """CC-4: where inactive conversations weigh nothing, only the limit stops an agent."""
    channels = Channels(names=("chat",), think_mean_s=600.0, inactive_after_s=60.0, inactive_slots=0.0)
    for limit in (5, 12):
        scenario = chat_world(
            cap=3, agents=1, per_h=200.0, channels=channels, concurrency=Concurrency(cap_slots=3, open_limit=limit)
        )
        assert most_open(logged(scenario, luck(scenario))) == limit


def test_a_reactivation_storm_is_as_likely_as_computed():
    """CC-4: customers who were silent write at once, and the load exceeds the cap for the exact share of time."""
    quiet = Turns(20.0, 80.0)
    assert storm_p(quiet, 3) == 0 and 0.3 < storm_p(quiet, 4) < storm_p(quiet, 6)
    assert storm_p(quiet, 5) in storm(quiet, 5, days=1, episodes=8, seed=3)


def test_two_chats_slow_replies_by_about_a_fifth():
    """CC-2: the ratio of reply times at 2 and 1 chats lies in 1.15..1.30 for simple work (anchor 1.18-1.20)."""
    reply_s = []
    for cap in (1, 2):
        scenario = chat_world(
            cap=cap, agents=1, per_h=200.0, mean_s=20.0, dialogue=Dialogue(turns_mean=50.0),
            concurrency=Concurrency(cap_slots=cap, switch_overhead=0.05),
        )  # fmt: skip
        talks = [ledger.talks for ledger in played(scenario, LongestIdle(), 4)]
        reply_s.append(sum(t["reply_s"].sum() for t in talks) / sum(t["replies"].sum() for t in talks))
    assert 1.15 < reply_s[1] / reply_s[0] < 1.30


def test_resolution_falls_with_the_cap():
    """CC-2: every other open conversation costs `resolve_loss` of the chance to resolve one."""
    resolved = []
    for cap in (1, 3, 6):
        scenario = chat_world(
            agents=2, per_h=200.0, concurrency=Concurrency(cap_slots=cap, resolve_loss=0.05), patience_s=600.0
        )
        served = [one.contacts[one.contacts["outcome"] == Outcome.SERVED] for one in played(scenario, LongestIdle(), 2)]
        resolved.append(np.concatenate(served)["resolved"].mean())
    assert resolved[0] == pytest.approx(0.8, abs=0.03)
    assert resolved[1] == pytest.approx(0.7, abs=0.03)
    assert resolved[2] == pytest.approx(0.55, abs=0.04)


def test_a_cap_is_decided_at_every_freed_slot():
    """AC-7: also where the agent had room already."""
    scenario = chat_world(agents=1, per_h=10.0, concurrency=Concurrency(cap_slots=3, decided=True))
    ledger = logged(scenario, luck(scenario))
    closed = ledger.log["s"][ledger.log["mark"] == Mark.CLOSE]
    assert np.isin(closed, ledger.log["s"][ledger.log["mark"] == Mark.CAP]).all()
