"""Everything that is fitted to a contact log, in one record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
from rich.progress import Progress, TextColumn

from maitred.envs.calibration.absence import agent_names
from maitred.envs.calibration.arrivals import ArrivalFit, fit_arrivals, priority_shares
from maitred.envs.calibration.levels import LEVELS
from maitred.envs.calibration.patience import PatienceFit, fit_patience
from maitred.envs.calibration.returns import ReturnsFit, fit_returns
from maitred.envs.calibration.service import ServiceFit, fit_service
from maitred.envs.calibration.staffing import StaffingFit, fit_staffing, service_counts
from maitred.envs.scenario import Floats

MIN_SERVICES = 30  # below, an agent or a type is dropped, and counted

Fit = TypeVar("Fit")


@dataclass(frozen=True)
class Calibration:
    """Everything fitted to a log."""

    types: tuple[str, ...]
    agents: tuple[str, ...]
    dropped: dict[str, int]  # services by agent or contacts by type too rare to be fitted
    priority_share: Floats  # (T, P)
    arrivals: ArrivalFit
    service: ServiceFit
    patience: PatienceFit
    returns: ReturnsFit
    staffing: StaffingFit


def fit_log(log: pa.Table, min_services: int = MIN_SERVICES) -> Calibration:
    """Fit every part to the log, a progress bar showing which."""
    with Progress(*Progress.get_default_columns(), TextColumn("{task.fields[part]}")) as bar:
        task = bar.add_task("fitting", total=5, part="")

        def step(part: str, fit: Callable[[], Fit]) -> Fit:
            bar.update(task, part=part)
            result = fit()
            bar.advance(task)
            return result

        types, agents, dropped = kept(log, min_services)
        arrivals = step("arrivals", lambda: fit_arrivals(log, types))
        return Calibration(
            types=types,
            agents=agents,
            dropped=dropped,
            priority_share=priority_shares(log, types),
            arrivals=arrivals,
            service=step("handle times", lambda: fit_service(log, types, agents)),
            patience=step("patience", lambda: fit_patience(log, types, LEVELS)),
            returns=step("returns", lambda: fit_returns(log)),
            staffing=step("staffing", lambda: fit_staffing(log, arrivals, types, agents)),
        )


def kept(log: pa.Table, min_services: int) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, int]]:
    """Return the types (commonest first) and agents to be fitted, and the services of those dropped."""
    everybody = agent_names(log)
    every_type = tuple(sorted(t for t in log["type"].unique().to_pylist() if t is not None))
    count = service_counts(log, everybody, every_type)
    by_type, by_agent = count.sum(axis=0), count.sum(axis=1)
    types = tuple(every_type[t] for t in np.argsort(-by_type, kind="stable") if by_type[t] >= MIN_SERVICES)
    agents = tuple(a for a, n in zip(everybody, by_agent, strict=True) if n >= min_services)
    services = dict(zip((*everybody, *every_type), map(int, (*by_agent, *by_type)), strict=True))
    if not types or not agents:
        raise ValueError(f"no agent has {min_services} services, or no type {MIN_SERVICES}")
    return types, agents, {who: n for who, n in services.items() if who not in (*types, *agents)}
