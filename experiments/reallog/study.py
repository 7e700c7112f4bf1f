"""The study itself: two fits, the frozen days, the rules tuned on the policy's own months, and every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from experiments.reallog.centers import (
    Center,
    believing,
    draw_days,
    fit_center,
    noisier,
    ordinary_days,
    shuffled,
    types_and_agents,
)
from experiments.reallog.judging import Days, Gain, days_of, gain, tuned
from experiments.reallog.rules import Effects, Matching
from experiments.reallog.source import Parts
from maitred.agents.rules import RULES
from maitred.envs.calibration.replay import Day
from maitred.envs.decision import Policy
from maitred.envs.kernel.world import world_of
from maitred.envs.scenario import Floats, Scenario

NOISE = (0.0, 0.1, 0.2, 0.4)  # standard deviations of the error that is added to log handle times
KNOWN_SERVICES = 30  # of an agent with a type in both parts of the log, for the two fits to be compared
TUNING_DAYS = 60
_BELIEFS = 1  # branch of the seed

Estimates = float | Literal["shuffled", "world"]


@dataclass(frozen=True, eq=False)
class Study:
    """What everything is judged with.

    Attributes:
        parts: the contacts by use.
        known: fitted on the policy's months.
        world: fitted on its own.
        logged: the frozen days as they were.
        days: the same days, drawn.
        seed: of everything random.
    """

    parts: Parts
    known: Center
    world: Center
    logged: list[Day]
    days: Days
    seed: int

    def beliefs(self, estimates: Estimates) -> list[Scenario]:
        """What a policy believes in each draw: its estimates with added noise, those of others, or the world's."""
        return [self._belief(estimates, np.random.default_rng([self.seed, draw, _BELIEFS])) for draw in self.draws]

    def _belief(self, estimates: Estimates, rng: np.random.Generator) -> Scenario:
        if estimates == "world":
            return self.world.scenario
        of = shuffled(self.known, rng) if estimates == "shuffled" else noisier(self.known, float(estimates), rng)
        return believing(self.world, *of)

    @property
    def draws(self) -> range:
        """Numbers of the draws."""
        return range(len(self.days.traces))

    def gain(self, policy: Policy, estimates: Estimates = 0.0) -> Gain:
        """A policy with such estimates against the incumbent."""
        return gain(self.days, self.days.run(policy, self.beliefs(estimates)))


def prepare(parts: Parts, head_start_s: float, episodes: int | None, draws: int, seed: int) -> Study:
    """Fit both centers and draw the frozen days.

    Args:
        parts: the contacts by use.
        head_start_s: seconds a high-priority contact counts as having waited already.
        episodes: frozen days, spread evenly; all without an incident if None.
        draws: of luck and truth for each day.
        seed: of everything random.

    Raises:
        ValueError: no draws, no type that is common to both parts, or fewer than two frozen days.
    """
    if draws < 1:
        raise ValueError(f"--draws: expected at least 1, found {draws}")
    types, agents = types_and_agents(parts)
    known, world = (fit_center(log, types, agents, head_start_s, seed) for log in (parts.policy, parts.world))
    logged = ordinary_days(parts.frozen, world, episodes)
    if len(logged) < 2:
        raise ValueError(f"--frozen-months: expected at least 2 days without an incident, found {len(logged)}")
    traces = [draw_days(parts.frozen, logged, world, known, seed, draw) for draw in range(draws)]
    return Study(parts, known, world, logged, days_of(world.scenario, traces), seed)


def tuned_rules(study: Study) -> Iterator[tuple[Matching, Floats]]:
    """Matching rules with the weights that gain most on the policy's own days, in the policy's own world."""
    known, head_start_s = study.known, tuple(study.world.scenario.types.head_start_s.tolist())
    logged = ordinary_days(study.parts.policy, known, TUNING_DAYS)
    traces = draw_days(study.parts.policy, logged, known, known, study.seed, 0)
    days = days_of(known.scenario, [traces])
    for effects in get_args(Effects):
        yield tuned(Matching(effects, 0.0, head_start_s), days, known.scenario)


def rules(matching: Sequence[Matching]) -> dict[str, Policy]:
    """The rules that are judged, by name: of queueing theory, and matching."""
    return {**{name: RULES[name] for name in ("priority", "fastest", "cmu")}, **{rule.name: rule for rule in matching}}


@dataclass(frozen=True)
class Agreement:
    """How well the policy's estimates foretell the world's; standard deviations on the log scale.

    Attributes:
        pairs: of agent and type with enough services in both parts.
        speed: correlation of agents' speeds over these agents.
        match: correlation of the interaction of agent and type over these pairs.
        match_sd: spread of the interaction in the world.
        error_sd: of the policy's log handle times against the world's, type means apart.
    """

    pairs: int
    speed: float
    match: float
    match_sd: float
    error_sd: float


def agreement(known: Center, world: Center) -> Agreement:
    """Compare the two fits where both have data."""
    both = np.minimum(known.services, world.services) >= KNOWN_SERVICES
    speed, match = zip(*(_effects(center) for center in (known, world)), strict=True)
    agents = both.any(axis=1)
    error = (match[0] + speed[0][:, None] - match[1] - speed[1][:, None])[both]
    return Agreement(
        pairs=int(both.sum()),
        speed=float(np.corrcoef(speed[0][agents], speed[1][agents])[0, 1]),
        match=float(np.corrcoef(match[0][both], match[1][both])[0, 1]),
        match_sd=float(match[1][both].std()),
        error_sd=float(error.std()),
    )


def _effects(center: Center) -> tuple[Floats, Floats]:
    """(A,) log speeds and (A, T) log matches, as policies see them."""
    world = world_of(center.scenario)
    return world.people["log_speed"], world.pairs["fit"]
