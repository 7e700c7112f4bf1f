"""Each KPI on a ledger small enough to count by hand."""

from dataclasses import replace
from math import log2
from pathlib import Path

import numpy as np
import pytest

from maitred.envs.blocks import Channels, Dialogue
from maitred.envs.kernel.layout import Activity, Outcome, Term
from maitred.envs.kpi import KPIS, applicable, kpi_ratios
from maitred.envs.kpi.page import PAGE, page
from maitred.envs.objective import Objective
from maitred.envs.scenario import DAY_S

from .ledgers import BY_NAME, abandoned, contact, ledger, served, sums, talking
from .toy import toy

TALKING = talking()
WITH_BOT = {"bot": 0}


def test_handle_time_is_focus_time_and_duration_is_the_clock() -> None:
    chat = served(0, 10, 310, type=1, work_s=120, wrap_up_s=20)
    kept_by_bot = contact(0, outcome=Outcome.SERVED, end_s=60, resolved=1, csat=1)
    gone = abandoned(0, 500, answer_s=5, work_s=40)
    of = ledger([chat, kept_by_bot, gone], [{}, WITH_BOT, {"silent": 1}])
    assert sums("aht_s", of, TALKING) == (140, 1)
    assert sums("handle_duration_s", of, TALKING) == (320, 1)
    assert sums("silent_work", of, TALKING) == (40, 160)


def test_the_first_response_is_substantive_and_on_the_phone_it_is_the_answer() -> None:
    call = served(100, 130, 400, type=0)
    chat = served(100, 130, 400, type=1)
    greeted_then_answered = served(100, 180, 400, type=0)
    silent = abandoned(100, 900, answer_s=150)
    replies = [
        {"first_type": 0, "first_reply_s": 400},
        {"first_type": 1, "first_reply_s": 170},
        {"first_type": 0, "first_reply_s": 160, "bot": 0, "handovers": 1},
        {"first_type": 1, "first_reply_s": 200, "silent": 1},
    ]
    of = ledger([call, chat, greeted_then_answered, silent], replies)
    assert sums("first_response_s", of, TALKING) == (30 + 70 + 60, 3)


def test_replies_and_automation() -> None:
    of = ledger([served(0, 10, 310, work_s=80)], [{"reply_s": 90, "replies": 3, "automated_s": 20}])
    assert sums("reply_s", of, TALKING) == (90, 3)
    assert sums("automated_share", of, TALKING) == (20, 100)


def test_resolution_and_help_are_of_cases_and_run_on_over_failed_attempts() -> None:
    gave_up, called_again = abandoned(0, 100), served(1000, 1030, 1300, case=0, attempts=1)
    unresolved, came_back = served(50, 60, 200, resolved=0), served(5000, 5020, 5100, case=2, attempts=1)
    never_helped = abandoned(70, 90)
    rows = [gave_up, never_helped, unresolved, called_again, came_back]
    rows[3]["case"], rows[4]["case"] = 0, 2
    of = ledger(rows)
    assert sums("resolution_s", of) == (1300 + (5100 - 50), 2)
    assert sums("time_to_help_s", of) == (1030 + 10, 2)


def test_a_call_back_is_answered_when_the_customer_is_spoken_to() -> None:
    of = ledger([served(0, 1800, 2000)], [{"callback": 1}])
    assert sums("asa_s", of, TALKING) == sums("time_to_help_s", of, TALKING) == (1800, 1)
    assert sums("service_level", of, TALKING) == (0, 1)


def test_a_bots_solution_is_help_and_its_wrong_answer_is_not() -> None:
    right = contact(0, outcome=Outcome.SERVED, end_s=60, resolved=1)
    wrong = contact(0, outcome=Outcome.SERVED, end_s=40)
    of = ledger([right, wrong], [{"bot": 0, "contained": 1}] * 2)
    assert sums("time_to_help_s", of, TALKING) == (60, 1)


def test_service_level_in_four_variants() -> None:
    in_time, late = served(0, 20, 100), served(0, 21, 100)
    gone_early, gone_late = abandoned(0, 15), abandoned(0, 45)
    blocked = contact(0, outcome=Outcome.BLOCKED, end_s=0)
    waiting, fresh = contact(1000), contact(24 * 3600 - 5)
    of = ledger([in_time, late, gone_early, gone_late, blocked, waiting, fresh])
    assert sums("service_level", of) == (1, 5)
    assert sums("service_level_of_offered", of) == (1, 6)
    assert sums("service_level_abandons_met", of) == (2, 6)
    assert sums("service_level_of_answered", of) == (1, 2)


