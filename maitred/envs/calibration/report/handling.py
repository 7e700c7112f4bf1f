"""Pictures of handle times."""

from __future__ import annotations

import numpy as np
from scipy import stats

from maitred.envs.calibration import log_arrays
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
from maitred.envs.calibration.service import SHORT_S, ServiceFit, Services
from maitred.envs.scenario import Floats

SHOWN_TYPES = 6
SHOWN_AGENTS = 40


def _log_location(fit: ServiceFit) -> Floats:
    """Return the fitted means of log service, (A, T)."""
    return np.asarray(np.log(fit.mean_s / fit.tail_factor) - fit.log_sd**2 / 2)


def distribution_picture(fit: ServiceFit, services: Services) -> Picture:
    """Histogram of log service by type against the fitted mixture of log-normals over agents."""
    shown = min(len(fit.types), SHOWN_TYPES)
    rows = -(-shown // 3)
    figure, axes = panels(rows, min(shown, 3), 2.5 * rows, sharex=True)
    edges = np.geomspace(SHORT_S, 3600, 40)
    middle = np.sqrt(edges[:-1] * edges[1:])
    for t, panel in enumerate(axes[:shown]):
        seconds = services.seconds[services.type == t]
        share = np.histogram(seconds, edges)[0] / len(seconds) * 100
        half = 1.96 * np.sqrt(share * (100 - share) / len(seconds))
        panel.errorbar(middle, share, half, fmt="o", ms=2.5, lw=0.8, color=MEASURED, label="measured")
        z = (np.log(edges)[:, None] - _log_location(fit)[:, t]) / fit.log_sd[t]
        fitted = np.diff(stats.norm.cdf(z) @ fit.count[:, t] / fit.count[:, t].sum()) * 100
        panel.plot(middle, fitted, color=FITTED, label="fitted")
        panel.set_xscale("log")
        panel.set_xticks([10, 30, 100, 300, 1000, 3000], ["10", "30", "100", "300", "1000", "3000"])
        panel.set_title(f"{fit.types[t]}: n {len(seconds)}, KS {fit.ks_distance[t]:.3f}")
        panel.set_xlabel("service, s (log scale)")
    for panel in axes[shown:]:
        panel.set_visible(False)
    axes[0].set_ylabel("% of services per point")
    worst = int(fit.ks_distance.argmax())
    legend_below(figure, axes[0])
    return picture(
        figure,
        f"Handle times are near log-normal; {fit.types[worst]} strays most, by {fit.ks_distance[worst]:.3f}",
        f"Services longer than {SHORT_S:.0f} s by known agents; KS: Kolmogorov-Smirnov distance. Fitted: the "
        "log-normals of all agents, mixed by their services. Bars: 95 %. Means carry a factor of "
        f"{fit.tail_factor.min():.2f} to {fit.tail_factor.max():.2f} for tails that are not quite log-normal.",
    )


def agents_picture(fit: ServiceFit) -> Picture:
    """Raw and pooled mean handle times by agent, for the commonest type and the third: much and little data."""
    columns = [0, 2] if len(fit.types) > 2 else [0]
    figure, axes = panels(1, len(columns), 0.9 + 0.16 * min(len(fit.agents), SHOWN_AGENTS))
    for t, panel in zip(columns, axes, strict=True):
        most = np.argsort(-fit.count.sum(axis=1))[:SHOWN_AGENTS]
        order = most[np.argsort(fit.mean_s[most, t])]
        row, count = np.arange(len(order)), fit.count[order, t]
        raw_se = fit.log_sd[t] / np.sqrt(np.maximum(count, 1))
        for mean, se, shift, colour, label in (
            (fit.raw_mean_s[order, t], np.where(count > 0, raw_se, np.nan), 0.18, MEASURED, "raw"),
            (fit.mean_s[order, t], fit.log_se[order, t], -0.18, FITTED, "pooled"),
        ):
            error = mean * np.abs(np.exp([-1.96 * se, 1.96 * se]) - 1)
            panel.errorbar(mean, row + shift, xerr=error, fmt="o", ms=3, lw=1, color=colour, label=label)
        panel.set_yticks(row, [f"{fit.agents[a]}  {n}" for a, n in zip(order, count, strict=True)], fontsize=7)
        panel.set_ylim(-0.7, len(order) - 0.3)
        panel.set_xscale("log")
        panel.set_xlim(fit.mean_s[order, t].min() / 2, fit.mean_s[order, t].max() * 2)
        ticks = [s for s in (25, 50, 100, 200, 400, 800, 1600) if panel.get_xlim()[0] < s < panel.get_xlim()[1]]
        panel.set_xticks(ticks, [str(s) for s in ticks])
        panel.minorticks_off()
        panel.set(xlabel="mean handle time, s (log scale)", title=f"{fit.types[t]} (agent, services)")
    legend_below(figure, axes[0])
    spread = fit.mean_s[fit.count[:, 0] > 0, 0]
    return picture(
        figure,
        f"Agents differ by a factor of {spread.max() / spread.min():.1f} at {fit.types[0]}; few services are drawn "
        "to the mean",
        f"Standard deviations on the log scale: agents {fit.sd_agent:.3f} (se {fit.sd_agent_se:.3f}), agent x type "
        f"{fit.sd_interaction:.3f} (se {fit.sd_interaction_se:.3f}), drift from month to month {fit.sd_drift:.3f}. "
        "Bars: 95 %; the pooled ones include drift.",
    )


def interaction_picture(fit: ServiceFit) -> Picture:
    """What each agent takes more or less with a type than the agent's speed and the type explain."""
    logs = np.log(fit.mean_s)
    excess = logs - logs.mean(axis=0) - logs.mean(axis=1, keepdims=True) + logs.mean()
    most = np.sort(np.argsort(-fit.count.sum(axis=1))[:SHOWN_AGENTS])
    shown = np.where(fit.count > 0, 100 * np.expm1(excess), np.nan)[most].T
    figure, (panel,) = panels(1, 1, 0.9 + 0.33 * len(fit.types))
    image = panel.imshow(shown, cmap="RdBu_r", vmin=-40, vmax=40, aspect="auto")
    panel.grid(False)
    panel.set_facecolor("0.8")
    panel.set_xticks(range(len(most)), [fit.agents[a] for a in most], rotation=90, fontsize=7)
    panel.set_yticks(range(len(fit.types)), fit.types)
    figure.colorbar(image, ax=panel, label="% slower (+) or faster", extend="both")
    return picture(
        figure,
        f"Who is quick at one type need not be at another: sd {100 * fit.sd_interaction:.0f} % beyond agent and type",
        "Pooled agent x type effect; white: as expected; grey: no such service in the log.",
    )


def period_picture(fit: ServiceFit, services: Services) -> Picture:
    """Handle time by half-hour of its start, net of who handled what."""
    figure, (panel,) = panels(1, 1, 2.6)
    predicted = fit.mean_s[services.agent, services.type]
    count = np.bincount(services.period, minlength=log_arrays.PERIODS)
    enough = count >= 100
    total = np.bincount(services.period, services.seconds, len(count))
    expected = np.bincount(services.period, predicted, len(count))
    spread = np.bincount(services.period, (services.seconds - predicted) ** 2, len(count))
    ratio, half = (total / np.maximum(expected, 1)), 1.96 * np.sqrt(spread) / np.maximum(expected, 1)
    hours = hours_of_day()
    panel.errorbar(hours[enough], ratio[enough], half[enough], fmt="o", ms=3, color=MEASURED, label="measured")
    edges = np.arange(log_arrays.PERIODS + 1) * 24 / log_arrays.PERIODS
    panel.stairs(fit.period_factor, edges, baseline=None, color=FITTED, label="fitted")
    panel.set_ylabel("factor on handle time")
    clock_axis(panel)
    panel.legend()
    within = fit.period_factor[enough]
    title = f"Over the day handle times vary between {within.min():.2f} and {within.max():.2f} of their mean"
    if fit.period_sd == 0:
        title = "Handle times do not depend on the time of day"
    return picture(figure, title, "Half hours with at least 100 services measured. Bars: 95 %.")


def short_picture(fit: ServiceFit) -> Picture:
    """Share of very short contacts by agent, raw and pooled."""
    handled = fit.short_count + fit.count.sum(axis=1)
    most = np.argsort(-handled)[: min(SHOWN_AGENTS, np.count_nonzero(handled))]
    order = most[np.argsort(fit.short_share[most])]
    hits, trials = fit.short_count[order], handled[order]
    interval = np.array(
        [stats.binomtest(int(k), int(n)).proportion_ci(method="wilson") for k, n in zip(hits, trials, strict=True)]
    )
    raw, place = hits / trials, np.arange(len(order))
    figure, (panel,) = panels(1, 1, 2.6)
    error = 100 * np.abs(interval.T - raw)
    panel.errorbar(place, 100 * raw, error, fmt="o", ms=3, color=MEASURED, label="measured")
    panel.plot(place, 100 * fit.short_share[order], "_", ms=9, color=FITTED, label="pooled")
    panel.set_xticks(place, [fit.agents[a] for a in order], rotation=90, fontsize=7)
    panel.set_ylabel(f"% of contacts of at most {SHORT_S:.0f} s")
    panel.set_ylim(bottom=0)
    panel.legend()
    worst = order[-1]
    return picture(
        figure,
        f"{fit.agents[worst]} cuts {100 * fit.short_share[worst]:.0f} % of contacts very short, the median agent "
        f"{100 * float(np.median(fit.short_share)):.0f} %",
        "Contacts this short are mostly no service at all: they are left out of handle times and modelled apart. "
        "Bars: 95 % (Wilson).",
    )
