"""Drift between two decision logs: what policies saw, what came of it, and whether chances held (GV-7)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rich.table import Table

from maitred.envs.decision import CANDIDATE_NAMES
from maitred.serving.familiar import SUMMARY, summaries
from maitred.training.decision_log.read import as_logged, read_groups
from maitred.training.drift.monitor import SIGNALS, Cases, Drift, DriftError, monitor
from maitred.training.ope.reward_model import ridge

DAYS_PER_ALARM = 365.0
NAMES = tuple(f"{name}, mean of candidates" if name in CANDIDATE_NAMES else name for name in SUMMARY)
SHOWN = 5
MEANINGS = {
    "features": "what was to be decided",
    "reward": "rewards less what earlier days predict",
    "calibration": "cases resolved less what was stated",
}
_HOUR_US, _MONDAY_H = 3_600_000_000, 72  # 1970-01-01 was a Thursday
_RESOLVE = CANDIDATE_NAMES.index("resolve_p")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LogDrift:
    """What two logs differ by.

    Attributes:
        reference_days: of the reference.
        days: dates that were watched, in order.
        drift: evidence, alarms and what is unusual.
        days_per_alarm: stated rate of false alarms.
    """

    reference_days: int
    days: tuple[str, ...]
    drift: Drift
    days_per_alarm: float

    @property
    def found(self) -> bool:
        """Whether any signal raised an alarm."""
        return any(alarm is not None for alarm in self.drift.alarm.values())


@dataclass(frozen=True, eq=False)
class LoggedCases:
    """The N decisions of a log.

    Attributes:
        cases: nothing being predicted of their rewards yet.
        taken: (N, X) float32, context and chosen candidate, to predict them from.
    """

    cases: Cases
    taken: NDArray[np.float32]


def log_drift(
    log: str | Path, reference: str | Path, days_per_alarm: float = DAYS_PER_ALARM, seed: int = 0
) -> LogDrift:
    """Watch the days of one log for drift from those of another.

    Rewards are predicted from the decision by a ridge that has seen a third of the reference's days, those that are not
    compared with.

    Args:
        log: decision log to watch.
        reference: decision log of earlier days.
        days_per_alarm: at most one false alarm in so many days on average.
        seed: of ties.

    Raises:
        DecisionLogError: one of them is no decision log.
        DriftError: too few days, days that are not in order, or a log that begins before its reference.
    """
    before, now = read_cases(reference), read_cases(log)
    _check_order(log, _dates(now.cases), reference, _dates(before.cases))
    _, day = np.unique(before.cases.day, return_inverse=True)
    known = np.isfinite(before.cases.reward) & (day % 3 == 0)
    if not known.any():
        raise DriftError(f"{reference}: expected rewards, found none")
    predict = ridge()(before.taken[known], before.cases.reward[known])
    cases = [_with(rows.cases, predicted=predict(rows.taken)) for rows in (before, now)]
    drift = monitor(cases[0], cases[1], days_per_alarm, seed)
    return LogDrift(int(day.max()) + 1, _dates(now.cases), drift, days_per_alarm)


def _dates(cases: Cases) -> tuple[str, ...]:
    return tuple(str(np.datetime64(int(day), "D")) for day in np.unique(cases.day))


def _check_order(log: str | Path, dates: tuple[str, ...], reference: str | Path, before: tuple[str, ...]) -> None:
    """Drift is told of the later log; simulated logs all begin on one day, so that the first days may be equal."""
    if dates[0] < before[0]:
        raise DriftError(
            f"{log}: expected a log that does not begin before its reference {reference}, "
            f"{before[0]} to {before[-1]}, found {dates[0]} to {dates[-1]}"
        )


def read_cases(log: str | Path) -> LoggedCases:
    """The decisions of a log as they are watched.

    Raises:
        DecisionLogError: no decision log.
        DriftError: no decisions, or days that are not in order.
    """
    parts = [_part(group) for group in read_groups(log) if group.num_rows]
    if not parts:
        raise DriftError(f"{log}: expected decisions, found none")
    names = Cases.__dataclass_fields__
    cases = Cases(*(np.concatenate([getattr(part.cases, name) for part in parts]) for name in names))
    if (np.diff(cases.day) < 0).any():
        raise DriftError(f"{log}: expected decisions in order of their days")
    return LoggedCases(cases, np.concatenate([part.taken for part in parts]))


def _part(group: pa.Table) -> LoggedCases:
    logged = as_logged(group)
    d, n = logged.decisions, len(logged)
    chosen = d.candidates[np.arange(n), logged.chosen]
    hours = pc.cast(group["time"], pa.int64()).to_numpy() // _HOUR_US
    resolved = pc.struct_field(group["events"], "resolved")
    stated = chosen[:, _RESOLVE].astype(np.float64)
    told = ~pc.is_null(resolved).to_numpy() & (stated > 0)
    cases = Cases(
        features=summaries(d).astype(np.float64),
        reward=np.where(logged.complete, logged.reward, np.nan),
        predicted=np.zeros(n),
        chance=np.where(told, stated, np.nan),
        outcome=np.asarray(pc.fill_null(resolved, False).to_numpy(), np.bool_),
        day=hours // 24,
        hour=(hours + _MONDAY_H) % 168,
    )
    return LoggedCases(cases, np.concatenate([d.context, chosen], axis=1))


def _with(cases: Cases, predicted: Floats) -> Cases:
    values = {name: getattr(cases, name) for name in Cases.__dataclass_fields__}
    return Cases(**(values | {"predicted": predicted}))


def drift_table(found: LogDrift) -> Table:
    """A line for each signal, then the features that are farthest from usual."""
    title = (
        f"{len(found.days)} days beside {found.reference_days}; a false alarm in {found.days_per_alarm:g} days at most"
    )
    table = Table("signal", "what", title=title)
    table.add_column("evidence", justify="right")
    table.add_column("drift since")
    for signal in SIGNALS:
        alarm = found.drift.alarm[signal]
        evidence = f"{found.drift.evidence[signal].max() / len(SIGNALS) / found.days_per_alarm:.2g}"
        table.add_row(signal, MEANINGS[signal], evidence, "-" if alarm is None else found.days[alarm - 1])
    table.add_section()
    for feature, away in found.drift.unusual[:SHOWN]:
        table.add_row("", NAMES[feature], f"{away:+.1f} sd", "")
    return table


def drift_json(found: LogDrift) -> dict[str, Any]:
    """The same for a file."""
    drift = asdict(found.drift)
    drift["evidence"] = {signal: values.tolist() for signal, values in found.drift.evidence.items()}
    drift["unusual"] = [{"feature": NAMES[feature], "sd": away} for feature, away in found.drift.unusual]
    return {"found": found.found, "days": found.days, "reference_days": found.reference_days} | drift
