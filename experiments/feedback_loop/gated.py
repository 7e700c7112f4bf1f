"""The whole system: a floor, replay, and a gate between what is learned and what serves.

Every generation re-trains a challenger as replay does. It does not take over: it is put on trial. Where champion and
challenger disagree, half of the contacts go to each, so one generation's log says of their difference what a floor of
5 % would need some thirty generations to say; where they agree, nothing changes. Generation 0's policy keeps a small
share for ever, as a control group: it is the policy to fall back on, and what the champion is judged against.

The trial is one hypothesis, "the challengers re-trained since this trial began are no better than the champion", with
at most `LOOKS` looks, one a generation, each on decisions made after the challenger that is judged on them was
trained. Its level is earned by promotions before it (`gate.levels`) and spent over its looks (`gate.spending`). A
challenger goes on trial only if the newest model expects a gain and the frozen set does not forbid it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from experiments.feedback_loop.generations import CONTACTS, FLOOR, RECENT, Generation, Mix, Start, told
from experiments.feedback_loop.world import Batch, Floats, greedy, learn, mixed, predicted
from maitred.training.gate.difference import Differences, Pair, differences, estimate, joined
from maitred.training.gate.guard_rail import Rail
from maitred.training.gate.levels import level
from maitred.training.gate.spending import boundary, pocock
from maitred.training.gate.verdict import Decision, judge_candidate, judge_champion

LOOKS = 4
TRIAL, CONTROL = 0.48, 0.04
MARGIN = 0.15  # on the frozen set: a calamity, since under drift the frozen world is not the one that is served
MEMORY = 4  # generations on which the champion is judged against generation 0
DEMOTION = 2.0  # standard errors
PLANTED = 10  # generation in which a bad policy is forced into service, where one is


@dataclass(frozen=True, eq=False)
class Trial:
    """A challenger on trial: its number, its level, and what has been found since it began."""

    number: int
    level: float
    challenger: Floats
    found: list[Differences] = field(default_factory=list)

    @property
    def bounds(self) -> Floats:
        """(LOOKS,) boundary of each look."""
        return _bounds(self.level)


@dataclass(eq=False)
class System:
    """What the system remembers from one generation to the next.

    Attributes:
        start: the world and the first policy.
        champion: who serves.
        log: reported contacts of each generation.
        trial: under way, None where none is.
        trials: how many there have been.
        promoted: numbers of those that ended in a promotion.
        against_first: champion less generation 0, of each generation since the champion took over.
        looks: at the frozen set.
    """

    start: Start
    champion: Floats
    log: list[Batch] = field(default_factory=list)
    trial: Trial | None = None
    trials: int = 0
    promoted: list[int] = field(default_factory=list)
    against_first: list[Differences] = field(default_factory=list)
    looks: int = 0

    @property
    def mix(self) -> Mix:
        """Who serves which share."""
        tried = [(self.trial.challenger, TRIAL)] if self.trial else []
        rest = 1 - CONTROL - sum(share for _, share in tried)
        return [(self.champion, rest), *tried, (self.start.first, CONTROL)]


Learner = Callable[[System, Floats], Floats]


def gated(start: Start, generations: int) -> list[Generation]:
    """The system with replay as its learner."""
    return _run(start, generations, lambda system, model: model)


def gated_naive(start: Start, generations: int) -> list[Generation]:
    """The system whose challengers are learned from the last batch alone."""
    return _run(start, generations, lambda system, model: learn(system.log[-1:]))


def gated_planted(start: Start, generations: int) -> list[Generation]:
    """The system, into which a policy learned from greedy choices alone is forced by hand once."""
    return _run(start, generations, lambda system, model: model, planted=PLANTED)


def _run(start: Start, generations: int, learner: Learner, planted: int | None = None) -> list[Generation]:
    system, model, left = System(start, start.first), start.first, []
    for g in range(1, generations + 1):
        batch = start.world.serve(g, CONTACTS, system.mix, FLOOR)
        system.log.append(batch.reported())
        shipped = _look(system, model, g)
        demoted = _watch_champion(system, model, g)
        if g == planted:
            _replace(system, _greedy_only(system), g)
        model = learn([start.seeded, *system.log[-RECENT:]])
        _challenge(system, learner(system, model), model)
        ended = told(start, g, system.mix, system.champion, model, batch)
        left.append(replace(ended, shipped=shipped, demoted=demoted))
    return left


def _look(system: System, model: Floats, g: int) -> float | None:
    """Judge the challenger on the newest batch and those before; the change of the truth if it is promoted."""
    if (trial := system.trial) is None:
        return None
    trial.found.append(compare(system.log[-1], trial.challenger, system.champion, model))
    look = len(trial.found)
    newest = estimate(trial.found[-1]).mean > 0
    verdict = judge_candidate(estimate(joined(trial.found)), trial.bounds[look - 1], 0.0, look == LOOKS)
    if verdict.decision is Decision.PROMOTE and newest:
        system.promoted.append(trial.number)
        return _replace(system, trial.challenger, g)
    if look == LOOKS:
        system.trial = None
    return None


def _watch_champion(system: System, model: Floats, g: int) -> float | None:
    """Judge the champion against generation 0; the change of the truth if it is demoted."""
    if system.champion is system.start.first:
        return None
    system.against_first.append(compare(system.log[-1], system.champion, system.start.first, model))
    found = estimate(joined(system.against_first[-MEMORY:]))
    if judge_champion(found, DEMOTION).decision is Decision.KEEP:
        return None
    return _replace(system, system.start.first, g)


def _replace(system: System, policy: Floats, g: int) -> float:
    before, system.champion = system.champion, policy
    system.trial, system.against_first = None, []
    return system.start.world.truth(policy, g) - system.start.world.truth(before, g)


def _challenge(system: System, challenger: Floats, model: Floats) -> None:
    """Put a challenger on trial, or renew the one that is, if nothing forbids it."""
    if not _admitted(system, challenger, model):
        return
    if system.trial is not None:
        system.trial = replace(system.trial, challenger=challenger)
        return
    system.trials += 1
    system.trial = Trial(system.trials, level(system.trials, system.promoted), challenger)


def _admitted(system: System, challenger: Floats, model: Floats) -> bool:
    newest = system.log[-1].contacts
    believed = predicted(model, newest)
    rows = np.arange(len(believed))
    gain = believed[rows, greedy(challenger, newest)] - believed[rows, greedy(system.champion, newest)]
    system.looks += 1
    found = estimate(compare(system.start.frozen, challenger, system.start.first, model))
    return bool(gain.mean() > 0) and Rail(found, MARGIN, system.looks).holds


def compare(batch: Batch, candidate: Floats, champion: Floats, model: Floats) -> Differences:
    """Paired differences of two policies on a batch, by the predictions of a model that has not seen it."""
    candidates, champions = (mixed(batch.contacts, [(policy, 1.0)], 0.0) for policy in (candidate, champion))
    q = predicted(model, batch.contacts)
    return differences(Pair(batch.chosen, batch.behaviour, candidates, champions), batch.outcome, q)


def _greedy_only(system: System) -> Floats:
    """What a naive loop would ship: learned from one batch that the champion alone has chosen."""
    batch = system.start.world.serve(PLANTED, CONTACTS, [(system.champion, 1.0)], floor=0.0, again=2)
    return learn([batch.reported()])


@lru_cache(maxsize=1000)
def _bounds(alpha: float) -> Floats:
    return boundary(pocock, np.arange(1, LOOKS + 1) / LOOKS, alpha)
