"""KPI definitions, each once, as views of the ledger: K-1 to K-17 and the fairness pair, by family.

`docs/kpis.md` lists them all; `python -m maitred.envs.kpi.page` writes it from the definitions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kpi.abandonment import ABANDONMENT
from maitred.envs.kpi.bots import BOTS
from maitred.envs.kpi.definition import Books, Kpi, Ratio
from maitred.envs.kpi.handling import HANDLING
from maitred.envs.kpi.handoffs import HANDOFFS
from maitred.envs.kpi.money import MONEY, REWARD
from maitred.envs.kpi.people import PEOPLE
from maitred.envs.kpi.resolution import RESOLUTION
from maitred.envs.kpi.satisfaction import SATISFACTION
from maitred.envs.kpi.waiting import WAITING
from maitred.envs.objective import Objective
from maitred.envs.scenario import DAY_S, Scenario
from maitred.envs.simulator import Ledger

FAMILIES: dict[str, tuple[Kpi, ...]] = {
    "Handling": HANDLING,
    "Waiting and promises": WAITING,
    "Abandonment": ABANDONMENT,
    "Resolution and returns": RESOLUTION,
    "Bots": BOTS,
    "Changing hands": HANDOFFS,
    "Satisfaction": SATISFACTION,
    "Money": MONEY,
    "People": PEOPLE,
    "Objective": (REWARD,),
}
KPIS: tuple[Kpi, ...] = tuple(kpi for family in FAMILIES.values() for kpi in family)

__all__ = ["FAMILIES", "KPIS", "REWARD", "Books", "Kpi", "Ratio", "applicable", "kpi_ratios", "kpi_values"]


def applicable(scenario: Scenario) -> tuple[Kpi, ...]:
    """The KPIs of what a scenario has: no containment without bots."""
    return tuple(kpi for kpi in KPIS if kpi.applies(scenario))


def kpi_ratios(
    ledgers: Sequence[Ledger],
    scenario: Scenario,
    objective: Objective,
    kpis: Sequence[Kpi] = KPIS,
    warmup_days: int = 0,
) -> NDArray[np.float64]:
    """Numerators and denominators of KPIs on ledgers.

    Args:
        ledgers: E episodes of one scenario.
        scenario: the center.
        objective: what the reward is made of.
        kpis: Q definitions; those that do not apply to the scenario are 0 / 0.
        warmup_days: contacts that arrive on the first so many days are left out of KPIs of contacts.

    Returns:
        (E, Q, 2) float64.
    """
    ratios = np.zeros((len(ledgers), len(kpis), 2))
    measured = [(q, kpi) for q, kpi in enumerate(kpis) if kpi.applies(scenario)]
    for e, ledger in enumerate(ledgers):
        books = Books(ledger, scenario, objective, warmup_days * float(DAY_S))  # one for all: KPIs share its masks
        for q, kpi in measured:
            ratios[e, q] = kpi.sums(books)
    return ratios


def kpi_values(ledger: Ledger, scenario: Scenario, objective: Objective, kpis: Sequence[Kpi]) -> dict[str, float]:
    """KPIs of one ledger by name; NaN where nothing was counted."""
    ratios = kpi_ratios([ledger], scenario, objective, kpis)[0].tolist()
    return {kpi.name: part / whole if whole else float("nan") for kpi, (part, whole) in zip(kpis, ratios, strict=True)}
