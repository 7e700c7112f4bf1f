"""What a decision log says of itself: what its rewards are in terms of, and where its decisions come from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from maitred.envs.objective import Objective
from maitred.training.decision_log.read import open_log
from maitred.training.decision_log.schema import OBJECTIVE_KEY, PROVENANCE_KEY, DecisionLogError, said
from maitred.training.frozen import FrozenSet, check_disjoint


def objective_of(log: str | Path) -> Objective:
    """What the rewards of a log are in terms of.

    Raises:
        DecisionLogError: no decision log, or one that does not say.
    """
    with open_log(log) as file:
        found: Any = said(file.schema_arrow, OBJECTIVE_KEY)
    if not found:
        raise DecisionLogError(f"{log}: expected an objective in the metadata, found none")
    return Objective(**found)


def provenance_of(log: str | Path) -> dict[str, object]:
    """Where a log's decisions come from: scenario, its hash and the seed, or days of a center's own log."""
    with open_log(log) as file:
        return said(file.schema_arrow, PROVENANCE_KEY)


def check_log_disjoint(log: str | Path, sets: Iterable[FrozenSet]) -> None:
    """Refuse to learn from a log that overlaps a frozen set.

    Raises:
        OverlapError: naming the set, and what overlaps.
    """
    found: Any = provenance_of(log)
    check_disjoint(
        sets,
        seed_entropy=found.get("seed"),
        scenario_hash=found.get("scenario_sha256"),
        log_days=found.get("log_days", ()),
    )
