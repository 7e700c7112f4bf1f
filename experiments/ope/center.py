"""Target policies on a simulated center: what a log of another policy says of each, and what each really earns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from maitred.agents.candidates import uniform
from maitred.agents.exploring import Exploring
from maitred.agents.rules import rule
from maitred.envs.decision import Decisions, Policy
from maitred.envs.kpi import REWARD, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from maitred.training.decision_log.case_terms import cases
from maitred.training.decision_log.played import NOBODY, Played, play
from maitred.training.ope.logged import Floats, Integers, Logged
from maitred.training.ope.reward_model import cross_fitted, folds, joined, ridge

BEHAVIOUR = Exploring(rule("incumbent"), 0.3)
RULES = (
    "incumbent", "fastest", "priority", "cmu", "cmu(level_cost=4)", "cmu_theta", "pmu", "pmu(resolution_weight=3)",
    "least_loaded", "reservation",
)  # fmt: skip
FLOORS = (0.1, 0.5)
LOGGED, JUDGED = 0, 1  # branches of a study's seed: days of the log, days of the truth
OBJECTIVE = Objective()


@dataclass(frozen=True, eq=False)
class Days:
    """What a policy met and earned.

    Attributes:
        decisions: (n,) all of them.
        chosen: (n,) int64.
        propensity: (n,) float64.
        reward: (n,) float64, money booked by each decision's contact and what came of it, from then on; 0 where the
            answer is about no contact.
        day: (n,) int64.
        per_case: (E, 2) float64, money and cases of each day: the objective itself.
    """

    decisions: Decisions
    chosen: Integers
    propensity: Floats
    reward: Floats
    day: Integers
    per_case: Floats


def targets() -> list[Exploring]:
    """Every rule at every floor, and chance alone."""
    return [
        *(Exploring(rule(name), floor) for name, floor in product(RULES, FLOORS)),
        Exploring(rule("incumbent"), 1.0),
    ]


def days(center: Scenario, policy: Policy, seed: int, branch: int, count: int) -> Days:
    """Run a policy over the days of one branch of a seed; the same days for every policy."""
    keys = (np.random.SeedSequence(seed, spawn_key=(branch, i)) for i in range(count))
    simulator = Simulator(center, [draw_trace(center, key) for key in keys])
    played = play(simulator, policy, OBJECTIVE.weights())
    ledgers = [simulator.open_ledger(b) for b in range(count)]
    earned = [_earned(one, cases(ledger, center).terms) for one, ledger in zip(played, ledgers, strict=True)]
    parts = [one.decisions for one in played]
    return Days(
        Decisions(*(np.concatenate([getattr(d, name) for d in parts]) for name in Decisions.__dataclass_fields__)),
        np.concatenate([one.choices.candidate for one in played]),
        np.concatenate([one.choices.propensity for one in played]),
        np.concatenate(earned),
        np.repeat(np.arange(count), [len(one.center) for one in played]),
        kpi_ratios(ledgers, center, OBJECTIVE, (REWARD,))[:, 0],
    )


def _earned(one: Played, terms: Floats) -> Floats:
    money = (terms[one.contact] - one.before) @ OBJECTIVE.weights()
    return np.where(one.contact == NOBODY, 0.0, money)


def probabilities(policy: Exploring, decisions: Decisions) -> Floats:
    """(n, K) of an exploring rule's answers."""
    chances = policy.floor * uniform(decisions.mask)
    chances[np.arange(len(decisions)), policy.policy.act(decisions).candidate] += 1 - policy.floor
    return np.asarray(chances, np.float64)


def reward_model(log: Days) -> Floats:
    """(n, K) rewards predicted by ridge regression on context and candidate, days kept together."""
    features = joined(log.decisions.context, log.decisions.candidates)
    return cross_fitted(features, log.chosen, log.reward, folds(log.day), ridge())


def logged(log: Days, q: Floats, target: Exploring) -> Logged:
    """The log of `BEHAVIOUR` as evidence about a target policy."""
    behaviour = probabilities(BEHAVIOUR, log.decisions)
    return Logged(log.reward, log.propensity, log.chosen, probabilities(target, log.decisions), behaviour, q)
