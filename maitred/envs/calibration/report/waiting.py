"""Pictures of patience and returns."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from scipy import stats

from maitred.envs.calibration.patience import PatienceFit, Waits, survival_of
from maitred.envs.calibration.report.drawing import FITTED, MEASURED, SECOND, Picture, legend_below, panels, picture
from maitred.envs.calibration.returns import ReturnCurve, ReturnsFit
from maitred.envs.calibration.survival import quantile_s, survival_curve
from maitred.envs.scenario import Floats, Ints

SHOWN_S = 900.0
SHOWN_TYPES = 6
_LEVELS = (("regular", FITTED), ("high priority", SECOND))


def patience_picture(fit: PatienceFit, waits: Waits) -> Picture:
    """Survival in queue and the hazard of leaving it, by priority level."""
    figure, (left, right) = panels(1, 2, 3.4)
    medians = []
    for p in range(fit.hazard_per_s.shape[1]):
        mine = waits.level == p
        _survival(left, fit, waits, mine, p)
        medians.append(quantile_s(survival_curve(waits.wait_s[mine], waits.abandoned[mine]), 0.5))
        _hazard(right, fit, p)
    left.set(xlabel="time in queue, s", ylabel="% still willing to wait", ylim=(0, 100))
    legend_below(figure, left)
    right.set(xlabel="time in queue, s", ylabel="hazard of leaving, % per minute", xlim=(0, SHOWN_S))
    right.set_ylim(bottom=0)
    text = " and ".join(f"{_LEVELS[p][0]} customers by {_seconds(m)}" for p, m in enumerate(medians))
    return picture(
        figure,
        f"Half would leave: {text}",
        "Bands: Kaplan-Meier with Greenwood's 95 % interval, answered contacts censored. Lines: the fitted piecewise "
        "constant hazards, averaged over the types waiting at each time. Points: abandonments over time waited, all "
        "types, with 95 % intervals.",
    )


def _seconds(time_s: float) -> str:
    return f"{time_s:.0f} s" if np.isfinite(time_s) else "later than anybody had to wait"


def patience_types_picture(fit: PatienceFit, waits: Waits) -> Picture:
    """Survival in queue by type and level."""
    shown = min(len(fit.types), SHOWN_TYPES)
    rows = -(-shown // 3)
    figure, axes = panels(rows, min(shown, 3), 2.5 * rows, sharex=True, sharey=True)
    for t, panel in enumerate(axes[:shown]):
        for p in range(fit.hazard_per_s.shape[1]):
            mine = (waits.type == t) & (waits.level == p)
            _survival(panel, fit, waits, mine, p)
        panel.set(title=f"{fit.types[t]}: {int(fit.events[t].sum())} abandoned", ylim=(0, 100))
        panel.set_xlabel("time in queue, s")
    for panel in axes[shown:]:
        panel.set_visible(False)
    axes[0].set_ylabel("% still willing to wait")
    legend_below(figure, axes[0])
    low, high = fit.type_factor[:, 0].argmin(), fit.type_factor[:, 0].argmax()
    return picture(
        figure,
        f"{fit.types[high]} contacts are the least patient, {fit.types[low]} the most",
        "Bands and lines as above. Sparse types are drawn towards their level's hazard times a factor of their own.",
    )


def _survival(
    panel: Axes, fit: PatienceFit, waits: Waits, mine: np.ndarray[tuple[int], np.dtype[np.bool_]], p: int
) -> None:
    if not waits.abandoned[mine].any():
        return
    name, colour = _LEVELS[p]
    curve = survival_curve(waits.wait_s[mine], waits.abandoned[mine])
    panel.fill_between(curve.time_s, 100 * curve.lower, 100 * curve.upper, step="post", color=colour, alpha=0.25, lw=0)
    grid = np.linspace(0, SHOWN_S, 181)
    hazard = _mean_hazard(fit, np.unique(waits.type[mine]), p)
    fitted = survival_of(hazard, fit.from_s, grid)
    panel.plot(grid, 100 * fitted, color=colour, lw=1.2, label=name)
    panel.set_xlim(0, SHOWN_S)


def _mean_hazard(fit: PatienceFit, types: Ints, p: int) -> Floats:
    """Return the hazard of a level, (H,), averaged over some types by the time they waited in each step."""
    weights = fit.exposure_s[types, p] + 1e-9  # a step nobody reached: the plain mean
    return np.asarray(np.average(fit.hazard_per_s[types, p], axis=0, weights=weights), dtype=float)


def _hazard(panel: Axes, fit: PatienceFit, p: int) -> None:
    name, colour = _LEVELS[p]
    events, exposure = fit.events[:, p].sum(axis=0), fit.exposure_s[:, p].sum(axis=0)
    seen = exposure > 0
    until = np.append(fit.from_s[1:], 2 * SHOWN_S)
    middle = ((fit.from_s + np.minimum(until, SHOWN_S)) / 2)[seen]
    per_minute = 6000 / np.maximum(exposure[seen], 1)  # % per minute
    low, high = stats.chi2.ppf(0.025, 2 * events[seen]) / 2, stats.chi2.ppf(0.975, 2 * events[seen] + 2) / 2
    rate = events[seen] * per_minute
    error = [rate - np.nan_to_num(low) * per_minute, high * per_minute - rate]
    panel.errorbar(middle, rate, error, fmt="o", ms=3, color=colour)
    fitted = 6000 * _mean_hazard(fit, np.arange(len(fit.types)), p)
    panel.stairs(fitted, np.append(fit.from_s, 2 * SHOWN_S), baseline=None, color=colour, label=name)


def returns_picture(fit: ReturnsFit) -> Picture:
    """Excess returns by time since the contact ended, by cause."""
    figure, axes = panels(1, 3, 3.0)
    causes = (("abandoning", fit.abandoned), ("a very short service", fit.short), ("an ordinary service", fit.ordinary))
    for panel, (name, curve) in zip(axes, causes, strict=True):
        _returns(panel, fit.horizon_s, curve)
        panel.set_title(f"after {name}: n {curve.contacts}")
        panel.set_xlabel("hours since it ended")
    axes[0].set_ylabel("% who call again beyond usual")
    legend_below(figure, axes[0])
    return picture(
        figure,
        f"{100 * fit.abandoned.p:.0f} % of those who abandon come back, {100 * fit.short.p:.0f} % of those cut short, "
        f"{100 * fit.ordinary.p:.0f} % of those served",
        f"Identified customers only, so lower bounds. Beyond usual: less the same customers' calls in the same hours "
        f"one week before and after. Returns are {100 * fit.return_share:.1f} % (se {100 * fit.return_share_se:.1f}) "
        f"of all contacts. One exponential misses the measured excess by at most {100 * _misfit(fit):.0f} points. "
        "Bars: 95 %, by resampling days.",
    )


def _misfit(fit: ReturnsFit) -> float:
    curves = (fit.abandoned, fit.short, fit.ordinary)
    return max(float(np.abs(c.excess + c.p * np.expm1(-fit.horizon_s / c.mean_s)).max()) for c in curves)


def _returns(panel: Axes, horizon_s: Floats, curve: ReturnCurve) -> None:
    panel.errorbar(
        horizon_s / 3600, 100 * curve.excess, 196 * curve.excess_se, fmt="o", ms=3, color=MEASURED, label="measured"
    )
    grid = np.linspace(0, horizon_s[-1], 200)
    fitted = 100 * curve.p * -np.expm1(-grid / curve.mean_s)
    panel.plot(grid / 3600, fitted, color=FITTED, label="fitted")
    panel.set_ylim(bottom=0)
