"""The weeks of every policy as curves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.learning_value.rules import Floats
from experiments.learning_value.weeks import MEASURES
from maitred.training.paired import paired_difference, pooled
from maitred.training.pictures import CANDIDATE, OTHERS, REFERENCE, STYLE
from maitred.whole_file import whole_file

LEVELS = {
    "novice_share": ("Contacts taken by novices", "share of contacts"),
    "novice_handle": ("Novices' handle time", "over that of the experienced"),
    "to_learn": ("Left to learn, mean of novices", "share of the settled handle time"),
}
CHANGES = {
    "aht_s": ("Handle time of everybody", "s, difference to {}"),
    "cost": ("Cost per served contact so far", "money, difference to {}"),
    "reward": ("Reward per case so far", "money, difference to {}"),
}
SO_FAR = ("cost", "reward")  # an agent who leaves a week later moves much money from one week to the next


def draw_weeks(weeks: Mapping[str, Floats], reference: str, highlight: str, path: Path) -> None:
    """Write a PNG of the weekly curves; differences to `reference` are shaded with their 95 % intervals.

    Args:
        weeks: (E, W, Q, 2) ratios by policy.
        reference: the policy that differences are taken to.
        highlight: the policy to be drawn in the candidate's colour.
        path: of the file.
    """
    others = [name for name in weeks if name not in (reference, highlight)]
    colours = {**dict(zip(others, OTHERS, strict=False)), reference: REFERENCE, highlight: CANDIDATE}
    with rc_context(STYLE):
        figure = Figure(figsize=(13, 7), layout="constrained")
        panels = figure.subplots(2, 3, sharex=True)
        for (measure, (title, unit)), axes in zip(LEVELS.items(), panels[0], strict=True):
            _levels(axes, weeks, colours, measure)
            axes.set(title=title, ylabel=unit)
        for (measure, (title, unit)), axes in zip(CHANGES.items(), panels[1], strict=True):
            _changes(axes, weeks, colours, measure, reference)
            axes.set(title=title, ylabel=unit.format(reference), xlabel="week")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        with whole_file(path) as temporary:
            figure.savefig(temporary, format="png", dpi=110)


def _levels(axes: Axes, weeks: Mapping[str, Floats], colours: Mapping[str, str], measure: str) -> None:
    for name, ratios in weeks.items():
        values = pooled(ratios)[:, _index(measure)]
        axes.plot(np.arange(1, len(values) + 1), values, color=colours[name], label=name)


def _changes(axes: Axes, weeks: Mapping[str, Floats], colours: Mapping[str, str], measure: str, reference: str) -> None:
    axes.axhline(0, color=colours[reference])
    for name, ratios in weeks.items():
        if name != reference:
            ours, theirs = (r.cumsum(axis=1) if measure in SO_FAR else r for r in (ratios, weeks[reference]))
            value, low, high = (x[:, _index(measure)] for x in paired_difference(ours, theirs))
            at = np.arange(1, len(value) + 1)
            axes.plot(at, value, color=colours[name])
            axes.fill_between(at, low, high, color=colours[name], alpha=0.12, linewidth=0)


def _index(measure: str) -> int:
    return list(MEASURES).index(measure)
