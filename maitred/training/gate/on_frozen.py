"""Evidence of the simulator: candidate and champion on the same frozen days.

Looks wear a frozen set out. Each candidate gets the level `guard_rail.look_level` of its number among all learned
policies that the set's ledger has seen, so that over all looks ever taken an equal policy is promoted with probability
alpha at most; `Settings.looks` ends a set before the levels are too small to be of use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from maitred.envs.kpi import Kpi, applicable, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.simulator import Ledger
from maitred.envs.trace import Trace
from maitred.training.audit import Watched, watch
from maitred.training.frozen import FrozenSet
from maitred.training.gate.contender import Contender
from maitred.training.gate.difference import Estimate
from maitred.training.gate.guard_rail import look_level
from maitred.training.gate.guards import Guard, Guarded
from maitred.training.gate.guards import watch as watch_guards
from maitred.training.gate.segments import segment_names, segment_ratios
from maitred.training.gate.settings import Settings, Tolerance
from maitred.training.looks import Look
from maitred.training.paired import paired_difference, pooled
from maitred.training.preferences import as_asked

BATCH = 64  # episodes simulated together
FIXED = "rule:"  # how the ledger names rules as they are shipped: nobody chose them on this set

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Played:
    """One policy on the E episodes of a set.

    Attributes:
        watched: ledgers and decisions.
        ratios: (E, Q, 2) float64 of the Q KPIs that apply.
        segments: (E, S, 2) float64 of the groups of customers.
    """

    watched: Watched
    ratios: Floats
    segments: Floats


def look_number(looks: Sequence[Look], contender: Contender) -> int:
    """Number of this look at a set: one more than the other policies that it has judged.

    Rules as they are shipped do not count, unless the contender is one: they were there before the set. The same
    policy on the same days is the same test, however often it is repeated.
    """
    fixed = contender.id.startswith(FIXED)
    seen = {look.policy_id for look in looks if fixed or not look.policy_id.startswith(FIXED)}
    return 1 + len(seen - {contender.id})


def play(frozen: FrozenSet, contender: Contender, objective: Objective, command: str) -> Played:
    """Run a policy on every episode of a set, and write the look down."""
    played = replay(frozen, frozen.traces(), contender, objective)
    frozen.looks.record(
        policy=contender.name,
        policy_id=contender.id,
        command=command,
        kpis_sha256=hashlib.sha256(played.ratios.astype("<f8").tobytes()).hexdigest(),
    )
    return played


def replay(frozen: FrozenSet, traces: Sequence[Trace], contender: Contender, objective: Objective) -> Played:
    """Run a policy on some episodes of a set; nobody may decide anything by what is seen."""
    scenario, kpis = frozen.scenario, applicable(frozen.scenario)
    policy = as_asked(contender.policy, objective, contender.training)
    parts = [watch(scenario, traces[i : i + BATCH], policy) for i in range(0, len(traces), BATCH)]
    ledgers: tuple[Ledger, ...] = sum((part.ledgers for part in parts), ())
    watched = Watched(ledgers, sum((part.deeds for part in parts), ()))
    return Played(watched, kpi_ratios(ledgers, scenario, objective, kpis), segment_ratios(ledgers, scenario, objective))


@dataclass(frozen=True, eq=False)
class OnFrozen:
    """Candidate less champion on one set.

    Attributes:
        frozen: the set.
        look: number of this look.
        level: one-sided error of this look.
        candidate: what the candidate did.
        champion: what the champion did.
    """

    frozen: FrozenSet
    look: int
    level: float
    candidate: Played
    champion: Played

    @property
    def kpis(self) -> tuple[Kpi, ...]:
        """Q KPIs of the set's center."""
        return applicable(self.frozen.scenario)

    def objective(self) -> Estimate:
        """The reward per case."""
        place = [kpi.name for kpi in self.kpis].index("reward")
        return paired(self.candidate.ratios[:, place], self.champion.ratios[:, place], self.level)


def on_frozen(
    frozen: FrozenSet, candidate: Contender, champion: Contender, objective: Objective, alpha: float, command: str
) -> OnFrozen:
    """Judge a candidate on a set; both look at it."""
    number = look_number(frozen.looks.read(), candidate)
    theirs = play(frozen, champion, objective, command)
    ours = play(frozen, candidate, objective, command)
    return OnFrozen(frozen, number, look_level(number, alpha), ours, theirs)


def paired(ours: Floats, theirs: Floats, level: float) -> Estimate:
    """Difference of two pooled ratios (E, 2) over the same episodes.

    Its error is stretched so that the normal bound at `level` is Student's with E - 1 degrees of freedom.
    """
    found = paired_difference(ours, theirs, 1 - 2 * level)
    half = float(found.high) - float(found.value)
    return Estimate(len(ours), float(found.value), half / float(norm.isf(level)))


def guard_kpis(evidence: OnFrozen, tolerances: Mapping[str, Tolerance]) -> list[Guarded]:
    """What the set says of every guard KPI of which anything was counted."""
    guards = []
    for q, kpi in enumerate(evidence.kpis):
        usual = float(pooled(evidence.champion.ratios[:, q]))
        if kpi.name in tolerances and usual == usual:
            found = _turned(evidence, q, kpi, usual, tolerances[kpi.name].share)
            guards.append(Guard(kpi.name, tolerances[kpi.name].of(usual), found))
    return _watched(guards, evidence.level)


def _turned(evidence: OnFrozen, q: int, kpi: Kpi, usual: float, share: float) -> Estimate:
    """Candidate less champion, higher is better; its error is that of the distance to the tolerated value.

    A tolerance that is a share of the champion's value is as uncertain as that value is.
    """
    sign = 1.0 if kpi.better == "higher" else -1.0
    given_up = share * abs(usual)
    tolerated = evidence.champion.ratios[:, q] * [1 - sign * share * np.sign(usual), 1.0]
    found = paired(evidence.candidate.ratios[:, q], tolerated, evidence.level)
    return Estimate(found.rows, sign * found.mean - given_up, found.error)


def segments(evidence: OnFrozen, settings: Settings) -> list[Guarded]:
    """What the set says of every group of customers that is large enough under both policies."""
    ours, theirs = evidence.candidate.segments, evidence.champion.segments
    counts = np.minimum(ours[:, :, 1].sum(axis=0), theirs[:, :, 1].sum(axis=0))
    names = segment_names(evidence.frozen.scenario)
    guards = [
        Guard(name, settings.segment_margin, paired(ours[:, s], theirs[:, s], evidence.level))
        for s, name in enumerate(names)
        if counts[s] >= settings.segment_contacts
    ]
    return _watched(guards, evidence.level)


def group_shares(evidence: OnFrozen) -> dict[str, float]:
    """Share of the champion's contacts that are of each group."""
    counts = evidence.champion.segments[:, :, 1].sum(axis=0)
    names = segment_names(evidence.frozen.scenario)
    kinds = np.array([name.partition(" ")[0] for name in names])
    total = counts[kinds == kinds[0]].sum() if names else 1.0  # the groups of one kind are all contacts
    return dict(zip(names, (counts / total).tolist(), strict=True))


def _watched(guards: list[Guard], level: float) -> list[Guarded]:
    return watch_guards(guards, float(norm.isf(level)), level) if guards else []


def per_episode(ratios: Floats) -> Floats:
    """(E,) float64, values of episodes whose mean is the pooled ratio of (E, 2), to first order (delta method)."""
    value = pooled(ratios)
    return np.asarray(value + (ratios[:, 0] - value * ratios[:, 1]) / ratios[:, 1].mean())
