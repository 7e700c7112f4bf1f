"""The main figures of a calibration, printed as one table with their intervals."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from maitred.envs.calibration.availability import Availability
from maitred.envs.calibration.fits import Calibration
from maitred.envs.scenario import Floats, Scenario


def print_summary(scenario: Scenario, fits: Calibration, availability: Availability) -> None:
    """Print what was fitted, what was left out, and how simulated days compare with the log's."""
    table = Table("figure", "value", title=f"scenario {scenario.name}")
    for label, value in (*summary_rows(scenario, fits), *availability_rows(availability)):
        table.add_row(label, value)
    Console().print(table)


def summary_rows(scenario: Scenario, fits: Calibration) -> list[tuple[str, str]]:
    """Label and value, with a standard error or 95 % interval, of each main figure."""
    arrivals, returns = fits.arrivals, fits.returns
    return [
        ("contacts a day, returns included", _by_day_type(scenario, arrivals.rate_per_h.sum(axis=(1, 2)) / 2)),
        ("day factor, cv", str(arrivals.day_factor_cv)),
        ("half-hour factor, cv", str(arrivals.period_factor_cv)),
        ("half-hour factor, AR(1)", str(arrivals.period_factor_ar1)),
        ("days used, left out", f"{arrivals.used.sum()}, {len(arrivals.excluded)}"),
        *_service_rows(fits),
        ("retrials after abandoning", _with_se(returns.abandoned.p, returns.abandoned.p_se)),
        ("repeats after a very short contact", _with_se(returns.short.p, returns.short.p_se)),
        ("repeats after an ordinary contact", _with_se(returns.ordinary.p, returns.ordinary.p_se)),
        ("share of contacts that are returns", _with_se(returns.return_share, returns.return_share_se)),
        ("agent hours a day, logged", _by_day_type(scenario, fits.staffing.mean.sum(axis=(1, 2)) / 2)),
        ("agent hours a day, in shifts", _by_day_type(scenario, _shift_hours(scenario))),
        ("agents kept, dropped", f"{len(fits.agents)}, {len(fits.dropped)}"),
        ("gap that counts as absence", f"{fits.staffing.gap_s / 60:.0f} min"),
    ]


def availability_rows(fit: Availability) -> list[tuple[str, str]]:
    """The effective availability, and what its simulated days have beside the log's."""
    log, simulated = (f"{m[0]:.1%}, {m[1]:.0f} s, {m[2]:.0%}, {m[3]:.0%}" for m in (fit.measured, fit.simulated))
    return [
        ("effective availability", f"{fit.effective:.3f}"),
        ("pause after a contact", f"{fit.pause_mean_s:.1f} s"),
        ("absences of a free agent", f"{fit.drift_mean_s:.0f} s, ready {fit.ready_share:.0%} of the time"),
        ("log: abandoned, mean wait, at once, in 20 s", log),
        ("simulated days under the incumbent rule", simulated),
    ]


def _service_rows(fits: Calibration) -> list[tuple[str, str]]:
    service = fits.service
    mean = np.average(service.mean_s, axis=0, weights=np.maximum(service.count, 1e-9))
    means = ", ".join(f"{t} {m:.0f} s" for t, m in zip(fits.types, mean, strict=True))
    scatter = ", ".join(f"{t} {s:.2f}" for t, s in zip(fits.types, service.log_sd, strict=True))
    return [
        ("mean handle time", means),
        ("log sd of handle time", scatter),
        ("sd between agents, log", _with_se(service.sd_agent, service.sd_agent_se)),
        ("sd of agent x type, log", _with_se(service.sd_interaction, service.sd_interaction_se)),
        ("share cut very short, by agent", f"{service.short_share.min():.3f} to {service.short_share.max():.3f}"),
    ]


def _shift_hours(scenario: Scenario) -> Floats:
    s = scenario.staffing
    hours = (s.shift_end_s - s.shift_start_s) * s.shift_agents / 3600
    return np.bincount(s.shift_day_type, hours, len(scenario.arrivals.day_type_names)).astype(float)


def _by_day_type(scenario: Scenario, values: Floats) -> str:
    names = scenario.arrivals.day_type_names
    return ", ".join(f"{name} {value:.1f}" for name, value in zip(names, values, strict=True))


def _with_se(value: float, se: float) -> str:
    return f"{value:.3f} ± {se:.3f}"
