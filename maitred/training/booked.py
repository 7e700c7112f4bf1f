"""Rules on training episodes: each is simulated once, whatever it is then worth to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maitred.agents.rules import rule
from maitred.envs.kpi import REWARD, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.trace import Trace
from maitred.training.side_by_side import play


class Booked:
    """What rules booked in some episodes; what was simulated once is remembered.

    Args:
        scenario: the center.
        traces: the episodes.
    """

    def __init__(self, scenario: Scenario, traces: Sequence[Trace]) -> None:
        self.scenario, self.traces = scenario, list(traces)
        self._booked: dict[str, list[NDArray[np.float64]]] = defaultdict(list)  # by episode: the terms, then the cases

    def rewards(self, names: Sequence[str], episodes: int, objective: Objective) -> NDArray[np.float64]:
        """(P, E, 2) float64: reward in money and number of cases of P rules in each of the first E episodes.

        Raises:
            ValueError: there are fewer episodes.
        """
        if episodes > len(self.traces):
            raise ValueError(f"episodes: expected at most {len(self.traces)}, found {episodes}")
        own = [rule(name).name for name in names]
        self._play(own, episodes)
        weights = objective.weights()
        return np.array([[(row[:-1] @ weights, row[-1]) for row in self._booked[name][:episodes]] for name in own])

    def _play(self, names: Sequence[str], episodes: int) -> None:
        """Simulate what is not known yet, together what lacks the same episodes."""
        lacking: dict[int, list[str]] = defaultdict(list)
        for name in dict.fromkeys(names):
            if (known := len(self._booked[name])) < episodes:
                lacking[known].append(name)
        for known, some in lacking.items():
            ledgers = play(self.scenario, self.traces[known:episodes], [rule(name) for name in some])
            cases = kpi_ratios(ledgers, self.scenario, Objective(), [REWARD])[:, 0, 1]
            for i, (ledger, of) in enumerate(zip(ledgers, cases, strict=True)):
                self._booked[some[i // (episodes - known)]].append(np.append(ledger.booked, of))
