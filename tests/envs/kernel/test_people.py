"""Shifts, breaks, training, overrun, groups and back offices: when agents are there, for whom, and what it costs."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.agents.rules import RULES
from maitred.envs.blocks import Bots, Customers, Deferral, Dialogue, Handoff, Outreach, People
from maitred.envs.calibration.pooling import pooled_shares
from maitred.envs.kernel.layout import Activity, Mark, Outcome, Term
from maitred.envs.scenario import Staffing
from maitred.envs.simulator import Simulator
from maitred.envs.trace import AWAY_END, AWAY_START, CODE_MASK, REASON_SHIFT, ROSTER, SHIFT_END, SHIFT_START
from tests.envs.kernel.worlds import arriving, center, chat_world, logged, luck, voice_and_messages

HOUR_S = 3600.0
CALL, MESSAGE = 0, 1


def shift(agent, start_s, end_s):
    """Roster events of one shift."""
    return [(start_s, end_s, agent, SHIFT_START), (end_s, end_s, agent, SHIFT_END)]


def away(agent, start_s, end_s, reason=0):
    """Roster events of one absence."""
    return [(start_s, end_s, agent, AWAY_START | reason << REASON_SHIFT), (end_s, end_s, agent, AWAY_END)]


def on_roster(trace, *events):
    """The trace with these roster events instead."""
    roster = np.array([event for some in events for event in some], ROSTER)
    return replace(trace, roster=roster[np.lexsort((roster["code"] & CODE_MASK, roster["s"]))])


def log_of(ledger, mark):
    """The log's entries of one kind."""
    return ledger.log[ledger.log["mark"] == mark]


def random_run(scenario, trace):
    """The ledger of random answers, with its log."""
    simulator = Simulator(scenario, [trace], keep_log=True)
    simulator.step()
    while simulator.pending.any():
        simulator.step(RULES["random"].act(simulator.decisions()).candidate)
    return simulator.ledger(0)


def busy_center(days=14):
    """Calls and messages, two groups, and every way for an agent to be away, to be paid for and to be replaced."""
    scenario = voice_and_messages(
        agents=6, per_h=12.0, mean_s=120.0, wrap_up_s=20.0, days=days,
        bots=Bots(("bot",), takes=np.ones((1, 2)), resolve_p=0.4, cost_per_session=0.4, cost_per_turn=0.05),
        deferral=Deferral(callback=np.array([1.0, 0.0]), callback_window_s=900.0),
        outreach=Outreach(needs_per_h=np.array([2.0, 0.0])),
        people=People(
            learn_ratio=1.7, nesting_wk=6, shadow_min_per_day=30, break_min=20, absence_p=0.1, last_call_s=600,
            fatigue_work=0.1, copilot_novice=0.3, copilot_cost_per_day=3.5, attrition_per_year=10,
            attrition_per_occupancy=100, replacement_cost=1000,
        ),
    )  # fmt: skip
    agents = replace(
        scenario.agents, tenure_wk=np.array([1.0, 50.0, 60.0, 2.0, 70.0, 80.0]), group=np.array([0, 0, 0, 1, 1, 1]),
        group_names=("onshore", "offshore"), cost_per_min=np.array([0.65, 0.2]),
    )  # fmt: skip
    staffing = Staffing(
        shift_day_type=np.zeros(4, int), shift_group=np.array([0, 1, 0, 1]),
        shift_start_s=np.array([6.0, 8.0, 14.0, 14.5]) * HOUR_S,
        shift_end_s=np.array([14.0, 14.5, 22.0, 24.0]) * HOUR_S,
        shift_agents=np.array([2, 2, 2, 2]), availability=0.9, pause_mean_s=15.0, ready_share=0.8,
    )  # fmt: skip
    return replace(scenario, agents=agents, staffing=staffing)


@pytest.fixture(scope="module", params=[1, 3])
def busy(request):
    """(scenario, trace, ledger) of random answers in the busy center."""
    scenario = busy_center()
    trace = luck(scenario, request.param)
    return scenario, trace, random_run(scenario, trace)


