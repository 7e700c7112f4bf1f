"""The cells of the sensitivity grid: a scenario and an objective with one factor changed (domain 2.8, design 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from maitred.envs.blocks.fields import is_default
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import scenario_hash

SHOCKS_PER_MONTH = 30.0  # about one on every frozen day, of x2 to x6 unless a scenario says otherwise (domain 2.7)


@dataclass(frozen=True)
class Cell:
    """One place of the grid.

    Attributes:
        name: the factor and its value.
        center: makes the cell's scenario of the base's, the same one where the factor is none of it.
        objective: makes the cell's objective of the base's.
    """

    name: str
    center: Callable[[Scenario], Scenario] = lambda center: center
    objective: Callable[[Objective], Objective] = lambda objective: objective

    def applies(self, center: Scenario) -> bool:
        """Whether the cell differs from a center with the default objective; the base itself does by definition."""
        other_world = scenario_hash(self.center(center)) != scenario_hash(center)
        return self.name == BASE or other_world or self.objective(Objective()) != Objective()


def _patience(factor: float) -> Callable[[Scenario], Scenario]:
    """Everybody waits `factor` times as long before leaving a queue."""

    def change(center: Scenario) -> Scenario:
        longer = factor * center.patience.period_factor
        return replace(center, patience=replace(center.patience, period_factor=longer))

    return change


def _switch_overhead(overhead: float) -> Callable[[Scenario], Scenario]:
    """A turn takes this share longer for every other open conversation, in a center that has any."""

    def change(center: Scenario) -> Scenario:
        if is_default(center.concurrency):
            return center
        return replace(center, concurrency=replace(center.concurrency, switch_overhead=overhead))

    return change


def _bots_resolve(factor: float) -> Callable[[Scenario], Scenario]:
    """Bots resolve `factor` times as many, no more than what they do not get wrong."""

    def change(center: Scenario) -> Scenario:
        if not center.bots.names:
            return center
        right = 1 - float(np.max(center.bots.wrong_p))
        resolved = np.minimum(factor * np.asarray(center.bots.resolve_p), right)
        return replace(center, bots=replace(center.bots, resolve_p=resolved))

    return change


def _bots_cost(per_session: float) -> Callable[[Scenario], Scenario]:
    """A session with a bot costs this."""

    def change(center: Scenario) -> Scenario:
        if not center.bots.names:
            return center
        return replace(center, bots=replace(center.bots, cost_per_session=per_session))

    return change


def _with_shocks(center: Scenario) -> Scenario:
    """Sudden demand, in a center without."""
    if center.demand.shocks_per_month > 0:
        return center
    return replace(center, demand=replace(center.demand, shocks_per_month=SHOCKS_PER_MONTH))


def _without_shocks(center: Scenario) -> Scenario:
    return replace(center, demand=replace(center.demand, shocks_per_month=0.0))


def _speeds(sd: float) -> Callable[[Scenario], Scenario]:
    """The logs of agents' true handle times differ by this standard deviation; each type keeps its mean.

    Estimates and their errors are stretched alike, so that as much of the difference is known as before.
    """

    def change(center: Scenario) -> Scenario:
        people, may = center.agents, center.agents.may_answer
        count = may.sum(axis=0)
        log = np.log(np.where(may, people.mean_s, 1.0))
        apart = np.where(may, log - log.sum(axis=0) / count, 0.0)
        variance = float((apart**2 + np.where(may, people.log_se**2, 0.0)).sum() / may.sum())
        if variance == 0:
            return center
        factor = sd / variance**0.5
        speed = np.where(may, np.exp(factor * apart), 0.0)
        mean_s = speed * np.where(may, people.mean_s, 0.0).sum(axis=0) / speed.sum(axis=0)
        return replace(center, agents=replace(people, mean_s=mean_s, log_se=factor * people.log_se))

    return change


def _weight(name: str, factor: float) -> Callable[[Objective], Objective]:
    """One of the objective's weights times a factor."""
    return lambda objective: replace(objective, **{name: factor * getattr(objective, name)})


BASE = "base"
CELLS = (
    Cell(BASE),
    Cell("patience x0.5", _patience(0.5)),
    Cell("patience x2", _patience(2.0)),
    Cell("switch overhead 0", _switch_overhead(0.0)),
    Cell("switch overhead 0.10", _switch_overhead(0.10)),
    Cell("bots resolve x0.7", _bots_resolve(0.7)),
    Cell("bots resolve x1.3", _bots_resolve(1.3)),
    Cell("bot session 0.1", _bots_cost(0.1)),
    Cell("bot session 3.0", _bots_cost(3.0)),
    Cell("with shocks", _with_shocks),
    Cell("without shocks", _without_shocks),
    Cell("speeds alike", _speeds(0.0)),
    Cell("speeds differ 0.3", _speeds(0.3)),
    *(
        Cell(f"{name.removesuffix('_per_min')} x{factor:g}", objective=_weight(name, factor))
        for name in ("csat", "abandonment", "focus_per_min")
        for factor in (0.5, 2.0)
    ),
)
