"""The loop as a picture: what it shows of itself, and what is true."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.feedback_loop.results import Runs
from maitred.training.pictures import CANDIDATE, INK, OTHERS, REFERENCE, STYLE
from maitred.whole_file import whole_file

LOSS = "#c4390d"


def draw_loop(found: Sequence[Runs], path: Path) -> None:
    """Write a PNG with a row for each setting and a column for each of the first three regimes.

    Everything is drawn in points above what generation 0's policy truly reaches in the same period. Lines are means
    over seeds, the band holds every seed.
    """
    settings = list(dict.fromkeys(runs.setting for runs in found))
    with rc_context(STYLE):
        figure = Figure(figsize=(13, 3.6 * len(settings)), layout="constrained")
        panels = figure.subplots(len(settings), 3, sharex=True, sharey=True, squeeze=False)
        for row, setting in zip(panels, settings, strict=True):
            for axes, runs in zip(row, [runs for runs in found if runs.setting == setting][:3], strict=True):
                _panel(axes, runs)
                axes.set_title(f"{runs.regime}, {setting}")
            row[0].set_ylabel("points above generation 0")
        for axes in panels[-1]:
            axes.set_xlabel("generation")
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as temporary:
            figure.savefig(temporary, format="png", dpi=110)


def _panel(axes: Axes, runs: Runs) -> None:
    truth = 100 * runs.above_first
    own = 100 * (runs.generations["own"] - runs.generations["first"]).mean(axis=0)
    frozen = 100 * (runs.generations["frozen"] - runs.generations["frozen"][:, :1]).mean(axis=0)
    mean, g = truth.mean(axis=0), np.arange(truth.shape[1])
    axes.axhline(0, color=REFERENCE, linewidth=1.0)
    axes.fill_between(g, truth.min(axis=0), truth.max(axis=0), color=CANDIDATE, alpha=0.15, label="truth of every seed")
    axes.fill_between(g, np.minimum(mean, 0), 0, color=LOSS, alpha=0.3, label="lost to generation 0")
    axes.plot(g, own, color=OTHERS[0], linestyle="--", linewidth=2.0, label="its own metric")
    axes.plot(g, frozen, color=INK, linestyle=":", linewidth=1.4, label="on the frozen set")
    axes.plot(g, mean, color=CANDIDATE, linewidth=2.4, label="truth")
