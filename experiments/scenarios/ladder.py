"""Maturity presets `level0` to `level5`: from too few telephone lines to mostly automated (domain 1.1, LV-G0..G5).

What a level has is the table's; how much of it, where no source stands beside it, is a choice [E].
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experiments.scenarios.pieces import (
    CALL_S,
    COPILOT,
    HANDED_OVER,
    LEARNING,
    SHIFTS,
    caller_patience,
    channels,
    chat,
    conversations,
    messages,
    voice,
)
from experiments.scenarios.plan import SPECIALIST, Group, Plan, Stream, by_name, towards
from maitred.envs.blocks import Bots, Concurrency, Customers, Deferral, Demand, Handoff, Outreach, People, Reassess
from maitred.envs.scenario import Returns, Routing

EASY, HARD = (0.6, 0.3, 0.1), (0.2, 0.5, 0.3)  # mixes of complexities
ROUND_THE_CLOCK = (0, 24)


def level0() -> Plan:
    """LV-G0: phone only, busy signals, repeated attempts, people do everything."""
    return Plan(
        "level0",
        "No orchestration (LV-G0): one pool of agents on too few lines, busy signals and repeated attempts.",
        [Stream("calls", 900, CALL_S, caller_patience(), wrap_up_s=60)],
        [Group("floor", {"calls": 1})],
        load=0.95,
        returns=Returns(retrial_p=0.5, retrial_mean_s=600, repeat_unresolved_p=0.65, repeat_unresolved_mean_s=129_600),
        # Nobody manages who is ready: pauses, and a fifth of free time away. Fewer lines than calls to hold on them.
        staffing={"availability": 0.85, "pause_mean_s": 15.0, "ready_share": 0.8, "lines": 13},
        routing=Routing(places=2, may_hold=False),
    )


def level1() -> Plan:
    """LV-G1: a menu that errs, queues with their own agents, call-backs; a screen pop saves 4 % of talk."""
    mixes = {"orders": EASY, "billing": (0.4, 0.4, 0.2), "tech": HARD}
    per_day = {"orders": 500, "billing": 400, "tech": 300}
    return Plan(
        "level1",
        "Menu and queues (LV-G1): one call in seven lands in the wrong queue, whose own agents answer; call-backs.",
        [voice(name, per_day[name], mix=mix, talk_s=0.96 * CALL_S) for name, mix in mixes.items()],
        [Group(f"{name}_desk", {name: 1}) for name in mixes],
        {
            "dialogue": conversations(),
            "bots": Bots(
                ("ivr",),
                first=1.0,
                resolve_p=np.array([[0.20, 0.02, 0.0]]),  # 9 % served by self-service alone (domain 2.5)
                turn_s=20.0,
                turns_mean=3.0,
                leave_p=0.02,
                cost_per_session=0.05,
            ),
            "handoff": Handoff(misroute_p=0.15, context_kept=0.0, **HANDED_OVER),
            "deferral": Deferral(callback=1.0),
            "people": People(**SHIFTS),
        },
    )


def level2() -> Plan:
    """LV-G2: dialogue automation of routine intents, more than half of contacts still reach agents; copilots."""
    streams = [
        voice("orders_voice", 400, mix=EASY),
        voice("billing_voice", 350),
        chat("orders_chat", 500, mix=EASY),
        chat("billing_chat", 400),
        chat("tech_chat", 250, mix=HARD),
    ]
    names = [stream.name for stream in streams]
    routine = by_name(names, {"orders_voice": 1, "orders_chat": 1, "billing_chat": 1})
    return Plan(
        "level2",
        "Bots on routine intents (LV-G2): they contain less than half; agents on voice and chat have a copilot.",
        streams,
        [
            Group("phone", {"orders_voice": 1, "billing_voice": 1}),
            Group("digital", {"orders_chat": 1, "billing_chat": 1, "tech_chat": 1}),
        ],
        {
            "channels": channels("voice", "chat"),
            "dialogue": conversations(),
            "concurrency": Concurrency(cap_slots=3, switch_overhead=0.05),
            "bots": Bots(
                ("bot",),
                takes=routine[None],
                first=routine[None],
                resolve_p=np.array([[0.65, 0.35, 0.15]]),  # domain 2.8
                wrong_p=0.03,
                leave_p=0.03,
                cost_per_session=0.40,  # domain 2.8
                handoff_context=0.5,
            ),
            "handoff": Handoff(misroute_p=0.08, context_kept=0.5, **HANDED_OVER),
            "people": People(**LEARNING, **SHIFTS, **COPILOT),
        },
    )


def level3() -> Plan:
    """LV-G3: virtual agents take harder cases and leave a summary; seamless hand-over; ease induces demand."""
    two = level2()
    names = [stream.name for stream in two.streams]
    written = {"orders_chat": "orders_voice", "billing_chat": "billing_voice", "tech_chat": "billing_voice"}
    return replace(
        two,
        name="level3",
        description="Virtual agents (LV-G3) contain more than half and hand over with a summary; one group for all.",
        groups=[Group("care", dict.fromkeys(names, 1.0))],
        blocks={
            **two.blocks,
            "bots": Bots(
                ("virtual_agent",),
                first=1.0,
                resolve_p=np.array([[0.80, 0.60, 0.35]]),
                wrong_p=0.03,
                leave_p=0.02,
                cost_per_session=0.99,  # Intercom's price of a resolution (domain 2.5)
                handoff_context=1.0,
                wrap_up_factor=0.4,
            ),
            "handoff": Handoff(misroute_p=0.03, context_kept=1.0, **HANDED_OVER),
            "reassess": Reassess(hand_back=1.0, live_of=towards(names, written), stop_bot_early=True),
            "demand": Demand(elasticity=0.15, forecast_error_cv=0.10),
        },
    )


def level4() -> Plan:
    """LV-G4: empathy, cases in writing that run by themselves, round the clock; specialists approve."""
    streams = [
        voice("care_voice", 350),
        chat("orders_chat", 700, mix=EASY, open_h=ROUND_THE_CLOCK),
        chat("billing_chat", 600, open_h=ROUND_THE_CLOCK),
        messages("messages", 500, open_h=ROUND_THE_CLOCK),
        Stream("approval", 0, 180, lambda s: 0 * s, "desk", mix=(0, 1, 0), log_sd=0.7),
    ]
    names = [stream.name for stream in streams]
    in_writing = towards(names, {"orders_chat": "messages", "billing_chat": "messages"})
    cases = ("care_voice", "billing_chat", "messages")
    return Plan(
        "level4",
        "Empathic and asynchronous (LV-G4): round-the-clock virtual agent, people for hard or upset cases, approvals.",
        streams,
        [
            Group("care", {name: 1 for name in names if name != "approval"}),
            Group("specialists", {"approval": 1}, SPECIALIST, resolve_p=0.85),
        ],
        {
            "channels": channels("voice", "chat", "async", "desk"),
            "dialogue": conversations(transition=0.01, sentiment_sd=0.3, sentiment_work=0.2, signal_accuracy=0.8),
            "concurrency": Concurrency(cap_slots=3, open_limit=10, switch_overhead=0.05),
            "bots": Bots(
                ("virtual_agent",),
                takes=by_name(names, {"approval": 0}, rest=1)[None],
                first=by_name(names, {"approval": 0}, rest=1)[None],
                resolve_p=np.array([[0.88, 0.65, 0.35]]),
                wrong_p=0.03,
                leave_p=0.02,
                cost_per_session=0.99,
                handoff_context=1.0,
                wrap_up_factor=0.4,
            ),
            "handoff": Handoff(
                approval_by=towards(names, dict.fromkeys(cases, "approval")), approval_p=0.06, **HANDED_OVER
            ),
            "reassess": Reassess(
                hand_back=1.0,
                async_of=in_writing,
                live_of=towards(names, {"messages": "care_voice"}),
                next_issue_s=60.0,
                stop_bot_early=True,
            ),
            "deferral": Deferral(async_of=in_writing),
            "demand": Demand(elasticity=0.2, forecast_error_cv=0.10),
            "people": People(empathy_sd=1.0, **LEARNING, **SHIFTS, **COPILOT),
        },
    )


def level5() -> Plan:
    """LV-G5: proactive, with a back office, people only where automation cannot."""
    four = level4()
    streams = [
        voice("care_voice", 300),
        chat("care_chat", 1500, open_h=ROUND_THE_CLOCK),
        messages("messages", 1000, open_h=ROUND_THE_CLOCK),
        Stream("cases", 120, 300, lambda s: 0 * s, "desk", mix=(0, 1, 0), log_sd=0.7),
    ]
    names = [stream.name for stream in streams]
    live = ("care_voice", "care_chat", "messages")
    in_writing = towards(names, {"care_chat": "messages"})
    return replace(
        four,
        name="level5",
        description="Mostly automated (LV-G5): messages before problems become contacts, few people, a back office.",
        streams=streams,
        groups=[
            Group("experts", dict.fromkeys(live, 1.0), SPECIALIST, resolve_p=0.85),
            Group("back_office", {"cases": 1}),
        ],
        blocks={
            **four.blocks,
            "bots": replace(
                four.blocks["bots"],
                takes=by_name(names, {"cases": 0}, rest=1)[None],
                first=by_name(names, {"cases": 0}, rest=1)[None],
                resolve_p=np.array([[0.95, 0.85, 0.60]]),
                wrong_p=0.02,
            ),
            "handoff": Handoff(
                approval_by=towards(names, dict.fromkeys(live, "cases")), approval_p=0.05, **HANDED_OVER
            ),
            "reassess": replace(
                four.blocks["reassess"],
                async_of=in_writing,
                live_of=towards(names, {"messages": "care_voice"}),
            ),
            "deferral": Deferral(async_of=in_writing),
            "outreach": Outreach(needs_per_h=by_name(names, {"care_chat": 20, "care_voice": 5}), messages_per_day=300),
            "demand": Demand(elasticity=0.3, forecast_error_cv=0.10),
            "customers": Customers(bot_intolerant_share=0.2),
        },
    )


LADDER = (level0, level1, level2, level3, level4, level5)