def test_paid_time_is_the_shifts_and_the_overrun_and_the_cost_is_that_time_and_what_else_was_bought(busy):
    scenario, trace, ledger = busy
    p = scenario.people
    starts = trace.roster[trace.roster["code"] == SHIFT_START]
    scheduled_s = np.bincount(starts["agent"], starts["end_s"] - starts["s"], 6)
    paid_s = ledger.accounts[:, Activity.IDLE :].sum(axis=1)
    np.testing.assert_allclose(ledger.accounts.sum(axis=1), ledger.horizon_s)
    np.testing.assert_allclose(paid_s, scheduled_s + ledger.overrun_s, atol=1e-6)
    assert (ledger.accounts.sum(axis=0) > 0).all() and ledger.overrun_s.sum() > 0
    bought = {
        "bots": ledger.talks["bot_cost"].sum(),
        "messages": len(log_of(ledger, Mark.MESSAGE)) * scenario.outreach.message_cost,
        "call-backs": len(log_of(ledger, Mark.CALLBACK)) * scenario.deferral.callback_cost,
        "copilot": len(log_of(ledger, Mark.SHIFT_START)) * p.copilot_cost_per_day,
        "replacements": ledger.left.sum() * p.replacement_cost,
    }
    assert min(bought.values()) > 0
    wages = paid_s @ scenario.agents.cost_per_min[scenario.agents.group] / 60
    assert ledger.booked[Term.COST] == pytest.approx(wages + sum(bought.values()), rel=1e-9)


def test_no_call_reaches_an_agent_who_is_off_shift_away_or_about_to_leave(busy):
    scenario, trace, ledger = busy
    calls = ledger.contacts[(ledger.contacts["type"] == CALL) & ~np.isnan(ledger.contacts["answer_s"])]
    codes = trace.roster["code"] & CODE_MASK
    for agent in range(6):
        own, times = trace.roster["agent"] == agent, calls["answer_s"][calls["agent"] == agent]
        shifts, absences = (trace.roster[own & (codes == code)] for code in (SHIFT_START, AWAY_START))
        assert len(times) and covered(times, shifts["s"], shifts["end_s"] - scenario.people.last_call_s).all()
        assert not covered(times, absences["s"], absences["end_s"]).any()


def covered(times, starts, ends):
    """Which times lie in one of the intervals start..end, the start included."""
    return ((times[:, None] >= starts) & (times[:, None] < ends)).any(axis=1)


def one_agent(scenario, *events, contacts):
    """The ledger of one agent on a hand-made roster with hand-made contacts."""
    return logged(scenario, arriving(on_roster(luck(scenario), *events), *contacts))


def test_open_conversations_are_finished_before_the_break():
    scenario = chat_world(agents=1, mean_s=60.0)
    break_ = away(0, HOUR_S, 2 * HOUR_S, Activity.BREAK)
    contacts = [(HOUR_S - 30, 0), (HOUR_S - 20, 0), (HOUR_S + 10, 0)]
    ledger = one_agent(scenario, shift(0, 0.0, 8 * HOUR_S), break_, contacts=contacts)
    first, second, third = ledger.contacts
    last_word_s = max(first["end_s"], second["end_s"])
    assert HOUR_S < last_word_s < 2 * HOUR_S
    assert third["answer_s"] == 2 * HOUR_S
    assert ledger.accounts[0, Activity.BREAK] == pytest.approx(2 * HOUR_S - last_word_s)


def test_absences_of_several_kinds_are_booked_each_as_what_it_is():
    scenario = center(agents=1)
    kinds = {Activity.BREAK: 900.0, Activity.TRAINING: 1800.0, 0: 600.0}
    starts = np.array([1.0, 2.0, 3.0]) * HOUR_S
    absences = [
        away(0, start_s, start_s + length_s, reason)
        for start_s, (reason, length_s) in zip(starts, kinds.items(), strict=True)
    ]
    ledger = one_agent(scenario, shift(0, 0.0, 8 * HOUR_S), *absences, contacts=[(9 * HOUR_S, 0)])
    spent = [ledger.accounts[0, kind] for kind in (Activity.BREAK, Activity.TRAINING, Activity.UNAVAILABLE)]
    assert spent == [900.0, 1800.0, 600.0]
    assert ledger.accounts[0, Activity.IDLE] == 8 * HOUR_S - 3300


