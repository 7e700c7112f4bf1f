"""The pictures of a gate report, one for each question; each is drawn from the content of the gate's file alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from maitred.training.pictures import CANDIDATE, INK, REFERENCE, VERDICTS

Row = Mapping[str, Any]

COLOURS = {"within": VERDICTS["better"], "beyond": VERDICTS["worse"], "unclear": "#b7791f"}
STATES = {"passed": VERDICTS["better"], "failed": VERDICTS["worse"], "unclear": "#b7791f"}
REACH = 3.0  # tolerances to each side that guards are drawn to


def objective(rows: Sequence[Row]) -> Figure:
    """What the candidate is worth against what it is compared with, in money per case, with what was asked of it."""
    figure = Figure(figsize=(11, 1.1 + 0.45 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for y, row in enumerate(reversed(rows)):
        colour = STATES[row["state"]]
        _interval(axes, y, row["low"], row["mean"], row["high"], colour)
        axes.plot([row["asked"]] * 2, [y - 0.32, y + 0.32], color=INK, linewidth=2)
    axes.axvline(0, color=REFERENCE, linewidth=0.8)
    axes.set(yticks=range(len(rows)), yticklabels=[row["against"] for row in reversed(rows)])
    axes.set(ylim=(-0.6, len(rows) - 0.4), xlabel="difference of the candidate, money per case (right is better)")
    axes.plot([], [], color=INK, linewidth=2, label="what was asked: the whole bar must lie right of it")
    figure.legend(loc="outside lower right", fontsize=8)
    return figure


def guards(figures: Row) -> Figure:
    """Each guard KPI's difference in units of its own tolerance, better to the right."""
    rows = figures["guards"]
    figure = Figure(figsize=(11, 1.3 + 0.34 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for y, row in enumerate(reversed(rows)):
        unit = row["tolerance"] or 1.0
        if _known(row):
            low, mean, high = (max(-REACH, min(REACH, row[key] / unit)) for key in ("low", "mean", "high"))
            _interval(axes, y, low, mean, high, COLOURS[row["standing"]])
        axes.text(REACH * 1.03, y, f"{row['champion']} → {row['candidate']}", va="center", fontsize=8.5)
        axes.text(-REACH * 1.03, y, row["label"], va="center", ha="right")
    axes.axvspan(-REACH, -1, color=VERDICTS["worse"], alpha=0.12, linewidth=0)
    axes.axvline(-1, color=VERDICTS["worse"], linewidth=1.2)
    axes.axvline(0, color=REFERENCE, linewidth=0.8)
    axes.set(xlim=(-REACH, REACH), ylim=(-0.6, len(rows) - 0.4), yticks=[])
    axes.set_xticks([-REACH, -1, 0, REACH], ["or worse", "tolerance", "no change", "or better"])
    axes.set_xlabel("← worse than the champion                      better than the champion →")
    axes.set_title("champion → candidate", loc="right", fontsize=8.5, fontweight="normal")
    return figure


def segments(figures: Row) -> Figure:
    """Each group's difference in money per contact, the worst first, and how much may be lost."""
    rows = figures["segments"]
    ordered = sorted((row for row in rows if _known(row)), key=lambda row: float(row["low"]), reverse=True)
    figure = Figure(figsize=(11, 1.2 + 0.3 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for y, row in enumerate(ordered):
        _interval(axes, y, row["low"], row["mean"], row["high"], COLOURS[row["standing"]])
        told = f"{row['share']:.1%} of contacts"
        axes.text(1.01, y, told, transform=axes.get_yaxis_transform(), fontsize=8.5, va="center")
    margin = rows[0]["tolerance"]
    axes.axvspan(min(axes.get_xlim()[0], -2 * margin), -margin, color=VERDICTS["worse"], alpha=0.12, linewidth=0)
    axes.axvline(-margin, color=VERDICTS["worse"], linewidth=1.2)
    axes.axvline(0, color=REFERENCE, linewidth=0.8)
    axes.set(yticks=range(len(ordered)), yticklabels=[row["name"] for row in ordered])
    axes.set(ylim=(-0.6, len(ordered) - 0.4))
    axes.set_xlabel("← the group loses        money per contact, against the champion        the group gains →")
    return figure


def spending(figures: Row) -> Figure:
    """The z value at each look at the log, and the boundary that it has to cross."""
    figure = Figure(figsize=(11, 3.5), layout="constrained")
    axes = figure.subplots()
    rows, bounds = np.array(figures["rows_at"]), np.array(figures["bounds"], float)
    finite = np.isfinite(bounds)
    axes.plot(rows[finite], bounds[finite], "o-", color=VERDICTS["better"], label="promoted above")
    axes.plot(rows[finite], -bounds[finite], "o-", color=VERDICTS["worse"], label="shown worse below")
    z = np.array(figures["z"], float)
    axes.plot(rows[: len(z)], z, "D-", color=CANDIDATE, label="candidate less champion", markersize=7)
    reach = 1.15 * max(4.0, float(np.nanmax(np.abs(z), initial=0)), float(bounds[finite].max(initial=0)))
    axes.fill_between(rows[finite], bounds[finite], reach, color=VERDICTS["better"], alpha=0.1, linewidth=0)
    axes.fill_between(rows[finite], -reach, -bounds[finite], color=VERDICTS["worse"], alpha=0.1, linewidth=0)
    axes.axhline(0, color=REFERENCE, linewidth=0.8)
    axes.set(ylim=(-reach, reach), xlabel="logged decisions", ylabel="standard errors above what is asked")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def estimates(figures: Row) -> Figure:
    """Candidate less champion on the log by several estimators."""
    rows = figures["estimates"]
    figure = Figure(figsize=(11, 1.0 + 0.36 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for y, row in enumerate(reversed(rows)):
        _interval(axes, y, row["mean"] - 2 * row["error"], row["mean"], row["mean"] + 2 * row["error"], CANDIDATE)
    axes.axvline(0, color=REFERENCE, linewidth=0.8)
    axes.set(yticks=range(len(rows)), yticklabels=[row["name"] for row in reversed(rows)])
    axes.set(ylim=(-0.6, len(rows) - 0.4), xlabel="candidate less champion, money per decision, ± 2 standard errors")
    return figure


def same(figures: Row) -> Figure:
    """Share of p-values below each level once labels are exchanged at random; the diagonal is what it should be."""
    values = figures["p_values"]
    figure = Figure(figsize=(11, 2.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=REFERENCE, linewidth=1, linestyle="--", label="as it should be")
    axes.plot(values, np.arange(1, len(values) + 1) / len(values), color=CANDIDATE, label="as it is")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="p-value of the gate's test", ylabel="share of exchanges below")
    axes.legend(loc="upper left", fontsize=8)
    return figure


def _known(row: Row) -> bool:
    """Whether anything was counted under both policies."""
    return None not in (row["low"], row["mean"], row["high"])


def _interval(axes: Axes, y: float, low: float, mean: float, high: float, colour: str) -> None:
    axes.plot([low, high], [y, y], color=colour, linewidth=2.4, solid_capstyle="butt")
    axes.plot(mean, y, "o", color=colour, markersize=6, clip_on=False)
