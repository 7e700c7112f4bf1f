"""One replication of the promotion study: a log, the candidates on it, and which gates promote them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from experiments.gate.learned import RewardModel
from experiments.gate.world import GUARDS, Floats, Log, World
from maitred.training.gate.difference import Differences, Pair, differences, estimate
from maitred.training.gate.guards import Guard, watch
from maitred.training.gate.selection import best
from maitred.training.gate.spending import boundary, late, pocock, shaped_boundary
from maitred.training.gate.verdict import Decision, judge_candidate
from maitred.training.ope.confidence_sequence import asymptotic

ALPHA, LOOKS, MARGIN = 0.05, 10, 0.01
VALIDATION, BATCH = 5_000, 4_000  # decisions to rank candidates on; decisions between two looks
FRACTIONS = np.arange(1, LOOKS + 1) / LOOKS
CANDIDATES = 20
PLANTS = (1, 2)  # true loss of a guard KPI, in tolerances

GATE, SAME = "gate", "gate, margin .01"
PLAIN = "O'Brien-Fleming, plain"
Promoted = dict[str, bool]


@lru_cache(maxsize=1)
def bounds() -> dict[str, Floats]:
    """(LOOKS,) z values of each boundary."""
    return {
        "late": boundary(late, FRACTIONS, ALPHA),
        "obrien_fleming": shaped_boundary(0.0, FRACTIONS, ALPHA),
        "pocock": boundary(pocock, FRACTIONS, ALPHA),
    }


class Replication:
    """One log of the champion, split into validation and test, with the predictions of a model that runs behind.

    Attributes:
        validation, test: the decisions.
        champion: (n, K) probabilities of the champion on the test.
        q: (n, K) predictions on the test, those of each batch from the decisions before it.
        noise: (n, K) variance of the outcome that follows from them.
        guess: (n, K) the shrunken guess on the test.
    """

    def __init__(self, world: World, draw: np.random.Generator) -> None:
        self.world = world
        self.log = world.log(draw, VALIDATION + LOOKS * BATCH)
        self.validation, self.test = self._part(0, VALIDATION), self._part(VALIDATION, len(self.log.contact))
        self.champion = world.champion[self.test.contact]
        self.q = self._predicted()
        self.noise = self.q * (1 - self.q)
        self.guess = world.guess[self.test.contact]

    def pair(self, candidate: Floats) -> Pair:
        """Candidate and champion on the test decisions."""
        return Pair(self.test.chosen, self.champion, candidate[self.test.contact], self.champion)

    def tested(self, pair: Pair) -> Differences:
        """Candidate less champion on the test decisions."""
        return differences(pair, self.test.outcome, self.q, self.noise)

    def plain(self, pair: Pair) -> Floats:
        """(n,) terms on the test decisions with the shrunken guess as model."""
        return differences(pair, self.test.outcome, self.guess).terms

    def validated(self, candidate: Floats) -> Differences:
        """Candidate less champion on the validation decisions, by the guess that was there before any log."""
        rows, q = self.validation.contact, self.world.guess[self.validation.contact]
        champion = self.world.champion[rows]
        pair = Pair(self.validation.chosen, champion, candidate[rows], champion)
        return differences(pair, self.validation.outcome, q)

    def _predicted(self) -> Floats:
        model = RewardModel(self.world, self.validation)
        batches = []
        for k in range(LOOKS):
            first = VALIDATION + k * BATCH
            batches.append(model.predict(self.log.contact[first : first + BATCH]))
            model.refit(self._part(0, first + BATCH))
        return np.concatenate(batches)

    def _part(self, first: int, last: int) -> Log:
        rows = slice(first, last)
        return Log(self.log.contact[rows], self.log.chosen[rows], self.log.outcome[rows])


def alone(world: World, draw: np.random.Generator, differ: dict[str, Floats]) -> dict[str, Promoted]:
    """Which gates promote each candidate, each tested as the only one.

    The plain ones take the variance of the sample and a model that is shrunken and biased.
    """
    replication = Replication(world, draw)
    return {name: _by_every_gate(replication, candidate) for name, candidate in differ.items()}


def winner(world: World, draw: np.random.Generator, candidates: list[Floats]) -> bool:
    """Whether the gate promotes the best of many candidates, ranked on validation and tested alone."""
    replication = Replication(world, draw)
    ranked = [estimate(replication.validated(candidate)) for candidate in candidates]
    return promoted(replication.tested(replication.pair(candidates[best(ranked)])))


def guarded(world: World, draw: np.random.Generator, candidate: Floats) -> dict[str, bool]:
    """Whether the gate promotes a better candidate with no guard KPI harmed, and with each harmed in turn."""
    replication = Replication(world, draw)
    pair = replication.pair(candidate)
    objective = replication.tested(pair)
    uniforms = {name: draw.random(len(replication.test.contact)) for name in GUARDS}
    columns = {
        (name, times): _guard_column(pair, -times * tolerance, uniforms[name])
        for name, tolerance in GUARDS.items()
        for times in (0, *PLANTS)
    }
    harms = {"none": {}, **{f"{name} x{times}": {name: times} for name in GUARDS for times in PLANTS}}
    return {
        label: promoted(objective, {name: columns[name, harmed.get(name, 0)] for name in GUARDS})
        for label, harmed in harms.items()
    }


def promoted(objective: Differences, guards: dict[str, Differences] | None = None, margin: float = 0.0) -> bool:
    """Whether the gate promotes at any of its looks, and stops at the first that decides."""
    for look, z in enumerate(bounds()["late"], start=1):
        rows = look * BATCH
        kpis = [Guard(name, GUARDS[name], estimate(found.first(rows))) for name, found in (guards or {}).items()]
        standings = watch(kpis, z, ALPHA / LOOKS) if kpis else []
        verdict = judge_candidate(estimate(objective.first(rows)), z, margin, look == LOOKS, guards=standings)
        if verdict.decision is not Decision.HOLD:
            return verdict.decision is Decision.PROMOTE
    return False


def _by_every_gate(replication: Replication, candidate: Floats) -> Promoted:
    pair = replication.pair(candidate)
    tested, plain = replication.tested(pair), replication.plain(pair)
    ends = BATCH * np.arange(1, LOOKS + 1)
    mean = plain.cumsum()[ends - 1] / ends
    z = mean / np.sqrt(((plain**2).cumsum()[ends - 1] / ends - mean**2) / ends)
    sequence = asymptotic(tested.terms, ALPHA, tightest_at=len(tested) // 2)
    return {
        GATE: promoted(tested),
        SAME: promoted(tested, margin=MARGIN),
        PLAIN: bool((z > bounds()["obrien_fleming"]).any()),
        "Pocock, plain": bool((z > bounds()["pocock"]).any()),
        "5 % at any look": bool((z > 1.6449).any()),
        "confidence sequence": bool((sequence.low[ends - 1] > 0).any()),
    }


def _guard_column(pair: Pair, change: float, uniform: Floats) -> Differences:
    """A guard KPI of 0 and 1 that the candidate changes by what is asked.

    Its probability is 0.7 plus a multiple of what the candidate adds to each agent's probability.
    """
    probability = 0.7 + change / (pair.shift**2).sum(axis=1).mean() * pair.shift
    taken = np.take_along_axis(probability, pair.chosen[:, None], axis=1)[:, 0]
    q = np.full(pair.shift.shape, 0.7)
    return differences(pair, (uniform < taken).astype(np.float64), q, noise=q * (1 - q))