def test_a_break_ends_a_pause_and_another_absence_keeps_its_own_name():
    scenario = center(("call",), agents=1, mean_s=10.0)
    scenario = replace(scenario, staffing=replace(scenario.staffing, pause_mean_s=3600.0))
    break_ = away(0, 300.0, 1200.0, Activity.BREAK)
    ledger = one_agent(scenario, shift(0, 0.0, 2000.0), break_, contacts=[(100.0, 0), (1300.0, 0)])
    paused_s = 300 - ledger.contacts["end_s"][0]
    assert ledger.accounts[0, Activity.BREAK] == 900
    assert ledger.contacts["answer_s"][1] == 1300
    assert ledger.accounts[0, Activity.UNAVAILABLE] >= paused_s


def test_parked_messages_keep_nobody_at_work_and_go_to_who_is_there_when_the_customer_replies():
    scenario = voice_and_messages(agents=2, mean_s=20.0, dialogue=Dialogue(turns_mean=50.0))
    end_s = HOUR_S
    rosters = shift(0, 0.0, end_s), shift(1, end_s, 24 * HOUR_S)
    ledger = one_agent(scenario, *rosters, contacts=[(end_s - 400, MESSAGE)] * 3)
    turns = log_of(ledger, Mark.START_TURN)
    before = turns["s"] < end_s
    assert (turns["agent"][before] == 0).all() and (turns["agent"][~before] == 1).all() and not before.all()
    assert ledger.overrun_s[0] < 120  # at most the turns that were due
    assert (ledger.talks["last_agent"] == 0).all()


def test_overrun_lasts_until_the_last_of_several_conversations_is_over_and_is_paid_once():
    scenario = chat_world(agents=1, mean_s=60.0, wrap_up_s=30.0)
    end_s = HOUR_S
    contacts = [(end_s - 60, 0), (end_s - 50, 0), (end_s - 40, 0)]
    ledger = one_agent(scenario, shift(0, 0.0, end_s), contacts=contacts)
    gone_s = (ledger.contacts["end_s"] + ledger.contacts["wrap_up_s"]).max()
    assert (ledger.contacts["outcome"] == Outcome.SERVED).all()
    assert ledger.overrun_s[0] >= gone_s - end_s - 1e-6 > 0
    paid_s = ledger.accounts[0, Activity.IDLE :].sum()
    assert paid_s == pytest.approx(end_s + ledger.overrun_s[0])
    assert ledger.booked[Term.COST] == pytest.approx(paid_s * 0.65 / 60)


@pytest.mark.parametrize("gap_s", [0.0, 20.0])
def test_who_is_still_finishing_when_the_next_shift_starts_is_paid_for_no_second_twice(gap_s):
    scenario = center(agents=1, mean_s=600.0, people=People(fatigue_work=0.01))
    end_s, start_s = HOUR_S, HOUR_S + gap_s
    rosters = shift(0, 0.0, end_s), shift(0, start_s, 2 * HOUR_S)
    ledger = one_agent(scenario, *rosters, contacts=[(end_s - 1, 0)])
    assert ledger.contacts["end_s"][0] > start_s
    assert ledger.overrun_s[0] == pytest.approx(gap_s)
    assert ledger.accounts[0, Activity.IDLE :].sum() == pytest.approx(2 * HOUR_S)
    assert ledger.booked[Term.COST] == pytest.approx(2 * HOUR_S * 0.65 / 60)


def test_the_last_part_of_a_shift_takes_messages_but_no_call():
    scenario = voice_and_messages(agents=1, mean_s=10.0, people=People(last_call_s=1800.0))
    end_s = 8 * HOUR_S
    contacts = [(end_s - 120, CALL), (end_s - 110, MESSAGE)]
    ledger = one_agent(scenario, shift(0, 0.0, end_s), contacts=contacts)
    assert np.isnan(ledger.contacts["answer_s"][0])
    assert ledger.contacts["answer_s"][1] == end_s - 110
    free = one_agent(replace(scenario, people=People()), shift(0, 0.0, end_s), contacts=contacts)
    assert free.contacts["answer_s"][0] == end_s - 120