def test_targets_are_of_the_channel_of_arrival() -> None:
    chat, call = served(0, 50, 100, type=1), served(0, 50, 100, type=0)
    put_off = served(0, 50, 100, type=1)
    of = ledger([chat, call, put_off], [{"first_type": 1}, {"first_type": 0}, {"first_type": 0, "deferred": 1}])
    assert sums("service_level", of, TALKING) == (1, 3)


def test_what_a_bot_keeps_is_not_offered_to_people() -> None:
    kept = contact(0, outcome=Outcome.SERVED, end_s=60, resolved=1)
    left, handed_over = abandoned(0, 30), served(0, 15, 100)
    of = ledger([kept, left, handed_over], [WITH_BOT, WITH_BOT, {"bot": 0, "handovers": 1}])
    assert sums("service_level", of, TALKING) == sums("service_level_of_offered", of, TALKING) == (1, 1)


def test_deadlines_are_missed_by_whoever_is_not_resolved_in_time() -> None:
    rows = [
        served(0, 10, 100),
        served(0, 10, 100, resolved=0),
        abandoned(0, 50),
        contact(0, outcome=Outcome.BLOCKED, end_s=0),
        contact(0),
        contact(0),
        served(0, 10, 100),
    ]
    missed = {"deadline_s": 90, "deadline_missed": 1}
    later = {"deadline_s": 25 * 3600}
    of = ledger(rows, [{"deadline_s": 500}, missed, missed, {"deadline_s": 90}, {"deadline_s": 90}, later, {}])
    assert sums("deadline_met", of, TALKING) == (1, 5)


def test_promises_count_once_they_are_due_or_done() -> None:
    kept, late = {"deferred": 1}, {"deferred": 1, "promise_broken": 1}
    overdue, open_ = {"deferred": 1, "promised_s": 3600}, {"deferred": 1, "promised_s": 25 * 3600}
    late_call_back = {"callback": 1, "promise_broken": 1}
    of = ledger([contact(0)] * 5, [kept, late, overdue, open_, late_call_back])
    assert sums("promise_kept", of, TALKING) == (1, 3)
    assert sums("promises_broken", of, TALKING) == (2, 5)


def test_the_wait_ratio_compares_the_least_valued_with_the_rest() -> None:
    rows = [served(0, 30, 100), abandoned(0, 50), served(0, 20, 100), served(0, 20, 100)]
    of = ledger(rows, [{"tier": 0}, {"tier": 0}, {"tier": 1}, {"tier": 1}])
    assert sums("wait_ratio", of, TALKING) == (40, 20)
    assert sums("wait_ratio", ledger(rows[:1], [{"tier": 0}]), TALKING) == (0, 0)


def test_abandonment_known_and_silent() -> None:
    rows = [abandoned(0, 30), abandoned(0, 300, answer_s=10), abandoned(0, 60), served(0, 5, 60)]
    of = ledger(rows, [{}, {"silent": 1}, WITH_BOT, WITH_BOT])
    assert sums("abandonment", of, TALKING) == (3, 4)
    assert sums("abandonment_known", of, TALKING) == (2, 4)
    assert sums("abandonment_silent", of, TALKING) == (1, 4)
    assert sums("abandonment_bot", of, TALKING) == (1, 2)


def test_blocked_contacts_show_where_lines_are_limited() -> None:
    limited = replace(toy(), staffing=replace(toy().staffing, lines=3))
    of = ledger([contact(0, outcome=Outcome.BLOCKED, end_s=0), served(0, 5, 60)])
    assert sums("blocked", of, limited) == (1, 2)
    assert sums("blocked", of) == (0, 0)


def test_first_contact_resolution_looks_seven_days_ahead_on_every_channel() -> None:
    week = 7.0 * DAY_S
    of = ledger(
        [
            served(0, 10, 100),  # resolved for good
            served(0, 10, 100, type=0),  # said to be resolved, and back on the other channel
            abandoned(0, 20),  # no contact yet
            served(0, 10, 100, resolved=0),  # back, but too late
            served(3000, 3010, 3100, type=1),
            served(4000, 4010, 4100),
            served(week + 200, week + 210, week + 300),
        ],
        horizon_s=2 * week,
    )
    of.contacts["case"][4:], of.contacts["attempts"][4:] = [1, 2, 3], 1
    assert sums("fcr", of) == (2, 4)  # cases 0 and 2
    assert sums("one_contact_resolution", of) == (1, 4)
    assert sums("repeat_rate", of) == (1, 6)
    assert sums("retrial_rate", of) == (1, 1)
    assert sums("resolved", of) == (5, 6)


