"""Agents' time, productivity, balance and growth (K-11, K-12, K-13, K-14, K-15, FA-1)."""

from __future__ import annotations

import numpy as np

from maitred.envs.kernel.layout import Activity, Term
from maitred.envs.kpi.definition import SERVED, Books, Bools, Floats, Kpi, Ratio
from maitred.envs.scenario import DAY_S, Scenario

CEILING = 0.85  # occupancy above which people leave sooner (domain RS-11)
PROFICIENT = 0.1  # an agent is proficient when handle time is within this share of the settled one
WEEK_S = 7 * DAY_S
BUSY = (Activity.WORK, Activity.WRAP_UP)
ON_DUTY = (Activity.IDLE, *BUSY)
PAID = tuple(activity for activity in Activity if activity != Activity.OFF)


def novices(scenario: Scenario) -> Bools:
    """(A,) who had less experience than the half-life of learning when the episode began, where agents learn."""
    new: Bools = scenario.agents.tenure_wk < scenario.people.learn_half_life_wk
    return new & (scenario.people.learn_ratio > 1)


def _has_both(scenario: Scenario) -> bool:
    new = novices(scenario)
    return bool(new.any() and not new.all())


def _has_learners(scenario: Scenario) -> bool:
    return bool((_weeks_to_go(scenario) > 0).any())


def _has_copilot(scenario: Scenario) -> bool:
    people = scenario.people
    return bool(people.copilot_novice or people.copilot_expert or people.copilot_quality)


def _has_attrition(scenario: Scenario) -> bool:
    return scenario.people.attrition_per_year > 0


def _rph(books: Books) -> Ratio:
    contacts = books.ledger.contacts
    by_people = (contacts["outcome"] == SERVED) & ~np.isnan(contacts["answer_s"]) & (contacts["resolved"] == 1)
    return float(np.count_nonzero(by_people)), float(books.spent_s(*ON_DUTY).sum()) / 3600


def _occupancy(books: Books) -> Ratio:
    busy = float(books.ledger.accounts[:, list(BUSY)].sum())
    return busy, busy + float(books.ledger.accounts[:, Activity.IDLE].sum())


def _utilisation(books: Books) -> Ratio:
    return float(books.spent_s(*BUSY).sum()), books.ledger.paid_s


def _adherence(books: Books) -> Ratio:
    return books.ledger.paid_s - float(books.spent_s(Activity.UNAVAILABLE).sum()), books.ledger.paid_s


def _overrun(books: Books) -> Ratio:
    return float(books.ledger.overrun_s.sum()), books.ledger.paid_s


def _assisted(books: Books) -> Ratio:
    busy_s = books.spent_s(*BUSY)
    return float(busy_s[books.ledger.assisted == 1].sum()), float(busy_s.sum())


def _turnover(books: Books) -> Ratio:
    people, paid_s = books.scenario.people, books.spent_s(*PAID)
    worked = paid_s > 0
    excess = np.maximum(books.spent_s(*BUSY)[worked] / paid_s[worked] - CEILING, 0)
    hazard = people.attrition_per_year * (1 + people.attrition_per_occupancy * 100 * excess)
    return float(hazard.sum()), float(worked.sum())


def _load(books: Books, among: Bools) -> Floats:
    """Busy share of the time on duty of each agent who was on duty, and among those."""
    duty_s = books.spent_s(*ON_DUTY)
    there = among & (duty_s > 0)
    load: Floats = books.spent_s(*BUSY)[there] / duty_s[there]
    return load


def _everyone(books: Books) -> Bools:
    return np.ones(len(books.ledger.accounts), bool)


def _gini(load: Floats) -> Ratio:
    """Sum of |x_i - x_j| over all pairs, and 2 n times the sum of x (Gini 1912); sorted, in n log n."""
    n = len(load)
    rank = 2 * np.arange(1, n + 1) - n - 1
    return float(2 * (rank * np.sort(load)).sum()), float(2 * n * load.sum())


def _gini_all(books: Books) -> Ratio:
    return _gini(_load(books, _everyone(books)))


def _gini_novices(books: Books) -> Ratio:
    return _gini(_load(books, novices(books.scenario)))


def _gini_experienced(books: Books) -> Ratio:
    return _gini(_load(books, ~novices(books.scenario)))


def _max_over_mean(books: Books) -> Ratio:
    load = _load(books, _everyone(books))
    return (float(load.max()), float(load.mean())) if len(load) else (0.0, 0.0)


def _novice_load(books: Books) -> Ratio:
    ours, others = (_load(books, among) for among in (novices(books.scenario), ~novices(books.scenario)))
    if len(ours) == 0 or len(others) == 0:
        return 0.0, 0.0
    return float(ours.mean()), float(others.mean())


