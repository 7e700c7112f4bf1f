"""Tuning rules: every family with the same budget of simulated training episodes, so that each is at its best.

Successive halving (Jamieson and Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter
optimization") in one step: many settings on few episodes, the best quarter on more. All settings of a family are
simulated side by side, on the same episodes (common random numbers), those that a learner of the same seed trains on:
what comes out was chosen on them, and is to be judged on others.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from maitred.agents.families import CAP, Family, families, levers, without_cap
from maitred.agents.rules import rule
from maitred.envs.decision import Policy
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.training.booked import Booked
from maitred.training.learning import ALGORITHM, branch, training_traces
from maitred.training.paired import paired_difference, pooled
from maitred.training.validation import Difference

DEFAULT_BUDGET = 48  # episodes per family
KEPT = 4  # one setting in so many goes on, for so many times the episodes: both rounds cost the same
BESIDE = 3  # caps that rules of routing are tuned jointly with
ROUTINGS = 2  # of those tuned, tried with every cap


class Trial(NamedTuple):
    """One setting on some training episodes."""

    name: str
    episodes: int
    reward: float  # money per case


@dataclass(frozen=True)
class Tuned:
    """A family of rules at its best setting.

    Attributes:
        family: its name.
        policy: the rule with that setting.
        difference: its reward per case over the platform's own rule, on the training episodes it was chosen on.
        tried: every trial, in order.
    """

    family: str
    policy: Policy
    difference: Difference
    tried: tuple[Trial, ...]


def best_rule(scenario: Scenario, objective: Objective, seed: int, budget: int = DEFAULT_BUDGET) -> list[Tuned]:
    """Tune every family that a scenario has a use for; the best first, by reward on the training episodes.

    Few caps stand beside all routing; the best routing is then tried with every cap, or as many as the budget allows,
    as a family of its own.

    Raises:
        ValueError: the budget is too small for two rounds.
    """
    return tune_all(to_tune_on(scenario, seed, budget), objective, seed, budget)


def to_tune_on(scenario: Scenario, seed: int, budget: int = DEFAULT_BUDGET) -> Booked:
    """The training episodes that a budget asks for.

    Raises:
        ValueError: the budget is too small for two rounds.
    """
    return Booked(scenario, training_traces(scenario, seed, range(KEPT * _plan(budget)[1])))


def tune_all(booked: Booked, objective: Objective, seed: int, budget: int = DEFAULT_BUDGET) -> list[Tuned]:
    """`best_rule` on episodes in which rules may have been simulated already, for another objective."""

    def tuned(found: Sequence[Family]) -> list[Tuned]:
        return [tune(family, booked, objective, seed, budget) for family in found]

    scenario = booked.scenario
    ranked = _best_first(tuned(families(scenario, best_levers(booked, objective, budget))))
    if not scenario.concurrency.decided:
        return ranked
    return _best_first([*ranked, *tuned(_with_every_cap(ranked))])


def _with_every_cap(ranked: Sequence[Tuned]) -> list[Family]:
    """The best of the tuned rules, as families in which only the cap is open."""
    routing: dict[str, str] = {}
    for one in ranked:
        routing.setdefault(without_cap(one.policy.name), one.family)
    best = list(routing.items())[:ROUTINGS]
    return [Family(f"{family}, every cap", name, levers=CAP) for name, family in best]


def _best_first(tuned: Sequence[Tuned]) -> list[Tuned]:
    return sorted(tuned, key=lambda one: -one.difference.value)


def best_levers(booked: Booked, objective: Objective, budget: int = DEFAULT_BUDGET) -> list[str]:
    """The best few caps, each with the best message and bot, beside the platform's own routing.

    One lever is tried after the other, those before it at their best. All families share what this costs.
    """
    _, episodes = _plan(budget)
    found = [""]
    for lever in levers(booked.scenario):
        names = ["+".join(filter(None, (found[0], name))) for name in lever]
        worth = _per_case(booked.rewards(names, episodes, objective))
        found = [names[i] for i in np.argsort(-worth, kind="stable")[:BESIDE]]
    return found


def tune(family: Family, booked: Booked, objective: Objective, seed: int, budget: int = DEFAULT_BUDGET) -> Tuned:
    """Find the best setting of one family of rules.

    Args:
        family: one of `maitred.agents.families.families`.
        booked: the training episodes, as many as `to_tune_on` has for this budget.
        objective: what is worth what.
        seed: of the choice of settings.
        budget: episodes that may be simulated, half of them in either round. A family of few settings uses less.

    Raises:
        ValueError: the budget is too small for two rounds, or asks for more episodes than there are.
    """
    count, first = _plan(budget)
    settings = family.settings(count, np.random.default_rng(branch(seed, ALGORITHM)))
    tried: list[Trial] = []

    def judged(episodes: int) -> NDArray[np.float64]:
        ratios = booked.rewards(settings, episodes, objective)
        worth = zip(settings, _per_case(ratios).tolist(), strict=True)
        tried.extend(Trial(name, episodes, reward) for name, reward in worth)
        return ratios

    if len(settings) > count // KEPT:
        best = np.argsort(-_per_case(judged(first)), kind="stable")
        settings = [settings[i] for i in best[: count // KEPT]]
    last = judged(KEPT * first)
    found = int(_per_case(last).argmax())
    platform = booked.rewards(["incumbent"], KEPT * first, objective)[0]
    difference = Difference(*map(float, paired_difference(last[found], platform)))
    return Tuned(family.name, rule(settings[found]), difference, tuple(tried))


def _plan(budget: int) -> tuple[int, int]:
    """Settings, and episodes of each in the first round: a larger budget buys more of both."""
    count = int(math.sqrt(3 * max(budget, 0)))
    if budget < 2 * count or count < KEPT:
        raise ValueError(f"budget: expected 12 episodes or more, found {budget}")
    return count, budget // (2 * count)


def _per_case(ratios: NDArray[np.float64]) -> NDArray[np.float64]:
    """(P,) pooled reward per case of (P, E, 2)."""
    return pooled(ratios.swapaxes(0, 1))


def tuned_table(tuned: Sequence[Tuned], title: str) -> Table:
    """Families in the order given: gain over the platform's rule on training episodes, and the rule's name."""
    table = Table(title=title, title_justify="left")
    table.add_column("family")
    table.add_column("gain per case", justify="right", no_wrap=True)
    table.add_column("rule", overflow="fold")
    for one in tuned:
        table.add_row(one.family, str(one.difference), one.policy.name)
    return table


def tuned_json(tuned: Sequence[Tuned]) -> str:
    """The families as a JSON list with every trial; `rule` is what `maitred.agents.rules.rule` reads."""
    rows = [
        {
            "family": one.family,
            "rule": one.policy.name,
            "difference": asdict(one.difference),
            "tried": [trial._asdict() for trial in one.tried],
        }
        for one in tuned
    ]
    return json.dumps(rows, indent=1) + "\n"
