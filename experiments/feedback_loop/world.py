"""The world of the feedback loop: twelve agents, contacts some of them may take, and a router that is re-trained.

An agent resolves a contact with a probability that depends on the contact's features and on their products. The
learner knows of features only: it is deliberately too simple, so what it has learned holds where it has looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

AGENTS, FEATURES = 12, 6
PERIOD = 20  # generations after which a drift has come round
JUDGED = 8000  # contacts on which the truth is computed
_TRAITS, _JUDGING, _CONTACTS, _CHOICES = range(4)  # branches of the seed


@dataclass(frozen=True)
class Setting:
    """What moves in a world, and what is seen of it.

    Attributes:
        name: in tables.
        skills: amplitude of the drift of each agent's log-odds, a twelfth of a period apart.
        mix: distance by which the mean of the contacts' features swings.
        surveyed: share of contacts whose outcome is ever known, drawn at random.
    """

    name: str
    skills: float = 0.0
    mix: float = 0.0
    surveyed: float = 1.0


@dataclass(frozen=True, eq=False)
class Contacts:
    """Contacts to be routed: (n, 1 + d) features with a leading 1, and the (n, K) agents who may take each."""

    features: Floats
    eligible: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Batch:
    """One generation's log: contacts, who was chosen with which probabilities, and what came of it.

    Attributes:
        contacts: of the generation.
        behaviour: (n, K) probability that each agent was chosen.
        chosen: (n,) agent.
        outcome: (n,) 1 for resolved, else 0.
        known: (n,) whether the outcome was ever reported.
    """

    contacts: Contacts
    behaviour: Floats
    chosen: Integers
    outcome: Floats
    known: NDArray[np.bool_]

    def __len__(self) -> int:
        """Contacts n."""
        return len(self.chosen)

    def reported(self) -> Batch:
        """The contacts whose outcome is known."""
        of = Contacts(self.contacts.features[self.known], self.contacts.eligible[self.known])
        known = self.known
        return Batch(of, self.behaviour[known], self.chosen[known], self.outcome[known], known[known])


@dataclass(frozen=True)
class World:
    """A world, drawn from a seed; generations differ by what drifts."""

    seed: int
    setting: Setting

    @cached_property
    def traits(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Agents' slopes (K, d), log-odds (K,), products (K, d, d), and the (d,) direction in which contacts swing."""
        draw = self._generator(_TRAITS)
        slopes = draw.normal(size=(AGENTS, FEATURES)) * 0.7
        odds, products = draw.normal(size=AGENTS) * 0.4, draw.normal(size=(AGENTS, FEATURES, FEATURES)) * 0.18
        direction = draw.normal(size=FEATURES)
        return slopes, odds, products, direction / np.linalg.norm(direction)

    def contacts(self, generation: int, n: int, branch: int = _CONTACTS) -> Contacts:
        """Contacts of a generation; each may be taken by about half of the agents, and by one at least."""
        draw = self._generator(branch, generation)
        x = draw.normal(size=(n, FEATURES))
        eligible = draw.random((n, AGENTS)) < 0.5
        eligible[np.arange(n), draw.integers(AGENTS, size=n)] = True
        return Contacts(np.column_stack([np.ones(n), x + self._swing(generation)]), eligible)

    def resolved(self, contacts: Contacts, generation: int) -> Floats:
        """(n, K) probability that each agent resolves each contact."""
        slopes, odds, products, _ = self.traits
        x = contacts.features[:, 1:]
        pairs = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        phase = 2 * np.pi * (generation / PERIOD + np.arange(AGENTS) / AGENTS)
        drift = self.setting.skills * np.sin(phase)
        return np.asarray(expit(x @ slopes.T + pairs @ products.reshape(AGENTS, -1).T + odds + drift))

    def serve(self, generation: int, n: int, mix: list[tuple[Floats, float]], floor: float, again: int = 0) -> Batch:
        """Route a generation's contacts by a mix of policies, each with a share, above a floor for every agent.

        Args:
            generation: in which period.
            n: contacts.
            mix: policies with their shares, which sum to 1 where the floor is below 1.
            floor: share of contacts that go to an eligible agent at random.
            again: tells several batches of one generation apart.
        """
        contacts = self.contacts(generation, n, _CONTACTS + 10 * again)
        behaviour = mixed(contacts, mix, floor)
        draw = self._generator(_CHOICES + 10 * again, generation)
        chosen = np.minimum((behaviour.cumsum(axis=1) < draw.random(n)[:, None]).sum(axis=1), AGENTS - 1)
        resolved = self.resolved(contacts, generation)[np.arange(n), chosen]
        outcome = (draw.random(n) < resolved).astype(np.float64)
        return Batch(contacts, behaviour, chosen, outcome, draw.random(n) < self.setting.surveyed)

    def truth(self, policy: Floats, generation: int) -> float:
        """Share of contacts that a policy resolves in a generation, exactly but for the contacts it is computed on."""
        contacts, resolved = self._judged(generation)
        return float(resolved[np.arange(JUDGED), greedy(policy, contacts)].mean())

    def _judged(self, generation: int) -> tuple[Contacts, Floats]:
        if generation not in self._cache:
            drawn = self.contacts(0, JUDGED, _JUDGING)
            drawn.features[:, 1:] += self._swing(generation) - self._swing(0)
            self._cache[generation] = drawn, self.resolved(drawn, generation)
        return self._cache[generation]

    @cached_property
    def _cache(self) -> dict[int, tuple[Contacts, Floats]]:
        return {}

    def _swing(self, generation: int) -> Floats:
        return np.asarray(self.setting.mix * np.sin(2 * np.pi * generation / PERIOD) * self.traits[3])

    def _generator(self, *branch: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(entropy=self.seed, spawn_key=branch))


def greedy(policy: Floats, contacts: Contacts) -> Integers:
    """(n,) the eligible agent that a policy scores highest; a policy is a (K, 1 + d) array of linear scores."""
    return np.asarray(np.where(contacts.eligible, contacts.features @ policy.T, -np.inf).argmax(axis=1))


def mixed(contacts: Contacts, mix: list[tuple[Floats, float]], floor: float) -> Floats:
    """(n, K) probability of each agent under a mix of policies above a floor."""
    probability: Floats = floor * contacts.eligible / contacts.eligible.sum(axis=1, keepdims=True)
    for policy, share in mix:
        probability[np.arange(len(probability)), greedy(policy, contacts)] += (1 - floor) * share
    return probability


def learn(batches: list[Batch]) -> Floats:
    """A policy from logs: for each agent a ridge regression of the outcome on the features, whoever chose them."""
    features = np.concatenate([batch.contacts.features for batch in batches])
    chosen = np.concatenate([batch.chosen for batch in batches])
    outcome = np.concatenate([batch.outcome for batch in batches])
    penalty = np.diag([0.3, *[3.0] * FEATURES])
    policy = np.zeros((AGENTS, 1 + FEATURES))
    for agent in range(AGENTS):
        x = features[chosen == agent]
        policy[agent] = np.linalg.solve(x.T @ x + penalty, x.T @ outcome[chosen == agent])
    return policy


def predicted(policy: Floats, contacts: Contacts) -> Floats:
    """(n, K) the share resolved that a policy believes in, within 0 and 1."""
    return np.clip(contacts.features @ policy.T, 0.0, 1.0)
