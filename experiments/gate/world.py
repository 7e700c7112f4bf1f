"""A world in which the true difference of candidate and champion is exact, and a log of the champion's decisions.

Ten agents with a logistic success each; the champion takes the agent that a noisy estimate likes best, and any agent
with a small probability. A candidate is a mixture of a good and a bad policy, weighed so that its true value differs
from the champion's by exactly what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

AGENTS, FEATURES, CONTACTS = 10, 8, 20_000
CHANCE = 0.02  # of the candidates
GUARDS = {"csat": 0.04, "first contact resolution": 0.04, "no transfer": 0.04}  # KPIs with their tolerances


@dataclass(frozen=True, eq=False)
class World:
    """The contacts that can come, who resolves them, and how they are routed.

    Attributes:
        features: (N, 1 + d) of each contact, with a leading 1.
        resolved: (N, K) probability that each agent resolves it.
        champion: (N, K) probability of each agent under the champion, which is also the log's.
        good, bad: (N, K) likewise, of the policies that candidates are mixed of.
        guess: (N, K) a shrunken and biased prediction of `resolved`.
    """

    features: Floats
    resolved: Floats
    champion: Floats
    good: Floats
    bad: Floats
    guess: Floats

    def value(self, policy: Floats) -> float:
        """The share that a policy resolves."""
        return float((policy * self.resolved).sum(axis=1).mean())

    def candidate(self, difference: float, bad: Floats | None = None) -> Floats:
        """(N, K) a policy whose value is the champion's plus a difference; `bad` replaces the bad policy."""
        bad = self.bad if bad is None else bad
        low, high = self.value(bad), self.value(self.good)
        share = (self.value(self.champion) + difference - low) / (high - low)
        if not 0 <= share <= 1:
            raise ValueError(f"difference: expected one that a mixture reaches, found {difference}")
        return share * self.good + (1 - share) * bad

    def bad_one(self, seed: int) -> Floats:
        """(N, K) another bad policy: one contact in two goes to an agent at random, the others to the best."""
        draw = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(7,)))
        anyone = draw.integers(AGENTS, size=CONTACTS)
        return _around(np.where(draw.random(CONTACTS) < 0.5, self.resolved.argmax(axis=1), anyone), CHANCE)

    def log(self, draw: np.random.Generator, n: int) -> Log:
        """Decisions of the champion on contacts drawn with replacement."""
        contact = draw.integers(CONTACTS, size=n)
        chosen = (self.champion.cumsum(axis=1)[contact] < draw.random(n)[:, None]).sum(axis=1)
        chosen = np.minimum(chosen, AGENTS - 1)
        outcome = (draw.random(n) < self.resolved[contact, chosen]).astype(np.float64)
        return Log(contact, chosen, outcome)


@dataclass(frozen=True, eq=False)
class Log:
    """Decisions: (n,) the contact, the agent who was chosen, and 1 if it was resolved, else 0."""

    contact: Integers
    chosen: Integers
    outcome: Floats


def build(exploration: float) -> World:
    """The world of the promotion study; the champion takes any agent with probability `exploration`."""
    draw = np.random.default_rng(2)
    skills = draw.normal(size=(AGENTS, FEATURES)) / np.sqrt(FEATURES) * 1.6
    ease = draw.normal(size=AGENTS) * 0.3
    x = draw.normal(size=(CONTACTS, FEATURES))
    odds = x @ skills.T + ease

    def estimated(noise: float) -> Integers:
        wrong = draw.normal(size=skills.shape) * noise / np.sqrt(FEATURES) * 1.6
        return np.asarray((x @ (skills + wrong).T + ease).argmax(axis=1))

    champion, good = _around(estimated(0.5), exploration), _around(estimated(0.1), CHANCE)
    estimated(0.1)  # the stream of draws that the reference figures were made with has one policy more
    bad = _around((-0.5 * odds + draw.normal(size=odds.shape) * 0.8).argmax(axis=1), CHANCE)
    guess = expit(0.6 * odds + draw.normal(size=AGENTS) * 0.15)
    return World(np.column_stack([np.ones(CONTACTS), x]), expit(odds), champion, good, bad, guess)


def _around(choice: Integers, chance: float) -> Floats:
    policy = np.full((len(choice), AGENTS), chance / AGENTS)
    policy[np.arange(len(choice)), choice] += 1 - chance
    return policy
