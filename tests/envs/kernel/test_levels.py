"""The maturity presets behave as their descriptions say (LV-G0..LV-G5), and no event loses what another left to do."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from experiments.exactness.formulas import erlang_b
from experiments.scenarios.load import left_by_bots, spread
from maitred.agents.candidates import feature
from maitred.agents.rules import RULES
from maitred.envs.blocks import Bots, Demand, Handoff
from maitred.envs.decision import CONTEXT_NAMES, Action
from maitred.envs.kernel.layout import Activity, Mark, Origin, Outcome, Term
from maitred.envs.scenario import Returns
from maitred.envs.scenario_file import load_scenario
from tests.envs.kernel.policies import USUAL, Anything, Prefer
from tests.envs.kernel.worlds import center, logged, luck, played

LINES = 13


def usual(scenario, seed=1):
    return logged(scenario, luck(scenario, seed))


def served(ledger):
    return ledger.contacts["outcome"] == Outcome.SERVED


def near(share, n):
    return pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / n))


def trunk(retrial_p, days=6):
    """Calls at 11 Erlangs on the lines of `level0`, each with an agent."""
    level0 = load_scenario("level0")
    assert level0.staffing.lines == LINES
    world = center(
        ("calls",), agents=LINES, per_h=220.0, mean_s=180.0, distribution="lognormal", days=days,
        returns=Returns(retrial_p=retrial_p, retrial_mean_s=level0.returns.retrial_mean_s),
    )  # fmt: skip
    return replace(world, staffing=replace(world.staffing, lines=LINES))


def test_level0_blocks_as_erlang_b_says():
    contacts = usual(trunk(retrial_p=0.0)).contacts
    blocked = (contacts["outcome"] == Outcome.BLOCKED).mean()
    # Blocking comes in spells of about a handle time: fewer independent draws than calls.
    assert blocked == pytest.approx(erlang_b(11.0, LINES), abs=4 * np.sqrt(blocked / len(contacts) * 11))


def test_level0_callers_who_try_again_raise_the_load():
    once, again = (usual(trunk(p)).contacts for p in (0.0, 0.5))
    assert (again["origin"] == Origin.RETRIAL).mean() > 0.05
    assert len(again) > 1.05 * len(once)
    assert (again["outcome"] == Outcome.BLOCKED).mean() > (once["outcome"] == Outcome.BLOCKED).mean()


def test_level0_leaves_nothing_to_decide():
    ledger = usual(load_scenario("level0"))
    assert ledger.decisions == 0 and served(ledger).sum() > 500


def test_level1_transfers_are_menu_errors_and_vanish_with_them():
    level1 = load_scenario("level1")
    ledger = usual(level1)
    by_people = served(ledger) & (ledger.talks["contained"] == 0)
    landed = ledger.log[ledger.log["mark"] == Mark.ARRIVE]["value"]
    wrong = landed != ledger.talks["first_type"]
    whole = by_people & (ledger.contacts["short"] == 0)
    assert (ledger.talks["transfers"][whole] == wrong[whole]).all()
    assert wrong.mean() == near(0.15, len(wrong))
    spared = replace(level1, handoff=replace(level1.handoff, misroute_p=0.0))
    assert usual(spared).booked[Term.TRANSFERRED] == 0


def test_level1_call_backs_alone_do_not_cut_the_work():
    level1 = replace(load_scenario("level1"), days=3)  # what is put off in the evening is worked the next day
    from_the_queue = Prefer((Action.CALLBACK,), when=lambda d: feature(d, "turns") > 0)  # after the menu
    now, later = (played(level1, policy, seeds=1)[0].contacts["work_s"].sum() for policy in (USUAL, from_the_queue))
    assert later > 0.98 * now


@pytest.mark.parametrize("level, low, high", [("level2", 0.2, 0.5), ("level3", 0.5, 0.8)])
def test_bots_contain_less_than_half_at_level2_and_more_at_level3(level, low, high):
    ledger = usual(load_scenario(level))
    over = ledger.contacts["outcome"] != Outcome.INSIDE
    assert low < ledger.talks["contained"][over].mean() < high


def test_level2_the_greedy_router_wins_on_its_own_kpi_and_loses_on_another():
    level2 = load_scenario("level2")
    aht, unevenness = [], []
    for policy in (RULES["fastest"], USUAL):
        ledgers = played(level2, policy)
        by_people = [x.contacts[served(x) & (x.talks["contained"] == 0)] for x in ledgers]
        aht.append(np.mean(np.concatenate([c["work_s"] + c["wrap_up_s"] for c in by_people])))
        busy = np.concatenate([occupancy(x) for x in ledgers])
        unevenness.append(busy.std() / busy.mean())
    assert aht[0] < 0.99 * aht[1]
    assert unevenness[0] > 1.1 * unevenness[1]


def occupancy(ledger):
    busy = ledger.accounts[:, [Activity.WORK, Activity.WRAP_UP]].sum(axis=1)
    there = busy + ledger.accounts[:, Activity.IDLE]
    return busy[there > 3600] / there[there > 3600]


def test_level3_whom_the_virtual_agent_hands_over_takes_less_wrap_up():
    ledger = played(load_scenario("level3"), Anything(), seeds=1)[0]
    voice = served(ledger) & (ledger.contacts["type"] < 2) & (ledger.contacts["agent"] >= 0)
    handed_over = ledger.talks["handovers"] > 0
    wrap_up_s = ledger.contacts["wrap_up_s"]
    assert wrap_up_s[voice & handed_over].mean() < 0.7 * wrap_up_s[voice & (ledger.talks["bot"] < 0)].mean()


def test_level3_keeps_the_context_through_every_hand_over_and_change_of_channel():
    ledger = played(load_scenario("level3"), Prefer((Action.LIVE,)), seeds=1)[0]
    changed = served(ledger) & (ledger.talks["first_type"] >= 2) & (ledger.contacts["type"] < 2)
    assert changed.sum() > 50 and (ledger.talks["handovers"][changed] > 0).any()
    assert (ledger.talks["repeated_s"] == 0).all() and (ledger.talks["context"] == 1).all()


def test_level3_easier_contact_brings_more_contacts():
    level3 = load_scenario("level3")
    without = replace(level3, demand=Demand(forecast_error_cv=0.1))
    more, fewer = ((usual(x).contacts["origin"] == Origin.FIRST).sum() for x in (level3, without))
    assert 1.05 < more / fewer < 1.15 + 0.03


def test_level4_people_get_what_the_virtual_agent_cannot_do_and_what_must_be_approved():
    level4 = load_scenario("level4")
    level4 = replace(level4, dialogue=replace(level4.dialogue, transition=0.0))
    ledger = usual(level4)
    tried = (ledger.talks["bot"] == 0) & ((ledger.talks["contained"] == 1) | (ledger.talks["handovers"] == 1))
    kind, complexity = (ledger.talks[name][tried] for name in ("first_type", "started_complexity"))
    left = left_by_bots(level4)[kind, complexity]
    must_see = spread(level4, "handoff", "approval_p")[kind] * (spread(level4, "handoff", "approval_by")[kind] >= 0)
    expected = left + (1 - left) * must_see
    to_people = ledger.talks["contained"][tried] == 0
    spread_of_mean = np.sqrt((expected * (1 - expected)).sum()) / len(expected)
    assert to_people.mean() == pytest.approx(expected.mean(), abs=4 * spread_of_mean)
    assert to_people[complexity == 2].mean() > 3 * to_people[complexity == 0].mean()


def test_level4_nothing_that_must_be_approved_closes_without_a_specialist():
    level4 = load_scenario("level4")
    everything = replace(
        level4, handoff=Handoff(approval_by=np.array([4, -1, 4, 4, -1]), approval_p=np.array([1.0, 0, 1, 1, 0]))
    )
    ledger = played(everything, Anything(), seeds=1)[0]
    must = served(ledger) & (ledger.contacts["short"] == 0)
    must &= np.isin(ledger.talks["first_type"], (0, 2, 3)) & np.isin(ledger.contacts["type"], (0, 2, 3, 4))
    assert must.any() and (ledger.talks["approved"][must] == 1).all()
    specialist = level4.agents.group_names[1] == "specialists" and level4.agents.group == 1
    assert specialist[ledger.contacts["agent"][must]].all()


def lost_at_night(ledger):
    """Share of the contacts of bot-able types that are lost outside opening hours: in all, and before any hand-over."""
    hour = ledger.contacts["arrival_s"] / 3600 % 24
    ours = np.isin(ledger.talks["first_type"], (1, 2)) & ((hour < 7) | (hour > 21))
    lost = ledger.contacts["outcome"][ours] == Outcome.ABANDONED
    return lost.mean(), (lost & (ledger.talks["handovers"][ours] == 0)).mean()


def test_level4_at_night_the_virtual_agent_loses_hardly_anyone():
    level4 = load_scenario("level4")
    nobody_there = CONTEXT_NAMES.index("agents_on_duty")
    in_writing = Prefer((Action.DEFER,), when=lambda d: (d.context[:, [nobody_there]] == 0) & (feature(d, "turns") > 0))
    lost, at_the_bot = lost_at_night(played(level4, in_writing, seeds=1)[0])
    without, _ = lost_at_night(usual(replace(level4, bots=Bots())))
    assert at_the_bot < 0.1  # who walks away from it
    assert lost < 0.25 and without > 0.8


def test_level5_messages_lower_later_inbound_about_the_same_problems():
    level5 = load_scenario("level5")
    odds = level5.outreach.follow_p / (level5.outreach.follow_p + level5.outreach.deflect_p)
    chosen = Prefer((Action.MESSAGE,), when=lambda d: feature(d, "need_p") > odds)
    silent, proactive = played(level5, USUAL), played(level5, chosen)
    inbound = [
        sum((x.contacts["origin"] == Origin.PROACTIVE).sum() for x in ledgers) for ledgers in (silent, proactive)
    ]
    assert inbound[1] < 0.95 * inbound[0]
    assert all(0 < x.booked[Term.MESSAGES] <= level5.outreach.messages_per_day for x in proactive)


def test_no_event_or_answer_writes_over_a_note_of_what_is_to_be_done():
    done = subprocess.run(
        [sys.executable, "-m", "tests.envs.kernel.notes", "1"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    decisions, contacts, _ = map(int, done.stdout.split())
    assert decisions > 500 and contacts > 150
