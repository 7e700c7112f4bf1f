"""The evaluation worlds W1 to W10 (domain 4.3), apart from W2, which is `bank`, and W4, which is `omni`.

Each isolates one difficulty. Where no source stands beside a number, it is a choice [E].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.scenarios.pieces import (
    COPILOT,
    FATIGUE,
    HANDED_OVER,
    LEARNING,
    SHIFTS,
    channels,
    chat,
    conversations,
    exponential,
    messages,
    voice,
)
from experiments.scenarios.plan import Group, Plan, Stream, by_name, towards
from maitred.envs.blocks import Bots, Concurrency, Customers, Deferral, Demand, Handoff, Outreach, People, Reassess
from maitred.envs.scenario import Returns, Routing

SIMPLE, MEDIUM, COMPLEX = (0.8, 0.15, 0.05), (0.2, 0.6, 0.2), (0.05, 0.25, 0.7)
ROUND_THE_CLOCK = (0, 24)
MARKOVIAN: dict[str, Any] = {
    "distribution": "exponential",
    "intraday": False,
    "busyness": (0.0, 0.0, 0.0),
    "speed_cv": 0.0,
    "resolve_cv": 0.0,
    "log_se": 0.0,
    "returns": Returns(),
    "staffing": {},
}


def w1_voice() -> Plan:
    """W1: M/M/20+M."""
    return Plan(
        "w1_voice",
        "Erlang-A: one type, 20 equal agents round the clock, everything exponential. Held against the formula.",
        [Stream("calls", 5472, 300, exponential(300), open_h=ROUND_THE_CLOCK)],
        [Group("floor", {"calls": 1}, open_h=ROUND_THE_CLOCK, on_duty=20)],
        routing=Routing(may_hold=False),
        **MARKOVIAN,
    )


def w3_chat() -> Plan:
    """W3: what a chat costs depends on its complexity, which only its turns tell."""
    return Plan(
        "w3_chat",
        "Chat only: 8 agents, three classes of complexity with turns of 20, 35 and 60 s; caps of 1 to 6 are decided.",
        [
            chat("simple", 340, mix=SIMPLE, log_sd=1.0),
            chat("medium", 220, mix=MEDIUM, log_sd=1.0),
            chat("complex", 92, mix=COMPLEX, log_sd=1.0),
        ],
        [Group("floor", {"simple": 1, "medium": 1, "complex": 1}, on_duty=8)],
        {
            "channels": channels("chat"),
            "dialogue": conversations(signal_accuracy=0.7),
            "concurrency": Concurrency(cap_slots=3, switch_overhead=0.05, resolve_loss=0.02, decided=True),
        },
        intraday=False,
        distribution="exponential",
        staffing={},
    )


def w5_n() -> Plan:
    """W5: the N-network, one group of specialists and one of generalists."""
    return Plan(
        "w5_n",
        "N-network: helpers take only `plain`, experts both; all exponential. When must experts keep out of `plain`?",
        [
            Stream("plain", 840, 300, exponential(600), open_h=ROUND_THE_CLOCK),
            Stream("expert", 240, 480, exponential(300), open_h=ROUND_THE_CLOCK),
        ],
        [
            Group("helpers", {"plain": 1}, open_h=ROUND_THE_CLOCK, on_duty=2),
            Group("experts", {"plain": 1, "expert": 1}, open_h=ROUND_THE_CLOCK, on_duty=3),
        ],
        **MARKOVIAN,
    )


def w5_w() -> Plan:
    """W5: the W-network, two groups that share the middle type."""
    return Plan(
        "w5_w",
        "W-network: two groups of their own type each share a third; all exponential. Who takes the shared type?",
        [
            Stream("left", 240, 300, exponential(300), open_h=ROUND_THE_CLOCK),
            Stream("shared", 420, 360, exponential(300), open_h=ROUND_THE_CLOCK),
            Stream("right", 300, 240, exponential(600), open_h=ROUND_THE_CLOCK),
        ],
        [
            Group("left_desk", {"left": 1, "shared": 0.5}, open_h=ROUND_THE_CLOCK, on_duty=2),
            Group("right_desk", {"right": 1, "shared": 0.5}, speed=1.2, open_h=ROUND_THE_CLOCK, on_duty=2),
        ],
        **MARKOVIAN,
    )


def w6_outage() -> Plan:
    """W6: outages multiply one intent; messages may head contacts off, or make more."""
    streams = [voice("outage", 200, mix=SIMPLE), voice("billing", 350), voice("tech", 250, mix=COMPLEX)]
    names = [stream.name for stream in streams]
    return Plan(
        "w6_outage",
        "Outages: one intent comes 2 to 6 times as often for hours; predicted problems may be messaged; call-backs.",
        streams,
        [Group("floor", dict.fromkeys(names, 1.0))],
        {
            "dialogue": conversations(),
            "deferral": Deferral(callback=1.0),
            "outreach": Outreach(needs_per_h=by_name(names, {"outage": 12}), messages_per_day=200),
            # 1-2 a month (domain 2.7); two a day, at any hour, so that most episodes have one in opening hours.
            "demand": Demand(shocks_per_month=60, shock_types=by_name(names, {"outage": 1}), forecast_error_cv=0.10),
            "people": People(**SHIFTS),
        },
    )


def w7_new_hires() -> Plan:
    """W7: half a year with a wave of new hires."""
    streams = [voice("orders", 220, mix=SIMPLE), voice("tech", 130, mix=COMPLEX)]
    answers = {"orders": 0.5, "tech": 0.5}
    return Plan(
        "w7_new_hires",
        "26 weeks: half of the agents are new and learn by doing; nesting, copilot, fatigue, people who leave.",
        streams,
        [
            Group("settled", answers, tenure_wk=(30, 150)),
            Group("new", answers, tenure_wk=(0, 3), resolve_p=0.62),
        ],
        {
            "dialogue": conversations(),
            "people": People(
                contacts_per_wk=150,
                nesting_wk=2,
                shadow_min_per_day=60,
                empathy_sd=1,
                resolve_logit_se=0.3,
                attrition_per_year=0.35,  # 30-45 % (domain 2.6)
                attrition_per_occupancy=0.5,  # domain 2.6
                **LEARNING,
                **SHIFTS,
                **FATIGUE,
                **COPILOT,
            ),
        },
        days=182,
    )


def w8_bots() -> Plan:
    """W8: a cheap bot and a good one."""
    streams = [chat("orders", 600, mix=SIMPLE), chat("billing", 400), chat("tech", 150, mix=COMPLEX)]
    names = [stream.name for stream in streams]
    return Plan(
        "w8_bots",
        "Two bots: one at a tenth of the other's price contains half as much and errs more; or an agent at once.",
        streams,
        [Group("floor", dict.fromkeys(names, 1.0))],
        {
            "channels": channels("chat"),
            "dialogue": conversations(signal_accuracy=0.75),
            "concurrency": Concurrency(cap_slots=3, switch_overhead=0.05),
            "bots": Bots(
                ("plain", "premium"),
                resolve_p=np.array([[0.40, 0.15, 0.05], [0.75, 0.50, 0.25]]),
                wrong_p=np.array([0.12, 0.03]),
                turns_mean=np.array([3.0, 5.0]),
                leave_p=np.array([0.05, 0.02]),
                cost_per_session=np.array([0.15, 1.50]),  # Zendesk 1.50 (domain 2.5)
                handoff_context=np.array([0.3, 1.0]),
            ),
            "handoff": Handoff(**HANDED_OVER),
            "reassess": Reassess(hand_back=1.0, stop_bot_early=True),
            "customers": Customers(bot_intolerant_share=0.3),
        },
    )


def w9_night() -> Plan:
    """W9: nobody is there at night but the bot."""
    streams = [
        chat("chat", 500, open_h=ROUND_THE_CLOCK),
        voice("calls", 200, open_h=ROUND_THE_CLOCK),
        messages("messages", 150, open_h=ROUND_THE_CLOCK),
    ]
    names = [stream.name for stream in streams]
    in_writing = towards(names, {"chat": "messages", "calls": "messages"})
    return Plan(
        "w9_night",
        "Off-hours: contacts come round the clock, agents from 8 to 20; bot, promise of an answer by message, or loss.",
        streams,
        [Group("day", dict.fromkeys(names, 1.0))],
        {
            "channels": channels("voice", "chat", "async"),
            "dialogue": conversations(),
            "concurrency": Concurrency(cap_slots=3, open_limit=10, switch_overhead=0.05),
            "bots": Bots(
                ("bot",),
                takes=by_name(names, {"chat": 1, "messages": 1})[None],
                resolve_p=np.array([[0.65, 0.35, 0.15]]),  # domain 2.8
                wrong_p=0.05,
                leave_p=0.03,
                cost_per_session=0.40,  # domain 2.8
                handoff_context=0.5,
            ),
            "handoff": Handoff(**HANDED_OVER),
            "reassess": Reassess(async_of=in_writing, live_of=towards(names, {"messages": "calls"})),
            "deferral": Deferral(async_of=in_writing, promise_s=12 * 3600),
        },
        days=2,
    )


def w10_adversarial() -> Plan:
    """W10: what the center measures and expects is wrong."""
    streams = [
        voice("billing_voice", 300),
        voice("tech_voice", 200, mix=COMPLEX),
        chat("billing_chat", 400),
        chat("tech_chat", 250, mix=COMPLEX),
    ]
    return Plan(
        "w10_adversarial",
        "Against the optimizer: unhappy customers answer surveys, menus err, estimates and forecasts are off, shocks.",
        streams,
        [
            Group("phone", {"billing_voice": 1, "tech_voice": 1}),
            Group("digital", {"billing_chat": 1, "tech_chat": 1}),
        ],
        {
            "channels": channels("voice", "chat"),
            "dialogue": conversations(transition=0.03, sentiment_sd=0.4, sentiment_work=0.3, signal_accuracy=0.6),
            "concurrency": Concurrency(cap_slots=3, switch_overhead=0.10, resolve_loss=0.03, decided=True),
            "handoff": Handoff(misroute_p=0.25, context_kept=0.0, **HANDED_OVER),
            # Day-long shifts of one type's volume: drift that no forecast knows of.
            "demand": Demand(
                shocks_per_month=30,
                shock_factor_low=1.3,
                shock_factor_high=2,
                shock_low_s=28_800,
                shock_high_s=86_400,
                forecast_error_cv=0.30,
            ),
            "people": People(resolve_logit_se=0.6, empathy_sd=1, **SHIFTS, **FATIGUE),
            "customers": Customers(survey_p=0.08, survey_bias=-1, prefers_other_p=0.2),
        },
        log_se=0.25,
        seed=10,
    )


WORLDS = (w1_voice, w3_chat, w5_n, w5_w, w6_outage, w7_new_hires, w8_bots, w9_night, w10_adversarial)
