"""The pictures of a training report; each function draws one figure from an evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator
from numpy.typing import NDArray

from maitred.envs.kernel.world import world_of
from maitred.envs.scenario import Scenario
from maitred.training.curve import Curve
from maitred.training.evaluate import Evaluation
from maitred.training.portrait import HALF_HOURS, Portrait
from maitred.training.wording import BY_NAME, difference_unit, label, scale, unit, verdict

INK, REFERENCE, CANDIDATE = "#1f2933", "#7b8794", "#0072b2"
VERDICTS = {"better": "#00875a", "worse": "#c4390d", "unclear": "#7b8794"}
OTHERS = ("#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a200")  # Okabe and Ito 2008
FRONTS = (("aht_s", "csat"), ("aht_s", "abandonment"), ("cost_per_contact", "csat"))
_CORNERS = {
    ("higher", "lower"): "↖",
    ("higher", "higher"): "↗",
    ("lower", "lower"): "↙",
    ("lower", "higher"): "↘",
}
MAX_AGENT_LABELS = 40

STYLE: Any = {  # matplotlib types its settings by a list of every name
    "figure.constrained_layout.hspace": 0.08,
    "figure.constrained_layout.wspace": 0.04,
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#9aa5b1",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": "#52606d",
    "ytick.color": "#52606d",
    "legend.frameon": False,
    "text.parse_math": False,  # a policy's name is text, whatever is in it
}

Floats = NDArray[np.float64]


def colours(evaluation: Evaluation, candidate: str) -> dict[str, str]:
    """A colour for every policy: the reference grey, the candidate blue."""
    others = [p for p in evaluation.policies if p not in (evaluation.reference, candidate)]
    fixed = {evaluation.reference: REFERENCE, candidate: CANDIDATE}
    return {**{p: OTHERS[i % len(OTHERS)] for i, p in enumerate(others)}, **fixed}


def forest(evaluation: Evaluation) -> Figure:
    """A panel per KPI: each policy's difference to the reference with its interval; the better side is tinted."""
    policies = [p for p in reversed(evaluation.policies) if p != evaluation.reference]
    differences = [evaluation.difference(p) for p in policies]
    rows = -(-len(evaluation.kpis) // 4)
    figure = Figure(figsize=(11, rows * (1.3 + 0.3 * len(policies))), layout="constrained")
    grid = figure.subplots(rows, 4, sharey=True, squeeze=False).ravel()
    for q, (kpi, axes) in enumerate(zip(evaluation.kpis, grid, strict=False)):
        for y, difference in enumerate(differences):
            value, low, high = (float(bound[q]) * scale(kpi) for bound in difference)
            clear = verdict(kpi, low, high)
            axes.plot([low, high], [y, y], color=VERDICTS[clear], linewidth=2.2, solid_capstyle="butt")
            fill = "white" if clear == "unclear" else VERDICTS[clear]
            axes.plot(value, y, "o", color=VERDICTS[clear], markerfacecolor=fill, markersize=6)
        _tint_better_side(axes, kpi)
        axes.set(title=label(kpi), xlabel=f"difference, {difference_unit(kpi)}")
        axes.set(yticks=range(len(policies)), yticklabels=policies, ylim=(-0.6, len(policies) - 0.4))
        axes.xaxis.set_major_locator(MaxNLocator(5))
    for axes in grid[len(evaluation.kpis) :]:
        axes.remove()
    return figure


def _tint_better_side(axes: Axes, kpi: str) -> None:
    reach = max(abs(bound) for bound in axes.get_xlim())
    right = BY_NAME[kpi].better == "higher"
    axes.axvspan(0, reach if right else -reach, color=VERDICTS["better"], alpha=0.09, linewidth=0)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlim(-reach, reach)
    axes.text(
        0.98 if right else 0.02,
        0.98,
        "better →" if right else "← better",
        transform=axes.transAxes,
        ha="right" if right else "left",
        va="top",
        fontsize=7.5,
        color=VERDICTS["better"],
    )


def learning(curve: Curve) -> Figure:
    """Validation, rollouts and loss (where there is one), against decisions trained on and against wall time."""
    checkpoints = (curve.checkpoint_steps, curve.checkpoint_wall_s / 60), curve.checkpoint_difference
    updates = (curve.steps, curve.wall_s / 60)
    rows: list[tuple[str, str, tuple[tuple[Floats, Floats], Floats]]] = [
        ("Validation: over the incumbent (higher is better)", "money per case", checkpoints),
        ("Training rollouts (higher is better)", "money per decision", (updates, curve.reward)),
    ]
    if np.isfinite(curve.loss).any():
        rows.append(("Training loss", "loss", (updates, curve.loss)))
    figure = Figure(figsize=(11, 0.6 + 1.9 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), 2, sharey="row", sharex="col")
    for row, (title, name, (clocks, values)) in enumerate(rows):
        style = {"color": CANDIDATE, "marker": "o"} if row == 0 else {"color": REFERENCE}
        for axes, clock in zip(grid[row], clocks, strict=True):
            axes.plot(clock, values, linewidth=1.4, markersize=5, **style)
        grid[row, 0].set(title=title, ylabel=name)
    for axes in grid[0]:
        axes.axhline(0, color=INK, linewidth=0.8)
    grid[-1, 0].set(xlabel="decisions trained on")
    grid[-1, 1].set(xlabel="wall time, minutes")
    grid[-1, 0].xaxis.set_major_formatter(EngFormatter(sep=""))
    return figure


def front(evaluation: Evaluation, candidate: str) -> Figure:
    """Trade-offs between two KPIs at a time; bars are the paired intervals of the differences."""
    figure = Figure(figsize=(11, 3.9), layout="constrained")
    palette = colours(evaluation, candidate)
    for axes, (across, up) in zip(figure.subplots(1, len(FRONTS)), FRONTS, strict=True):
        for p, policy in enumerate(evaluation.policies):
            difference = evaluation.difference(policy)
            (x, x_bar), (y, y_bar) = (
                (evaluation.values[p, q] * scale(kpi), (difference.high[q] - difference.value[q]) * scale(kpi))
                for kpi, q in ((kpi, evaluation.kpis.index(kpi)) for kpi in (across, up))
            )
            marker = "s" if policy == evaluation.reference else "D" if policy == candidate else "o"
            axes.errorbar(x, y, xerr=x_bar, yerr=y_bar, fmt=marker, color=palette[policy], markersize=7, label=policy)
        axes.set(xlabel=f"{label(across)}, {unit(across)}", ylabel=f"{label(up)}, {unit(up)}")
        axes.margins(0.12)
        corner = _CORNERS[BY_NAME[up].better, BY_NAME[across].better]
        axes.set_title(f"{corner} better", color=VERDICTS["better"], fontsize=9, fontweight="normal")
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6))
    return figure


