"""Gain over the tuned rule by size and load, as heat maps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from experiments.judging import word
from maitred.training.pictures import STYLE
from maitred.training.validation import Difference
from maitred.whole_file import whole_file

Gains = Mapping[tuple[float, float], Difference]  # by factors of agents and load


def draw_gains(gains: Mapping[str, Gains], path: Path) -> None:
    """Write a PNG with one heat map for each policy, all on one scale; cells say where the interval is clear of zero.

    Args:
        gains: reward per case over the tuned rule, by policy and place.
        path: of the file.
    """
    ends = max(abs(one.value) for each in gains.values() for one in each.values())
    with rc_context(STYLE):
        figure = Figure(figsize=(5.5 * len(gains) + 1, 4.2), layout="constrained")
        panels = figure.subplots(1, len(gains), squeeze=False)[0]
        for axes, (policy, each) in zip(panels, gains.items(), strict=True):
            image = _panel(axes, each, ends)
            axes.set(title=policy, xlabel="load, times the scenario's", ylabel="agents, times the scenario's")
        figure.colorbar(image, ax=panels, label="reward per case over the tuned rule, money")
        with whole_file(path) as temporary:
            figure.savefig(temporary, format="png", dpi=110)


def _panel(axes: Axes, gains: Gains, ends: float) -> AxesImage:
    sizes, loads = (sorted(set(factors)) for factors in zip(*gains, strict=True))
    values = np.array([[gains[size, load].value for load in loads] for size in sizes])
    image = axes.imshow(values, cmap="PuOr", vmin=-ends, vmax=ends, aspect="auto", origin="lower")
    axes.set_xticks(range(len(loads)), [f"{load:g}" for load in loads])
    axes.set_yticks(range(len(sizes)), [f"{size:g}" for size in sizes])
    for (row, column), value in np.ndenumerate(values):
        said = word(gains[sizes[row], loads[column]])
        text = f"{value:+.3f}" + (f"\n{said}" if said in ("better", "worse") else "")
        dark = abs(value) > 0.6 * ends
        axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black")
    return image