def _weeks_to_go(scenario: Scenario) -> Floats:
    """(A,) weeks of experience each agent lacks to be proficient: 1 + (r - 1) 2^(-t / h) <= 1 + PROFICIENT."""
    people = scenario.people
    needed = people.learn_half_life_wk * np.log2(max((people.learn_ratio - 1) / PROFICIENT, 1.0))
    lacking: Floats = np.maximum(needed - scenario.agents.tenure_wk, 0)
    return lacking


def _time_to_proficiency(books: Books) -> Ratio:
    contacts, to_go = books.ledger.contacts, _weeks_to_go(books.scenario)
    taught = (contacts["outcome"] == SERVED) & ~np.isnan(contacts["answer_s"]) & (contacts["agent"] >= 0)
    handled = np.bincount(contacts["agent"][taught], minlength=len(to_go))[to_go > 0]
    gained = handled.sum() / books.scenario.people.contacts_per_wk
    return float(to_go.sum()), float(gained / (books.ledger.horizon_s / WEEK_S))


PEOPLE = (
    Kpi(
        "occupancy", "Occupancy", "K-12", "share", "lower", "work and wrap-up over time on duty", _occupancy,
        headline=True, scope="episode", term=Term.FOCUS_S,
        counts="On duty is work, wrap-up and idle time: breaks, training and absence are not. With several "
        "conversations, an agent all of whose customers are thinking is idle. Over the whole episode: the ledger has "
        "no rolling hour.",
    ),
    Kpi(
        "utilisation", "Utilisation", "K-12", "share", "lower", "work and wrap-up over paid time", _utilisation,
        scope="episode",
    ),
    Kpi(
        "adherence", "Adherence", "K-12", "share", "higher", "paid time less unplanned absence over paid time",
        _adherence, scope="episode", counts="Breaks and training are planned.",
    ),
    Kpi(
        "overrun", "Overrun", "K-12", "share", "lower", "paid time past the end of a shift over paid time", _overrun,
        scope="episode",
    ),
    Kpi(
        "rph", "Resolved per agent-hour", "K-11", "per_h", "higher",
        "contacts that people closed and resolved per hour on duty", _rph, scope="episode", headline=True,
        counts="Contacts a bot closed alone are left out.",
    ),
    Kpi(
        "copilot_adherence", "Copilot adherence", "K-13", "share", "higher",
        "busy time of agents who follow the copilot over busy time", _assisted, applies=_has_copilot, scope="episode",
        counts="An agent follows it at all times or never; where one leaves, what its successor does last counts.",
    ),
    Kpi(
        "turnover", "Predicted turnover", "K-12", "per_year", "lower",
        "agents expected to leave, per agent and 365 shifts", _turnover, applies=_has_attrition, scope="episode",
        counts="The hazard of the people block at each agent's occupancy over the episode, of paid time; hazards of "
        "single shifts average a little higher. Who really left is the term REPLACED of the ledger.",
    ),
    Kpi(
        "time_to_proficiency", "Time to proficiency", "K-14", "weeks", "lower",
        "weeks of experience that learners lack over the weeks of experience they gain in a week", _time_to_proficiency,
        applies=_has_learners, scope="episode",
        counts="Proficient is a handle time within 10 % of the settled one; experience is contacts handled over "
        "people.contacts_per_wk. Agents who are replaced count with the experience their place began with.",
    ),
    Kpi(
        "workload_gini", "Workload Gini", "K-15", "0..1", "lower",
        "Gini coefficient of agents' occupancy; 0 is equal", _gini_all, scope="episode",
        counts="Agents who were on duty. Episodes weigh by their workload.",
    ),
    Kpi(
        "workload_gini_novices", "Workload Gini of novices", "K-15", "0..1", "lower",
        "Gini coefficient of novices' occupancy", _gini_novices, applies=_has_both, scope="episode",
        counts="Novices have less experience than the half-life of learning when the episode begins.",
    ),
    Kpi(
        "workload_gini_experienced", "Workload Gini of others", "K-15", "0..1", "lower",
        "Gini coefficient of the occupancy of agents who are no novices", _gini_experienced, applies=_has_both,
        scope="episode",
    ),
    Kpi(
        "workload_max", "Workload of the busiest", "K-15", "ratio", "lower",
        "occupancy of the busiest agent over the agents' mean; 1 is equal", _max_over_mean, scope="episode",
    ),
    Kpi(
        "novice_load", "Workload of novices", "FA-1", "ratio", "higher",
        "mean occupancy of novices over that of other agents; 1 is equal", _novice_load, applies=_has_both,
        headline=True, scope="episode",
        counts="Novices who are given nothing learn nothing. Above 1 they carry more than the others.",
    ),
)  # fmt: skip