def test_containment_raw_and_resolved() -> None:
    rows = [
        contact(0, outcome=Outcome.SERVED, end_s=60, resolved=1),
        contact(0, outcome=Outcome.SERVED, end_s=60),  # a wrong answer
        served(0, 90, 200),
        abandoned(0, 40),
        served(0, 90, 200),  # people first, then handed back to the bot
        served(0, 5, 60),
    ]
    held = {"bot": 0, "contained": 1}
    of = ledger(rows, [held, held, {"bot": 0, "handovers": 1}, WITH_BOT, held, {}])
    assert sums("containment", of, TALKING) == (2, 5)
    assert sums("containment_resolved", of, TALKING) == (1, 5)
    assert sums("handover_rate", of, TALKING) == (1, 5)


def test_transfers_escalations_and_what_is_told_again() -> None:
    moved = {"transfers": 2, "escalations": 1, "repeated_s": 45}
    of = ledger([served(0, 5, 60)] * 3 + [abandoned(0, 9)], [moved, {"transfers": 1}, {}, {}])
    assert sums("transfer_rate", of, TALKING) == (2, 3)
    assert sums("escalation_rate", of, TALKING) == (1, 3)
    assert sums("repeated_s", of, TALKING) == (45, 3)


def test_surveys_hear_only_who_answers() -> None:
    of = ledger(
        [served(0, 5, 60, csat=csat) for csat in (0.95, 0.86, 0.5, 0.2)],
        [{"surveyed": 1}, {"surveyed": 1}, {"surveyed": 1}, {}],
        booked={Term.CSAT: 2.51},
    )
    assert sums("csat", of, TALKING) == (2.51, 4)
    assert sums("csat_survey", of, TALKING) == (pytest.approx(2.31), 3)
    assert sums("survey_response", of, TALKING) == (3, 4)
    assert sums("nps", of, TALKING) == (2 - 1, 3)


def test_money() -> None:
    booked = {Term.COST: 60.0, Term.RESOLVED: 2, Term.CHURNED: 30.0, Term.CSAT: 1.5, Term.FOCUS_S: 600}
    of = ledger([served(0, 5, 60), served(0, 5, 60), served(0, 5, 60, resolved=0)], [{}] * 3, booked=booked)
    assert sums("cost_per_contact", of, TALKING) == (60, 3)
    assert sums("cost_per_resolution", of, TALKING) == (60, 2)
    assert sums("full_cost_per_resolution", of, TALKING) == (90, 2)
    assert sums("churn_per_contact", of, TALKING) == (30, 3)
    assert sums("reward", of, TALKING) == (pytest.approx(-60 - 3 + 12), 3)


def _day(work: float, idle: float) -> dict[Activity, float]:
    return {Activity.WORK: work, Activity.IDLE: idle, Activity.OFF: 50_000, Activity.BREAK: 1800}


def test_time_productivity_and_balance() -> None:
    people = [_day(0.9 * 7200, 0.1 * 7200), _day(0.5 * 7200, 0.5 * 7200), {Activity.UNAVAILABLE: 3600}, {}]
    of = ledger([served(0, 5, 60), contact(0, outcome=Outcome.SERVED, end_s=9, resolved=1)], accounts=people)
    paid_s = 2 * 7200 + 2 * 1800 + 3600
    assert sums("occupancy", of) == pytest.approx((1.4 * 7200, 2 * 7200))
    assert sums("utilisation", of) == pytest.approx((1.4 * 7200, paid_s))
    assert sums("adherence", of) == pytest.approx((paid_s - 3600, paid_s))
    assert sums("rph", of) == pytest.approx((1, 4))
    assert sums("workload_gini", of) == pytest.approx((2 * 0.4, 2 * 2 * 1.4))
    assert sums("workload_max", of) == pytest.approx((0.9, 0.7))


def test_novices_are_compared_with_the_others() -> None:
    people = [_day(3600, 3600), _day(5400, 1800), _day(1800, 5400), _day(7200, 0)]  # Ann and Cleo are new
    of = ledger([], accounts=people)
    assert sums("novice_load", of, TALKING) == pytest.approx((0.375, 0.875))
    assert sums("workload_gini_novices", of, TALKING) == pytest.approx((2 * 0.25, 4 * 0.75))
    assert sums("workload_gini_experienced", of, TALKING) == pytest.approx((2 * 0.25, 4 * 1.75))


def test_what_a_copilot_helps_with_is_weighed_by_busy_time() -> None:
    of = ledger([], accounts=[_day(3600, 3600), _day(5400, 1800), {}])
    of = replace(of, assisted=np.array([1, 0, 1], np.int8))
    people = replace(TALKING.people, copilot_novice=0.3)
    assert sums("copilot_adherence", of, replace(TALKING, people=people)) == pytest.approx((3600, 9000))
    assert sums("copilot_adherence", of, TALKING) == (0, 0)


