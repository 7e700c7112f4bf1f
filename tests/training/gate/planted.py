"""Evidence made by hand: what a candidate would have to do on a frozen set for each KPI to be as it is planted."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kpi import applicable
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.training.gate.guard_rail import look_level
from maitred.training.gate.on_frozen import OnFrozen, Played
from maitred.training.gate.segments import segment_names

EPISODES = 120


@lru_cache(maxsize=1)
def everything() -> Scenario:
    """A shipped center with bots, tiers, novices and promises: every guard KPI applies."""
    return load_scenario("omni")


def planted(shifts: dict[str, float], seed: int = 0, segments: dict[str, float] | None = None) -> OnFrozen:
    """Evidence on a set of `everything`: every KPI 10 under the champion, and 10 plus its shift under the candidate.

    Luck is the same for both but for a part of its own, a tenth of a tolerance of 0.01 or so.
    """
    draw = np.random.default_rng(seed)
    kpis = [kpi.name for kpi in applicable(everything())]
    names = segment_names(everything())
    luck = draw.normal(0, 0.5, (EPISODES, max(len(kpis), len(names))))
    ours = _shifted(luck, kpis, shifts, draw)
    ours_segments = _shifted(luck, list(names), segments or {}, draw)
    candidate = _played(ours, ours_segments)
    champion = _played(luck[:, : len(kpis)], luck[:, : len(names)])
    frozen: Any = SimpleNamespace(name="planted", scenario=everything())
    return OnFrozen(frozen, 1, look_level(1, 0.05), candidate, champion)


def _shifted(
    luck: NDArray[np.float64], names: list[str], shifts: dict[str, float], draw: np.random.Generator
) -> NDArray[np.float64]:
    own = draw.normal(0, 0.01, (EPISODES, len(names)))
    return luck[:, : len(names)] + own + np.array([shifts.get(name, 0.0) for name in names])


def _played(kpis: NDArray[np.float64], segments: NDArray[np.float64]) -> Played:
    def ratios(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([100 * (10 + values), np.full(values.shape, 100.0)], axis=-1)

    watched: Any = None
    return Played(watched, ratios(kpis), ratios(segments))
