"""Learning by doing: experience shortens handle times along a curve, and who gets no contacts does not learn (RS-3)."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import curve_fit

from maitred.agents.rules import RULES
from maitred.envs.blocks import People
from maitred.envs.decision import CANDIDATE_NAMES
from maitred.envs.kernel.layout import Outcome
from maitred.envs.simulator import Simulator, simulate
from tests.envs.kernel.worlds import center, logged, luck

SETTLED_S, RATIO, HALF_LIFE_WK, PER_WK = 300.0, 1.8, 4.0, 40
CURVE = People(learn_ratio=RATIO, learn_half_life_wk=HALF_LIFE_WK, contacts_per_wk=PER_WK)
SHIFT = (8 * 3600.0, 16 * 3600.0)


def novices(agents=4, days=28, per_h=20.0, people=CURVE):
    """A floor of new agents, whose mean is that of their first contact."""
    return center(
        agents=agents, days=days, per_h=per_h, mean_s=SETTLED_S * RATIO, distribution="lognormal", shift_s=SHIFT,
        patience_s=600.0, people=people,
    )  # fmt: skip


def by_experience(ledger):
    """(weeks of experience, seconds of work) of every served contact, from the ledger alone."""
    served = ledger.contacts[ledger.contacts["outcome"] == Outcome.SERVED]
    served = served[np.argsort(served["end_s"])]
    nth = np.zeros(len(served))
    for agent in np.unique(served["agent"]):
        own = served["agent"] == agent
        nth[own] = np.arange(own.sum())
    return nth / PER_WK, served["work_s"]


def curve(experience_wk, settled_s, ratio, half_life_wk):
    """Mean handle time after some weeks (domain 2.6)."""
    return settled_s * (1 + (ratio - 1) * 2 ** (-experience_wk / half_life_wk))


def test_the_half_life_of_the_learning_curve_is_recovered_from_the_ledger():
    experience_wk, work_s = map(np.concatenate, zip(*(by_experience(ledger) for ledger in ledgers()), strict=True))
    assert experience_wk.max() > 4 * HALF_LIFE_WK
    found, covariance = curve_fit(curve, experience_wk, work_s, p0=(200.0, 1.5, 2.0))
    errors = np.abs(found - [SETTLED_S, RATIO, HALF_LIFE_WK]) / np.sqrt(np.diag(covariance))
    assert (errors < 3.3).all() and np.sqrt(covariance[2, 2]) < 0.25 * HALF_LIFE_WK


def ledgers():
    """Four weeks on the floor, several times over."""
    return [logged(novices(), luck(novices(), seed)) for seed in range(3)]


def test_the_time_to_proficiency_follows_from_the_curve():
    """K-14: contacts until a novice works within a tenth of the settled pace."""
    experience_wk, work_s = by_experience(ledgers()[0])
    proficient_wk = HALF_LIFE_WK * np.log2((RATIO - 1) / 0.1)
    after = work_s[experience_wk >= proficient_wk]
    expected = curve(experience_wk[experience_wk >= proficient_wk], SETTLED_S, RATIO, HALF_LIFE_WK)
    assert (expected <= 1.1 * SETTLED_S + 1e-9).all()
    assert after.mean() == pytest.approx(expected.mean(), abs=4 * after.std() / np.sqrt(len(after)))


def test_who_has_tenure_starts_further_down_the_curve_and_learns_less():
    people = replace(CURVE, contacts_per_wk=50.0)
    scenario = novices(agents=2, people=people)
    scenario = replace(scenario, agents=replace(scenario.agents, tenure_wk=np.array([0.0, 100.0])))
    served = logged(scenario, luck(scenario)).contacts
    served = served[served["outcome"] == Outcome.SERVED]
    gains = []
    for agent in range(2):
        work_s = served["work_s"][served["agent"] == agent]
        gains.append(work_s[:150].mean() / work_s[-150:].mean())
    assert gains[0] > 1.3 > 1.15 > gains[1]


WEEKS = 26


def mixed():
    """Two experts and two novices: enough for a quiet day without the novices, too few for a busy one."""
    scenario = novices(days=WEEKS * 7, per_h=6.0, people=replace(CURVE, contacts_per_wk=100))
    agents = replace(
        scenario.agents, tenure_wk=np.array([100.0, 100.0, 0.0, 0.0]),
        mean_s=SETTLED_S * np.array([[1.0], [1.0], [RATIO], [RATIO]]),
    )  # fmt: skip
    return replace(scenario, agents=agents)


def without_experts_at_last(policy):
    """Contacts that novices had while the experts were there, and their mean work after these leave."""
    scenario = mixed()
    trace, last_week_s = luck(scenario), (WEEKS - 1) * 7 * 86400.0
    stays = (trace.roster["agent"] >= 2) | (trace.roster["s"] < last_week_s)
    contacts = simulate(scenario, [replace(trace, roster=trace.roster[stays])], RULES[policy])[0].contacts
    alone = contacts["arrival_s"] >= last_week_s
    served = contacts["outcome"] == Outcome.SERVED
    return (served & ~alone & (contacts["agent"] >= 2)).sum(), contacts["work_s"][served & alone].mean()


def test_to_starve_novices_has_a_price_that_comes_due_when_they_are_needed():
    (starved, slow_s), (taught, quick_s) = map(without_experts_at_last, ("fastest", "least_loaded"))
    assert starved < 0.5 * taught
    assert slow_s > 1.2 * quick_s


def test_policies_see_experience_grow():
    scenario = novices(agents=2, days=3)
    simulator, seen = Simulator(scenario, [luck(scenario)]), []
    simulator.step()
    while simulator.pending.any():
        decisions = simulator.decisions()
        seen.append(decisions.candidates[0, 0, CANDIDATE_NAMES.index("tenure_wk")])
        simulator.step(RULES["incumbent"].act(decisions).candidate)
    closed = (simulator.ledger(0).contacts["outcome"] == Outcome.SERVED).sum()
    assert seen[0] == 0 and max(seen) <= closed / PER_WK
    assert max(seen) > 0.3 * closed / PER_WK


def test_without_a_curve_nobody_learns():
    flat = novices(people=People())
    experience_wk, work_s = by_experience(logged(flat, luck(flat)))
    early, late = work_s[experience_wk < 4], work_s[experience_wk >= 4]
    error = np.sqrt(early.var() / len(early) + late.var() / len(late))
    assert early.mean() == pytest.approx(late.mean(), abs=4 * error)