def test_turnover_rises_with_occupancy_above_the_ceiling() -> None:
    calm, hot = {Activity.WORK: 80.0, Activity.IDLE: 20.0}, {Activity.WORK: 95.0, Activity.IDLE: 5.0}
    of = ledger([], accounts=[calm, hot, {}, {}])
    assert sums("turnover", of, TALKING) == pytest.approx((0.4 + 0.4 * (1 + 0.5 * 10), 2))


def test_time_to_proficiency_is_what_is_lacking_over_what_is_gained_in_a_week() -> None:
    needed_wk = 5 * log2(0.7 / 0.1)
    of = ledger([served(0, 5, 60, agent=0)] * 3 + [served(0, 5, 60, agent=1)], [{}] * 4, accounts=[{}] * 4)
    lacking, gained = sums("time_to_proficiency", of, TALKING)
    assert lacking == pytest.approx(2 * needed_wk - 1 - 2)
    assert gained == pytest.approx(3 / 250 * 7)


def test_the_gini_coefficient_is_that_of_its_definition() -> None:
    load = np.array([0.2, 0.9, 0.5, 0.7])
    of = ledger([], accounts=[_day(x * 1000, (1 - x) * 1000) for x in load])
    numerator, denominator = sums("workload_gini", of)
    assert numerator == pytest.approx(np.abs(load[:, None] - load).sum())
    assert denominator == pytest.approx(2 * 4 * load.sum())


def test_a_warm_up_leaves_out_contacts_and_their_cases() -> None:
    days = [served(0, 5, 60, csat=0.9), abandoned(DAY_S - 10, DAY_S + 30), served(DAY_S, DAY_S + 40, DAY_S + 60)]
    again = served(DAY_S + 400, DAY_S + 410, DAY_S + 500, case=1, attempts=1)
    of = ledger([*days, again], booked={Term.CSAT: 1.9}, accounts=[_day(3600, 3600)] * 4, horizon_s=2 * DAY_S)
    ratios = kpi_ratios([of], toy(days=2), Objective(), warmup_days=1)[0]
    by_name = {kpi.name: tuple(ratio) for kpi, ratio in zip(KPIS, ratios, strict=True)}
    assert by_name["asa_s"] == (50, 2)
    assert by_name["abandonment"] == (0, 2)
    assert by_name["resolution_s"] == (60, 1)
    assert by_name["csat"] == pytest.approx((1.0, 2))
    assert by_name["occupancy"] == sums("occupancy", of)  # agents' time has no date


def test_only_what_a_scenario_has_is_measured() -> None:
    names = {kpi.name for kpi in applicable(toy())}
    assert {"aht_s", "service_level", "fcr", "reward"} <= names
    assert not names & {"containment", "blocked", "promise_kept", "csat_survey", "transfer_rate", "novice_load"}
    everything = {kpi.name for kpi in applicable(TALKING)}
    assert {kpi.name for kpi in KPIS} - everything == {"blocked", "copilot_adherence"}
    of = ledger([served(0, 5, 60)], booked={Term.COST: 1.0})
    assert all(kpi.ratio(of, toy(), Objective()) == (0, 0) for kpi in KPIS if kpi.name not in names)


def test_chat_alone_has_replies_and_voice_with_turns_has_none() -> None:
    voice = replace(toy(), dialogue=Dialogue(urgent_share=0.1))
    chat = replace(toy(), channels=Channels(names=("chat",), think_mean_s=60.0))
    assert BY_NAME["reply_s"].applies(chat) and not BY_NAME["reply_s"].applies(voice)


def test_an_empty_ledger_counts_nothing() -> None:
    ratios = kpi_ratios([ledger([]), ledger([])], toy(), Objective())
    assert ratios.shape == (2, len(KPIS), 2) and (ratios == 0).all()


def test_definitions_are_complete_and_distinct() -> None:
    assert len({kpi.name for kpi in KPIS}) == len(KPIS) == len({kpi.label for kpi in KPIS})
    units = {"s", "share", "money", "0..1", "ratio", "points", "per_h", "weeks", "per_year"}
    assert {kpi.unit for kpi in KPIS} <= units
    covered = {kpi.id for kpi in KPIS}
    assert {f"K-{i}" for i in range(1, 18)} <= covered


def test_the_page_is_what_the_definitions_say() -> None:
    assert Path(PAGE).read_text(encoding="utf-8") == page(), "run python -m maitred.envs.kpi.page"
