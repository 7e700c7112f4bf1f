"""Every learner by its name, and what they share when several learn from one log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch

from maitred.agents.network import CandidateNetwork
from maitred.agents.ppo import TorchPolicy
from maitred.training.offline.cloning import clone
from maitred.training.offline.experience import Experience, OfflineError
from maitred.training.offline.fitting import Fit
from maitred.training.offline.gradient import Counterfactual, gradient
from maitred.training.offline.greedy import PESSIMISM, greedy
from maitred.training.offline.implicit import Implicit, implicit_q
from maitred.training.offline.lessons import Lessons, lessons
from maitred.training.offline.q_learning import Conservatism, conservative_q
from maitred.training.offline.reward_models import RewardModels, reward_models
from maitred.training.offline.steps import Steps, semi_markov

_MODELS, _CLONED = 1000, 1001  # branches of a study's seed, beside those of the methods


@dataclass(frozen=True, eq=False)
class Study:
    """A log to be learned from.

    Attributes:
        experience: its decisions.
        seed: of everything random.
        fit: budget of each network.
        conservatism: of conservative Q-learning.
        implicit: of implicit Q-learning.
        counterfactual: of the off-policy gradient.
    """

    experience: Experience
    seed: int = 0
    fit: Fit = field(default_factory=Fit)
    conservatism: Conservatism = field(default_factory=Conservatism)
    implicit: Implicit = field(default_factory=Implicit)
    counterfactual: Counterfactual = field(default_factory=Counterfactual)

    @cached_property
    def lessons(self) -> Lessons:
        """The decisions as tensors."""
        return lessons(self.experience)

    @cached_property
    def models(self) -> RewardModels:
        """Cross-fitted models of the decisions' rewards."""
        return reward_models(self.lessons, self.experience, self.fit, self.generator(_MODELS))

    @cached_property
    def cloned(self) -> CandidateNetwork:
        """The behaviour policy."""
        return clone(self.lessons, self.fit, self.generator(_CLONED))

    @cached_property
    def steps(self) -> Steps:
        """What was booked between decisions."""
        return semi_markov(self.experience)

    def generator(self, branch: int) -> np.random.Generator:
        """Randomness of one purpose."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(branch,)))


@dataclass(frozen=True, eq=False)
class LearnedOffline:
    """What a learner made of a log.

    Attributes:
        policy: greedy; its name is the method's.
        seconds: wall clock.
        propensity_estimated: chances that the method used were fitted to the log, not known.
        figures: measurements of the fit.
    """

    policy: TorchPolicy
    seconds: float
    propensity_estimated: bool
    figures: Mapping[str, float]


def learn(study: Study, method: str) -> LearnedOffline:
    """Learn from a log by one of `METHODS`.

    Raises:
        OfflineError: no such method, or the log lacks what it needs.
    """
    if method not in METHODS:
        raise OfflineError(f"method: expected one of {', '.join(METHODS)}, found {method}")
    torch.set_num_threads(1)  # tensors this small are slower on two threads than on one
    began = time.monotonic()
    network = METHODS[method](study, study.generator(list(METHODS).index(method)))
    figures = {"explained": study.models.explained} if "models" in study.__dict__ else {}
    policy = TorchPolicy(study.lessons.finished(network), name=method)
    estimated = method == "gradient" and study.experience.propensity_estimated
    return LearnedOffline(policy, time.monotonic() - began, estimated, figures)


def _cloning(study: Study, rng: np.random.Generator) -> CandidateNetwork:
    return clone(study.lessons, study.fit, rng)


def _greedy(study: Study, rng: np.random.Generator) -> CandidateNetwork:
    return greedy(study.lessons, study.models, 0.0, study.fit, rng)


def _pessimistic(study: Study, rng: np.random.Generator) -> CandidateNetwork:
    return greedy(study.lessons, study.models, PESSIMISM, study.fit, rng)


def _gradient(study: Study, rng: np.random.Generator) -> CandidateNetwork:
    return gradient(study.lessons, study.experience, study.models, study.cloned, study.counterfactual, study.fit, rng)


def _cql(study: Study, rng: np.random.Generator) -> CandidateNetwork:
    return conservative_q(study.lessons, study.steps, study.conservatism, study.fit, rng)


def _iql(study: Study, rng: np.random.Generator) -> CandidateNetwork:
    return implicit_q(study.lessons, study.steps, study.implicit, study.fit, rng)


METHODS: dict[str, Callable[[Study, np.random.Generator], CandidateNetwork]] = {
    "cloning": _cloning,
    "greedy": _greedy,
    "pessimistic": _pessimistic,
    "gradient": _gradient,
    "cql": _cql,
    "iql": _iql,
}
