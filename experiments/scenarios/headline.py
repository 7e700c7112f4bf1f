"""The two worlds on which the optimizer is shown: `bpo_chat` (concurrency) and `omni` (everything).

Where no source stands beside a number, it is a choice [E].
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
    messages,
    voice,
)
from experiments.scenarios.plan import OFFSHORE, ONSHORE, SPECIALIST, Group, Plan, by_name, towards
from maitred.envs.blocks import Bots, Concurrency, Customers, Deferral, Demand, Handoff, People, Reassess
from maitred.envs.scenario import Routing

HARD = (0.2, 0.5, 0.3)  # mix of complexities


def bpo_chat() -> Plan:
    """A chat outsourcer whose one lever is who holds how many of which conversations."""
    streams = [
        chat("orders", 430, mix=(0.75, 0.20, 0.05)),
        chat("account", 300, mix=(0.30, 0.50, 0.20)),
        chat("technical", 170, mix=(0.10, 0.30, 0.60)),
    ]
    names = [stream.name for stream in streams]
    return Plan(
        "bpo_chat",
        "A chat outsourcer: who holds how many conversations? Two groups of unequal cost and speed, caps of 1 to 6.",
        streams,
        [
            Group("offshore", dict.fromkeys(names, 0.6), OFFSHORE, speed=1.15, resolve_p=0.66),  # [E]
            Group("onshore", dict.fromkeys(names, 0.4), ONSHORE, speed=0.90, resolve_p=0.76),  # [E]
        ],
        {
            "channels": channels("chat"),
            "dialogue": conversations(
                transition=0.01,  # [E]
                urgent_share=by_name(names, {"orders": 0.1, "account": 0.25, "technical": 0.3}),
                deadline_mean_s=1800.0,
                sentiment_sd=0.2,
                signal_accuracy=0.75,
            ),
            "concurrency": Concurrency(
                cap_slots=3,
                max_cap_slots=6,
                switch_overhead=0.05,
                resolve_loss=0.02,  # [E]
                decided=True,
                heavy_above_s=600,  # ASAPP: high effort counts double (domain 2.2); the bound [E]
            ),
        },
        load=0.90,
        staffing={"availability": 0.95},
    )


def omni() -> Plan:
    """Voice, chat, messages and a bot; four quadrants; every decision there is."""
    streams = [
        chat("orders_chat", 1050, mix=(0.75, 0.20, 0.05)),
        chat("billing_chat", 750),
        chat("tech_chat", 320, mix=HARD),
        messages("messages", 480, open_h=(6, 24)),
        voice("tech_voice", 270, mix=HARD, talk_s=340),
        voice("billing_voice", 430, talk_s=280),
    ]
    return Plan(
        "omni",
        "Voice, chat, messages and a bot: four quadrants of complexity and urgency, every decision there is.",
        streams,
        _omni_groups(),
        _conversing() | _deciding([stream.name for stream in streams]),
        load=0.75,
        routing=Routing(hold_s=60),  # who waits is offered anew every minute: a call back, an answer in writing [E]
    )


def _omni_groups() -> list[Group]:
    """Four groups; a share of 0 is overflow, and lets a conversation in writing go on by voice with its agent."""
    return [
        Group("voice", {"billing_voice": 0.9, "tech_voice": 0.3}),
        Group(
            "digital",
            {"orders_chat": 0.4, "billing_chat": 0.5, "tech_chat": 0.7, "messages": 0.6, "billing_voice": 0.0},
        ),
        Group(
            "partner",
            {"orders_chat": 0.6, "billing_chat": 0.5, "billing_voice": 0.1, "messages": 0.4},
            OFFSHORE,
            speed=1.15,
            resolve_p=0.66,
            tenure_wk=(2, 60),
        ),
        # Conversations in writing are escalated to technical calls, most of which are theirs.
        Group(
            "experts",
            {"tech_voice": 0.7, "tech_chat": 0.3},
            SPECIALIST,
            speed=0.90,
            resolve_p=0.82,
            tenure_wk=(60, 300),
        ),
    ]


def _conversing() -> dict[str, Any]:
    """How contacts, customers and agents are."""
    return {
        "channels": channels("chat", "voice", "async"),
        "dialogue": conversations(
            transition=0.01,
            automation_share=0.2,  # 20 % removable (CT-4)
            urgent_share=0.2,
            deadline_mean_s=1800.0,
            signal_accuracy=0.75,
            sentiment_sd=0.3,
            sentiment_work=0.2,
        ),
        "concurrency": Concurrency(
            cap_slots=3, open_limit=10, switch_overhead=0.05, resolve_loss=0.02, decided=True, heavy_above_s=600
        ),
        "demand": Demand(forecast_error_cv=0.10),  # domain 2.7
        "people": People(empathy_sd=1, resolve_logit_se=0.3, **LEARNING, **SHIFTS, **FATIGUE, **COPILOT),
        "customers": Customers(
            ("basic", "premium"),
            tier_share=np.array([0.8, 0.2]),
            value=np.array([150.0, 1000.0]),
            patience_factor=np.array([1.0, 1.8]),  # domain 2.8
            churn_p=0.05,  # domain 2.8
            prefers_other_p=0.1,
            bot_intolerant_share=0.3,
        ),
    }


def _deciding(names: list[str]) -> dict[str, Any]:
    """Where a contact may go, at first and at every turn."""
    by_voice = dict.fromkeys(("orders_chat", "billing_chat", "messages"), "billing_voice")
    long = ("billing_chat", "tech_chat")
    in_writing = towards(names, dict.fromkeys(long, "messages"))
    to_bot = by_name(names, dict.fromkeys(("orders_chat", "billing_chat", "messages"), 1.0))[None]
    return {
        "bots": Bots(
            ("bot",),
            takes=to_bot,
            first=to_bot,
            resolve_p=np.array([[0.65, 0.35, 0.15]]),  # domain 2.8
            wrong_p=0.04,
            leave_p=0.03,
            cost_per_session=0.40,  # domain 2.8
            handoff_context=0.8,
        ),
        "handoff": Handoff(
            misroute_p=0.04,
            context_kept=0.7,
            escalate_to=towards(names, dict.fromkeys(long, "tech_voice")),
            sticky_wait_s=60,
            **HANDED_OVER,
        ),
        "reassess": Reassess(
            escalate=1.0,
            hand_back=1.0,
            async_of=in_writing,
            live_of=towards(names, by_voice),
            next_issue_s=45.0,
            stop_bot_early=True,
        ),
        "deferral": Deferral(async_of=in_writing, callback=by_name(names, {"billing_voice": 1.0, "tech_voice": 1.0})),
    }


HEADLINE = (bpo_chat, omni)