def test_a_shift_that_is_all_last_part_takes_not_even_the_call_that_waits_for_it():
    scenario = voice_and_messages(agents=1, mean_s=10.0, people=People(last_call_s=1800.0))
    contacts = [(HOUR_S - 10, CALL), (HOUR_S - 5, MESSAGE)]
    ledger = one_agent(scenario, shift(0, HOUR_S, HOUR_S + 900), contacts=contacts)
    assert np.isnan(ledger.contacts["answer_s"][0])
    assert ledger.contacts["answer_s"][1] == HOUR_S


def test_a_parked_message_does_not_delay_the_break_and_waits_for_its_end_where_nobody_else_is():
    scenario = voice_and_messages(agents=1, mean_s=20.0, dialogue=Dialogue(turns_mean=50.0))
    break_ = away(0, HOUR_S, 3 * HOUR_S, Activity.BREAK)
    ledger = one_agent(scenario, shift(0, 0.0, 8 * HOUR_S), break_, contacts=[(HOUR_S - 400, MESSAGE)])
    assert ledger.accounts[0, Activity.BREAK] > 2 * HOUR_S - 60
    turns, replies = log_of(ledger, Mark.START_TURN), log_of(ledger, Mark.REPLY)
    during = covered(replies["s"], np.array([HOUR_S]), np.array([3 * HOUR_S]))
    assert during.sum() == 1 and (turns["s"] == 3 * HOUR_S).any()
    assert not covered(turns["s"], np.array([HOUR_S]), np.array([3 * HOUR_S])).any()


def test_a_break_that_passes_during_a_call_is_lost():
    scenario = center(("call",), agents=1, mean_s=1e4)
    break_ = away(0, 100.0, 200.0, Activity.BREAK)
    ledger = one_agent(scenario, shift(0, 0.0, 20 * HOUR_S), break_, contacts=[(50.0, 0)])
    assert ledger.contacts["end_s"][0] > 200 and ledger.accounts[0, Activity.BREAK] == 0


def test_who_holds_conversations_neither_pauses_nor_drifts_away():
    scenario = chat_world(agents=1, mean_s=30.0, dialogue=Dialogue(turns_mean=20.0))
    staffing = replace(scenario.staffing, pause_mean_s=60.0, ready_share=0.2, drift_mean_s=600.0)
    contacts = [(1.0, 0), (2.0, 0), (3.0, 0)]
    ledger = one_agent(replace(scenario, staffing=staffing), shift(0, 0.0, 8 * HOUR_S), contacts=contacts)
    answer_s, end_s = np.nanmin(ledger.contacts["answer_s"]), ledger.contacts["end_s"].max()
    assert end_s - answer_s > 1800
    served_s = ledger.accounts[0, Activity.WORK]
    assert served_s == pytest.approx(ledger.contacts["work_s"].sum())
    gaps_s = ledger.contacts["answer_s"] - ledger.contacts["arrival_s"]
    assert (gaps_s == 0).all()  # there from the first to the last of them
    turns = log_of(ledger, Mark.START_TURN)
    assert len(turns) == ledger.talks["turns"].sum()
    assert ledger.accounts[0, Activity.UNAVAILABLE] <= 8 * HOUR_S - end_s


def test_a_nesting_agent_takes_the_configured_minutes_of_an_expert():
    scenario = center(agents=3, per_h=0.0, days=5, people=People(nesting_wk=6, shadow_min_per_day=45))
    scenario = replace(scenario, agents=replace(scenario.agents, tenure_wk=np.array([1.0, 20.0, 80.0])))
    ledger = logged(scenario, luck(scenario))
    np.testing.assert_allclose(ledger.accounts[:, Activity.TRAINING], [0, 0, 5 * 45 * 60])
    np.testing.assert_allclose(ledger.accounts[2, Activity.IDLE], 5 * (24 * 3600 - 45 * 60))


