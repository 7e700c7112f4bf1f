"""Proactive messages: whom they bring, whom they spare, and when they may go out (AC-4, AC-9)."""

import numpy as np
import pytest

from maitred.agents.candidates import feature
from maitred.envs.blocks import Outreach
from maitred.envs.decision import Action
from maitred.envs.kernel.layout import Mark, Origin, Term
from maitred.envs.simulator import Simulator
from tests.envs.kernel.policies import USUAL, Prefer
from tests.envs.kernel.worlds import center, luck, played

OPEN_S = (9 * 3600.0, 20 * 3600.0)
BLIND = Prefer((Action.MESSAGE,))
# A message spares deflect_p of the real and brings follow_p of the others: it pays above 0.66 / (0.66 + 0.60).
SELECTIVE = Prefer((Action.MESSAGE,), when=lambda d: feature(d, "need_p") > 0.66 / 1.26)


def predicting(days=3, **changes):
    outreach = Outreach(**{"needs_per_h": 60.0, "delay_mean_s": 1200.0, **changes})
    return center(("calls",), agents=30, per_h=10.0, mean_s=120.0, days=days, outreach=outreach)


def prompted(world, policy):
    return sum((ledger.contacts["origin"] == Origin.PROACTIVE).sum() for ledger in played(world, policy, seeds=1))


def test_blind_messages_raise_volume_and_chosen_ones_lower_it():
    none, blind, chosen = (prompted(predicting(), policy) for policy in (USUAL, BLIND, SELECTIVE))
    assert blind > 1.2 * none
    assert chosen < 0.97 * none


@pytest.mark.parametrize("real, deflect_p, follow_p", [(1.0, 0.6, 0.9), (0.0, 0.6, 0.66), (0.5, 0.2, 0.3)])
def test_messages_spare_and_bring_as_many_as_stated(real, deflect_p, follow_p):
    always = {"open_from_s": 0.0, "open_to_s": 86_400.0, "days": 6}
    world = predicting(real_share=real, deflect_p=deflect_p, follow_p=follow_p, delay_mean_s=1.0, **always)
    needs = len(luck(world, 0).needs)
    come = real * (1 - deflect_p) + (1 - real) * follow_p
    assert prompted(world, BLIND) / needs == pytest.approx(come, abs=4 * np.sqrt(0.25 / needs))
    assert prompted(world, USUAL) / needs == pytest.approx(real, abs=4 * np.sqrt(0.25 / needs))


def messages(world):
    simulator = Simulator(world, [luck(world)], keep_log=True)
    simulator.step()
    while simulator.pending.any():
        simulator.step(BLIND.act(simulator.decisions()).candidate)
    ledger = simulator.ledger(0)
    return ledger.log["s"][ledger.log["mark"] == Mark.MESSAGE], ledger


def test_no_message_goes_out_in_quiet_hours_or_above_the_daily_limit():
    sent_s, ledger = messages(predicting(messages_per_day=100.0))
    second = sent_s % 86_400
    assert (second >= OPEN_S[0]).all() and (second < OPEN_S[1]).all()
    assert np.bincount((sent_s // 86_400).astype(int)).tolist() == [100, 100, 100]
    assert ledger.booked[Term.MESSAGES] == 300


def test_every_message_costs():
    world = predicting(message_cost=0.25)
    sent_s, with_messages = messages(world)
    without = played(world, USUAL, seeds=1)[0]
    paid = with_messages.paid_s - without.paid_s
    difference = with_messages.booked[Term.COST] - without.booked[Term.COST] - paid * 0.65 / 60
    assert len(sent_s) > 1000 and abs(difference - 0.25 * len(sent_s)) < 10
