"""Pictures of arrivals and staffing."""

from __future__ import annotations

import numpy as np

from maitred.envs.calibration.arrivals import LAGS, ArrivalFit
from maitred.envs.calibration.log_arrays import PERIOD_S, PERIODS
from maitred.envs.calibration.report.drawing import (
    FITTED,
    MEASURED,
    Picture,
    clock_axis,
    hours_of_day,
    legend_below,
    panels,
    picture,
)
from maitred.envs.calibration.staffing import StaffingFit
from maitred.envs.scenario import Floats, Ints, Scenario


def _counts(fit: ArrivalFit, day_type: int) -> Ints:
    """Return contacts per used day of a day type and half-hour, (d, N)."""
    here = fit.used & (fit.day_type == day_type)
    return np.asarray(fit.counts.contacts[here].sum(axis=1))


def arrivals_picture(fit: ArrivalFit, scenario: Scenario) -> Picture:
    """Contacts per half-hour by day type, measured and fitted."""
    names = fit.day_type_names
    figure, axes = panels(1, len(names), 3.2, sharey=True)
    for d, (panel, name) in enumerate(zip(axes, names, strict=True)):
        counts = _counts(fit, d)
        half = 1.96 * counts.std(axis=0) / np.sqrt(len(counts))
        panel.errorbar(hours_of_day(), counts.mean(axis=0), half, fmt="o", ms=3, color=MEASURED, label="measured")
        per_half_hour = PERIOD_S / 3600
        fitted = fit.rate_per_h[d].sum(axis=0) * per_half_hour
        first = scenario.arrivals.rate_per_h[d].sum(axis=0) * per_half_hour
        edges = np.arange(PERIODS + 1) * 24 / PERIODS
        panel.stairs(fitted, edges, color=FITTED, label="fitted")
        panel.stairs(first, edges, color=FITTED, ls=":", label="scenario: without returns")
        panel.set_title(f"{name.replace('_', ' to ')}, {len(counts)} days")
        clock_axis(panel)
    axes[0].set_ylabel("contacts per half hour")
    legend_below(figure, axes[0])
    busiest = float(fit.rate_per_h.sum(axis=1).max()) * PERIOD_S / 3600
    return picture(
        figure,
        f"Arrivals peak at {busiest:.0f} contacts per half hour; the fitted profile follows the measured means",
        "Bars: 95 % interval of the mean over days. Contacts that joined the queue or were answered at once.",
    )


def dispersion_picture(fit: ArrivalFit) -> Picture:
    """Variance of half-hour counts against their mean, and how busyness persists."""
    figure, (left, right) = panels(1, 2, 3.2)
    day, period = fit.day_factor_cv.value**2, fit.period_factor_cv.value**2
    for d in range(len(fit.day_type_names)):
        counts = _counts(fit, d)
        mean, variance = counts.mean(axis=0), counts.var(axis=0)
        left.loglog(mean[mean > 1], variance[mean > 1], "o", ms=3, color=MEASURED, label="" if d else "measured")
    grid = np.geomspace(1, left.get_xlim()[1])
    left.loglog(grid, grid + grid**2 * ((1 + day) * (1 + period) - 1), color=FITTED, label="fitted")
    left.loglog(grid, grid, color="0.6", ls=":", label="Poisson")
    left.set(xlabel="mean contacts per half hour", ylabel="variance over days")
    left.legend()
    lag_h = np.arange(LAGS) * PERIOD_S / 3600
    measured, half = _excess_covariance(fit)
    right.errorbar(lag_h, measured, half, fmt="o", ms=3, color=MEASURED, label="measured")
    fitted = (1 + day) * (1 + period * fit.period_factor_ar1.value ** np.arange(LAGS)) - 1
    right.plot(lag_h, fitted, color=FITTED, label="fitted")
    right.set(xlabel="hours between two half hours", ylabel="covariance of their busyness")
    right.set_ylim(bottom=0)
    right.legend()
    busy = float(np.median([_dispersion_index(_counts(fit, d)) for d in range(len(fit.day_type_names))]))
    return picture(
        figure,
        f"The variance of half-hour counts is {busy:.1f} times Poisson's; a busy half hour stays busy",
        f"Day factor cv {fit.day_factor_cv}, half-hour factor cv {fit.period_factor_cv}, its correlation from one "
        f"half hour to the next {fit.period_factor_ar1}. Bars: 95 %, by resampling days.",
    )


def _dispersion_index(counts: Ints) -> float:
    mean = counts.mean(axis=0)
    return float((counts.var(axis=0)[mean > 1] / mean[mean > 1]).mean())


def _excess_covariance(fit: ArrivalFit) -> tuple[Floats, Floats]:
    """Return the covariance of busyness by lag, net of Poisson noise, (LAGS,), and half its 95 % interval."""
    rng = np.random.default_rng(0)
    samples = [_counts(fit, d) for d in range(len(fit.day_type_names))]
    resampled = [
        _covariances([sample[rng.integers(0, len(sample), len(sample))] for sample in samples]) for _ in range(200)
    ]
    return _covariances(samples), 1.96 * np.std(resampled, axis=0)


def _covariances(samples: list[Ints]) -> Floats:
    excess, weight = np.zeros(LAGS), np.zeros(LAGS)
    for sample in samples:
        mean, covariance = sample.mean(axis=0), np.cov(sample.T, bias=True)
        excess += [np.trace(covariance, k) - mean.sum() * (k == 0) for k in range(LAGS)]
        weight += [mean[: len(mean) - k] @ mean[k:] for k in range(LAGS)]
    return excess / np.maximum(weight, 1e-9)


def staffing_picture(fit: StaffingFit, arrivals: ArrivalFit, scenario: Scenario) -> Picture:
    """Agents on duty per half-hour by day type, measured and as the scenario's shifts add up."""
    names = arrivals.day_type_names
    figure, axes = panels(1, len(names), 3.2, sharey=True)
    most = 0.0
    for d, (panel, name) in enumerate(zip(axes, names, strict=True)):
        days = np.count_nonzero(arrivals.used & (arrivals.day_type == d))
        measured = fit.mean[d].sum(axis=0)
        half = 1.96 * fit.sd[d] / np.sqrt(days)
        panel.errorbar(hours_of_day(), measured, half, fmt="o", ms=3, color=MEASURED, label="measured")
        fitted = rostered(scenario, d)
        panel.stairs(fitted, np.arange(PERIODS + 1) * 24 / PERIODS, color=FITTED, label="scenario")
        panel.set_title(f"{name.replace('_', ' to ')}, {days} days")
        clock_axis(panel)
        most = max(most, float(measured.max()))
    axes[0].set_ylabel("agents on duty")
    legend_below(figure, axes[0])
    return picture(
        figure,
        f"At most {most:.1f} agents are on duty on average; the scenario's whole-agent shifts add up to it",
        f"An agent counts as on duty from one service to the next unless {fit.gap_s / 60:.0f} minutes idle. "
        "Bars: 95 % interval of the mean over days.",
    )


def rostered(scenario: Scenario, day_type: int) -> Floats:
    """Return the mean number of agents available in each half-hour of a day type, (48,)."""
    staffing = scenario.staffing
    mine = staffing.shift_day_type == day_type
    begin = np.arange(PERIODS) * PERIOD_S
    start, end = staffing.shift_start_s[mine, None], staffing.shift_end_s[mine, None]
    overlap = np.clip(np.minimum(end, begin + PERIOD_S) - np.maximum(start, begin), 0, None) / PERIOD_S
    return np.asarray(staffing.shift_agents[mine] @ overlap * staffing.availability, dtype=float)
