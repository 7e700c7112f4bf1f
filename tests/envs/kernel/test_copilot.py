"""The copilot speeds up novices more than experts, for those who follow it, and costs experts some quality (RS-7)."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.blocks import People
from maitred.envs.kernel.layout import Outcome, Term
from maitred.envs.simulator import Simulator
from tests.envs.kernel.worlds import center, luck

AGENTS, NOVICE, EXPERT = 200, 0.30, 0.02
STEADY = {"learn_half_life_wk": 5.0, "contacts_per_wk": 1e5}  # nobody learns within a day


def ledger_of(people, tenure_wk=None, seed=1, per_h=400.0):
    """A day with so many agents that who takes a contact does not depend on how long the others last."""
    scenario = center(agents=AGENTS, per_h=per_h, mean_s=60.0, people=people, shift_s=(0.0, 86400.0))
    tenure_wk = np.zeros(AGENTS) if tenure_wk is None else tenure_wk
    scenario = replace(scenario, agents=replace(scenario.agents, tenure_wk=tenure_wk))
    simulator = Simulator(scenario, [luck(scenario, seed)])
    simulator.run_incumbent()
    return simulator.ledger(0)


def speed_up(people, tenure_wk=None):
    """(A,) contacts per hour of work with the copilot over those without, less one; same contacts, same luck."""
    with_, without = (ledger_of(p, tenure_wk).contacts for p in (people, People(**STEADY)))
    same = (with_["agent"] == without["agent"]) & (with_["outcome"] == Outcome.SERVED) & (with_["agent"] >= 0)
    ratio, agent = (without["work_s"] / with_["work_s"])[same], with_["agent"][same]
    gains = [ratio[agent == a] for a in range(AGENTS)]
    assert all(len(g) and np.ptp(g) < 1e-3 for g in gains)
    return np.array([g[0] for g in gains]) - 1


def test_novices_gain_more_than_experts_and_those_between_lie_between():
    tenure_wk = np.repeat([0.0, 5.0, 500.0, 0.0], AGENTS // 4)
    gain = speed_up(People(copilot_novice=NOVICE, copilot_expert=EXPERT, **STEADY), tenure_wk)
    assert gain[:50] == pytest.approx(NOVICE, abs=1e-3)
    assert gain[50:100] == pytest.approx((NOVICE + EXPERT) / 2, abs=1e-3)
    assert gain[100:150] == pytest.approx(EXPERT, abs=1e-3)


def test_the_share_that_follows_it_is_as_configured_and_so_is_the_average_gain():
    people = People(copilot_novice=NOVICE, copilot_adherence=0.38, **STEADY)
    gain = speed_up(people)
    follows = gain > 0.01
    assert follows.mean() == pytest.approx(0.38, abs=4 * np.sqrt(0.38 * 0.62 / AGENTS))
    assert gain[follows] == pytest.approx(NOVICE / 0.38, abs=2e-3)
    assert np.array_equal(ledger_of(people).assisted == 1, follows)
    assert gain.mean() == pytest.approx(NOVICE, rel=4 * np.sqrt(0.62 / 0.38 / AGENTS))


def test_nobody_gains_from_a_copilot_that_nobody_follows():
    assert speed_up(People(copilot_novice=NOVICE, copilot_adherence=0.0, **STEADY)) == pytest.approx(0, abs=1e-9)


def resolved(people, tenure_wk):
    """(A,) bool arrays of what was resolved, by tenure, over the same contacts."""
    contacts = ledger_of(people, np.full(AGENTS, tenure_wk), per_h=800.0).contacts
    return contacts["resolved"][contacts["outcome"] == Outcome.SERVED].astype(float)


def test_quality_falls_for_experts_by_the_configured_amount_and_not_for_novices():
    people = People(copilot_quality=-0.1, copilot_adherence=0.5, **STEADY)
    without, expert, novice = resolved(People(**STEADY), 0.0), resolved(people, 500.0), resolved(people, 0.0)
    assert (novice == without).all()
    lost = without - expert
    assert (lost >= 0).all()  # the same contacts, with a lower chance each
    assert lost.mean() == pytest.approx(0.1, rel=0.25)


def test_experts_cannot_be_made_better_by_it():
    with pytest.raises(ValueError, match="copilot_quality"):
        center(people=People(copilot_quality=0.01))


def test_every_shift_pays_for_a_seat():
    plain, seat = (ledger_of(People(**STEADY, copilot_cost_per_day=cost)) for cost in (0.0, 2.5))
    assert seat.booked[Term.COST] - plain.booked[Term.COST] == pytest.approx(2.5 * AGENTS)
