"""Agents who hang up on their callers stand out in a call log; agents who merely differ do not."""

import numpy as np
import pyarrow as pa
import pytest

from maitred.training.audit import AuditError
from maitred.training.audit.short_call_log import (
    SUSPECTS,
    agents_who_cut_short,
    honest_shares,
    outliers,
    short_call_finding,
)
from tests.envs.calibration.logs import bank_log, contact_log

CALLS = np.full(30, 4000)
HONEST = 1.7, 34.0  # shares of 4.8 % on average, as unequal as the bank's


def honest_short(rng):
    return rng.binomial(CALLS, rng.beta(*HONEST, len(CALLS)))


def log_of(shares, calls, rng):
    """A log of agents with these shares of 5 s calls; the callers of those come back at once."""
    agent = np.repeat([f"a{i:02}" for i in range(len(shares))], calls)
    short = rng.uniform(size=len(agent)) < np.repeat(shares, calls)
    order = rng.permutation(len(agent))
    customers = np.arange(len(agent)).astype(str)
    customers[1:][short[order][:-1]] = customers[:-1][short[order][:-1]]
    return contact_log(
        np.arange(len(agent)) * 30.0,
        agent=agent[order],
        service_s=np.where(short, 5.0, 120.0)[order],
        customer_id=pa.array(customers),
    )


def test_one_agent_who_hangs_up_is_found_by_name():
    rng = np.random.default_rng(1)
    agents = agents_who_cut_short(log_of([0.03, 0.06, 0.01, 0.05] * 4 + [0.3], [500] * 17, rng))
    assert [one.agent for one in agents if one.flagged] == ["a16"]
    assert agents[0].agent == "a16" and agents[0].low < agents[0].share
    assert agents[0].short_back > 0.8 * agents[0].short_known > 0
    finding = short_call_finding(agents)
    assert finding.flagged and "cut short by a16" in finding.sentence


def test_agents_with_few_calls_are_not_judged():
    rng = np.random.default_rng(2)
    agents = agents_who_cut_short(log_of([0.03, 0.05] * 6 + [0.9], [400] * 12 + [100], rng))
    assert "a12" not in {one.agent for one in agents}
    assert not short_call_finding(agents).flagged


def test_agents_who_are_all_a_little_short_are_not_flagged_for_standing_out():
    rng = np.random.default_rng(3)
    _, usual, flagged = outliers(rng.binomial(CALLS, [0.02] * 29 + [0.04]), CALLS, 0.05, rng)
    assert usual == pytest.approx(0.02, abs=0.003)
    assert not flagged.any()  # two points above the rest is certain, and tolerated


def test_honest_rosters_are_flagged_no_more_often_than_said():
    rng = np.random.default_rng(4)
    alarms = sum(outliers(honest_short(rng), CALLS, 0.05, rng)[2].any() for _ in range(40))
    assert alarms <= 6  # 40 at 5 %: more than 6 come once in a hundred


def test_two_agents_do_not_hide_each_other():
    rng, found = np.random.default_rng(5), 0
    for _ in range(10):
        short = honest_short(rng)
        short[:2] = rng.binomial(CALLS[:2], 0.35)
        found += outliers(short, CALLS, 0.05, rng)[2][:2].all()
    assert found >= 7


def test_the_honest_are_fitted_without_the_suspects():
    rng = np.random.default_rng(6)
    share = rng.beta(*HONEST, 400)
    suspects = int(SUSPECTS * len(share))
    a, b = honest_shares(share, suspects)
    assert a / (a + b) == pytest.approx(HONEST[0] / sum(HONEST), rel=0.1)
    share[np.argsort(share)[-10:]] = 0.9
    assert honest_shares(share, suspects) == pytest.approx((a, b))


def test_a_log_of_few_agents_is_refused():
    with pytest.raises(AuditError, match="10 agents with 300 answered calls"):
        agents_who_cut_short(log_of([0.1] * 3, [400] * 3, np.random.default_rng(7)))


def test_agent_a21_of_the_bank_is_found_and_nobody_else():
    agents = agents_who_cut_short(bank_log("1999-01-01", "1999-09-01"))
    assert [one.agent for one in agents if one.flagged] == ["A21"]
    assert agents[0].share == pytest.approx(0.28, abs=0.01)
    assert agents[0].short_back / agents[0].short_known > 0.5
