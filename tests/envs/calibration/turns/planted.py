"""A center whose every conversation mechanism is known, and its turn log of four weeks.

Chats about orders, accounts and for experts, and calls; a bot takes orders first; eight agents, three of them new. Who
decides asks some waiting callers whether they want to be called back, and escalates some chats about accounts.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from maitred.envs.blocks import (
    Bots,
    Channels,
    Concurrency,
    Customers,
    Deferral,
    Dialogue,
    Handoff,
    People,
    Reassess,
)
from maitred.envs.decision import CANDIDATE_NAMES
from maitred.envs.scenario import Agents, Arrivals, ContactTypes, Patience, Returns, Scenario, Service, Staffing
from maitred.envs.simulator import Ledger, Simulator
from maitred.envs.traffic import draw_trace
from tests.envs.toy import HOURS, toy

DAYS = 28
NEW = 3
SPEED = np.array([0.8, 1.0, 1.25, 0.9, 1.1, 0.75, 1.2, 1.0])
TURN_S = np.array([40.0, 60.0, 80.0, 240.0])


def center() -> Scenario:
    """The planted center."""
    open_now = (HOURS >= 8) & (HOURS < 17)
    agents = len(SPEED)
    tenure = np.where(np.arange(agents) < NEW, 0.0, 100.0)
    return replace(
        toy(places=12, days=DAYS),
        name="planted",
        types=ContactTypes(("orders", "account", "experts", "phone"), np.ones((4, 1)), np.zeros(1)),
        arrivals=Arrivals(
            1800, np.where(open_now, np.array([[20.0], [12.0], [2.0], [6.0]]), 0.0)[None], np.zeros(7, int), ("all",)
        ),
        agents=Agents(
            names=tuple(f"agent{a}" for a in range(agents)),
            group=np.arange(agents) // 4,
            group_names=("north", "south"),
            weight=np.ones(agents),
            may_answer=np.ones((agents, 4), bool),
            mean_s=SPEED[:, None] * TURN_S,
            log_se=np.zeros((agents, 4)),
            resolve_p=np.full((agents, 4), 0.7),
            short_share=np.zeros(agents),
            cost_per_min=np.array([0.5, 0.5]),
            tenure_wk=tenure,
        ),
        service=Service("lognormal", np.full(4, 0.5), np.array([20.0, 30.0, 30.0, 40.0]), np.ones(48)),
        patience=Patience(np.zeros(1), np.full((4, 1, 1), 1 / 100), np.ones(48)),
        returns=Returns(
            retrial_p=0.4, retrial_mean_s=1500.0, repeat_unresolved_p=0.5, repeat_unresolved_mean_s=20000.0
        ),
        staffing=Staffing(
            np.zeros(2, int), np.arange(2), np.full(2, 8 * 3600.0), np.full(2, 18 * 3600.0), np.full(2, 4)
        ),
        channels=Channels(
            names=("chat", "voice"),
            of_type=np.array([0, 0, 0, 1]),
            exclusive=np.array([0.0, 1.0]),
            think_mean_s=np.array([60.0, 0.0]),
            silent_share=np.array([0.3, 0.0]),
            silence_tolerance_s=np.array([300.0, 0.0]),
            silence_timeout_s=np.array([150.0, 180.0]),
        ),
        dialogue=Dialogue(
            names=("simple", "complex"),
            level=np.array([0.2, 0.8]),
            share=np.array([[0.7, 0.3], [0.4, 0.6], [0.2, 0.8], [0.5, 0.5]]),
            work_factor=np.array([0.5, 1.5]),
            turns_mean=np.array([4.0, 10.0]),
            phases=2,
        ),
        concurrency=Concurrency(cap_slots=3, switch_overhead=0.15),
        bots=Bots(
            names=("bot",),
            takes=np.array([[1.0, 0.0, 0.0, 0.0]]),
            first=np.array([[1.0, 0.0, 0.0, 0.0]]),
            resolve_p=np.array([[0.5, 0.15]]),
            wrong_p=0.3,
            turn_s=12.0,
            turns_mean=4.0,
            max_turns=8.0,
            leave_p=0.03,
            handoff_context=0.2,
        ),
        handoff=Handoff(
            misroute_p=np.array([0.0, 0.2, 0.0, 0.0]),
            context_kept=0.6,
            repeat_info_s=90.0,
            kept_info_s=20.0,
            escalate_to=np.array([-1, 2, -1, -1]),
        ),
        reassess=Reassess(escalate=np.array([0.0, 1.0, 0.0, 0.0])),
        deferral=Deferral(callback=np.array([0.0, 0.0, 0.0, 1.0]), callback_accept_p=0.6, callback_no_answer_p=0.25),
        people=People(learn_ratio=1.8, learn_half_life_wk=4.0, contacts_per_wk=25.0),
        customers=Customers(survey_p=0.25, survey_bias=1.0),
    )


@cache
def four_weeks(seed: int = 1) -> Ledger:
    """The ledger, with its log, of a policy that offers call-backs and escalates now and then."""
    scenario = center()
    simulator = Simulator(scenario, [draw_trace(scenario, np.random.SeedSequence(seed), 0)], keep_log=True)
    rng = np.random.default_rng(seed)
    usual, escalate, callback = (CANDIDATE_NAMES.index(n) for n in ("usual", "is_escalate", "is_callback"))
    simulator.step()
    while simulator.pending.any():
        o = simulator.observation
        features, legal, u = o.candidates[0], o.mask[0], rng.random()
        choice = int((features[:, usual] * legal).argmax())
        for column, chance in ((escalate, 0.03), (callback, 0.5)):
            offered = np.flatnonzero(legal & (features[:, column] > 0))
            if len(offered) and u < chance:
                choice = int(offered[0])
        simulator.step(np.array([choice]))
    return simulator.ledger(0)