def test_groups_have_their_own_cost_and_language():
    scenario = center(("english", "french"), agents=4, per_h=20.0, mean_s=200.0)
    may_answer = np.array([[1, 1], [1, 1], [1, 0], [1, 0]], dtype=bool)
    agents = replace(
        scenario.agents, group=np.array([0, 0, 1, 1]), group_names=("home", "partner"), may_answer=may_answer,
        cost_per_min=np.array([0.65, 0.2]),
    )  # fmt: skip
    staffing = Staffing(np.zeros(2, int), np.array([0, 1]), np.zeros(2), np.full(2, 86400.0), np.array([2, 2]))
    scenario = replace(scenario, agents=agents, staffing=staffing)
    ledger = random_run(scenario, luck(scenario))
    french = ledger.contacts[(ledger.contacts["type"] == 1) & (ledger.contacts["agent"] >= 0)]
    assert len(french) > 100 and (french["agent"] < 2).all()
    assert (ledger.contacts["agent"] >= 2).any()
    assert ledger.booked[Term.COST] == pytest.approx(2 * 24 * 60 * (0.65 + 0.2))


def test_a_back_office_approves_and_does_nothing_else_and_nothing_it_must_approve_closes_without():
    handoff = Handoff(approval_by=np.array([1, -1]), approval_p=np.array([0.3, 0.0]))
    scenario = center(("loan", "approval"), agents=4, mean_s=150.0, handoff=handoff)
    per_h = np.zeros((1, 2, 24))
    per_h[:, 0] = 40.0
    may_answer = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], dtype=bool)
    scenario = replace(
        scenario,
        arrivals=replace(scenario.arrivals, rate_per_h=per_h),
        agents=replace(scenario.agents, may_answer=may_answer),
    )
    ledger = random_run(scenario, luck(scenario))
    served = ledger.contacts["outcome"] == Outcome.SERVED
    approved = ledger.talks["approved"] == 1
    assert approved[served].mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / served.sum()))
    assert ((ledger.contacts["agent"] == 3) == (ledger.contacts["type"] == 1))[served].all()
    assert (approved == (ledger.contacts["type"] == 1))[served].all()
    turns = log_of(ledger, Mark.START_TURN)
    approvals = np.isin(turns["contact"], np.nonzero(ledger.talks["approved"] != 0)[0])
    assert (approvals[turns["agent"] == 3]).all()


def uncertain():
    """Agents of whom little is known."""
    scenario = center(
        agents=12, per_h=60.0, mean_s=120.0,
        people=People(resolve_logit_se=0.8, empathy_sd=1.0), customers=Customers(survey_p=0.5),
    )  # fmt: skip
    log_se = np.full((12, 1), 0.3)
    return replace(scenario, agents=replace(scenario.agents, log_se=log_se, resolve_p=np.full((12, 1), 0.7)))


def test_policies_see_estimates_of_agents_and_not_what_they_are_really_like():
    scenario = uncertain()
    one = luck(scenario)
    other = replace(one, handle_mean_s=2 * one.handle_mean_s, resolve_p=1 - one.resolve_p, empathy=-one.empathy)
    simulator = Simulator(scenario, [one, other])
    simulator.step()
    seen = simulator.decisions()
    assert seen.mask.any() and (seen.candidates[0] == seen.candidates[1]).all()
    assert (seen.context[0] == seen.context[1]).all()


def test_estimates_from_logs_shrink_with_few_data_and_rank_agents_with_many():
    scenario = uncertain()
    trace = luck(scenario)
    contacts = logged(scenario, trace).contacts
    contacts = contacts[contacts["outcome"] == Outcome.SERVED]
    truth, errors = trace.resolve_p[:, 0], {}
    for share in (0.03, 1.0):
        some = contacts[: int(share * len(contacts))]
        trials = np.bincount(some["agent"], minlength=12).astype(float)
        hits = np.bincount(some["agent"], some["resolved"], 12)
        raw, pooled = hits / trials, pooled_shares(hits, trials)
        assert pooled.std() < raw.std()
        errors[share] = np.abs(pooled - truth).mean()
        shrunk = 1 - pooled.std() / raw.std()
        errors[share, "shrunk"] = shrunk
    assert errors[1.0] < errors[0.03] and errors[1.0, "shrunk"] < errors[0.03, "shrunk"]
    ranks = [np.argsort(np.argsort(values)) for values in (pooled, truth)]
    assert np.corrcoef(ranks)[0, 1] > 0.8