def day(evaluation: Evaluation, candidate: str) -> Figure:
    """The average day by half hour: what comes in, who waits, who is busy."""
    figure = Figure(figsize=(11, 6.4), layout="constrained")
    arrivals, waiting, busy = figure.subplots(3, 1, sharex=True)
    hours = np.arange(HALF_HOURS + 1) / 2
    pair = dict.fromkeys((evaluation.reference, candidate))
    portraits = {policy: evaluation.portraits[evaluation.policies.index(policy)] for policy in pair}
    for policy, portrait in portraits.items():
        style = {"color": colours(evaluation, candidate)[policy], "linewidth": 2, "label": policy}
        arrivals.stairs(portrait.arrivals / portrait.days, hours, **style)
        waiting.stairs(portrait.waiting / portrait.days, hours, **style)
        busy.stairs(portrait.busy / portrait.days, hours, **style)
    portrait = portraits[evaluation.reference]
    busy.stairs(portrait.on_duty / portrait.days, hours, fill=True, color="#e4e7eb", label="agents on duty", zorder=0)
    arrivals.set(title="Contacts arriving, callers who try again included", ylabel="contacts per half hour")
    waiting.set(title="Contacts waiting (lower is better)", ylabel="contacts in queue")
    busy.set(title="Agents busy, of those on duty", ylabel="agents", xlabel="hour of the day")
    busy.set_xlim(*_opening(portrait))
    busy.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=24))
    for axes in (arrivals, waiting, busy):
        axes.set_ylim(0)
    figure.legend(*busy.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _opening(portrait: Portrait) -> tuple[float, float]:
    """First and last hour at which anything goes on."""
    active = np.nonzero(portrait.arrivals + portrait.waiting + portrait.busy + portrait.on_duty)[0]
    return (active[0] / 2, (active[-1] + 1) / 2) if len(active) else (0.0, 24.0)


def well_matched_share(portrait: Portrait, fit: Floats) -> float:
    """Share of contacts answered by an agent who is better at them than type and agent alone predict."""
    total = portrait.answered.sum()
    return float(portrait.answered[fit < 0].sum() / total) if total else float("nan")


def who_gets_what(evaluation: Evaluation, candidate: str, scenario: Scenario) -> Figure:
    """The mix of types each agent answers, what the candidate changes in it, and the estimated fit."""
    fit = estimated_fit(scenario)
    order = np.lexsort((fit.min(axis=1), fit.argmin(axis=1)))
    before, after = (
        100 * _rows_of_one(evaluation.portraits[evaluation.policies.index(p)].answered)[order]
        for p in (evaluation.reference, candidate)
    )
    figure = Figure(figsize=(11, min(1.6 + 0.22 * len(fit), 9)), layout="constrained")
    left, middle, right = figure.subplots(1, 3, sharey=True)
    may_answer = scenario.agents.may_answer[order]
    _heat_map(left, before, "Blues", (0, np.nanmax(before, initial=0.0)), "% of the agent's contacts")
    _heat_map(middle, np.where(may_answer, after - before, np.nan), "BrBG", None, "percentage points")
    _heat_map(right, np.where(may_answer, fit[order], np.nan), "BrBG_r", None, "log handle time over expectation")
    left.set_title(f"Answered under {evaluation.reference}")
    middle.set_title(f"Change under {candidate} (green is more)")
    right.set_title("Estimated fit (green is good)")
    for axes in (left, middle, right):
        axes.set_xticks(range(fit.shape[1]), scenario.types.names, rotation=35, ha="right", rotation_mode="anchor")
    few = len(fit) <= MAX_AGENT_LABELS
    left.set_yticks(range(len(fit)) if few else [], [scenario.agents.names[a] for a in order] if few else [])
    left.set_ylabel(f"{len(fit)} agents, by their best type")
    return figure


def _heat_map(axes: Axes, values: Floats, colours: str, limits: tuple[float, float] | None, name: str) -> None:
    """Agents by types; grey where there is no value. Without limits the scale is symmetric about zero."""
    reach = 1.2 * float(np.nanmax(np.abs(values), initial=1e-9))
    low, high = limits or (-reach, reach)
    image = axes.imshow(values, aspect="auto", cmap=colours, vmin=low, vmax=high, interpolation="none")
    axes.figure.colorbar(image, ax=axes, label=name, pad=0.02)
    axes.set_facecolor("#e4e7eb")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def estimated_fit(scenario: Scenario) -> Floats:
    """(A, T) the `fit` feature as policies see it; 0 where the agent may not answer."""
    fit: Floats = world_of(scenario).pairs["fit"]
    return fit


def _rows_of_one(answered: Floats) -> Floats:
    """(A, T) shares of each agent's contacts; NaN for agents who answered none."""
    with np.errstate(invalid="ignore"):
        shares: Floats = answered / answered.sum(axis=1, keepdims=True)
    return shares
