"""The ladder as a picture: what each rung adds to FIFO, scenario by scenario."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from experiments.ladder.rungs import BEST
from maitred.training.pictures import CANDIDATE, OTHERS, REFERENCE, STYLE
from maitred.training.validation import Difference
from maitred.whole_file import whole_file


def draw_ladder(gains: Mapping[str, Mapping[str, Difference]], path: Path) -> None:
    """Write a PNG of the gain in reward per case over FIFO with its 95 % interval, by scenario and rung.

    The scale is linear within 0.1 of zero and logarithmic beyond, since scenarios differ in what can be gained.
    """
    rungs = list(next(iter(gains.values())))
    others = [rung for rung in rungs if rung not in (BEST, "PPO")]
    colours = {**dict(zip(others, OTHERS, strict=False)), BEST: REFERENCE, "PPO": CANDIDATE}
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 1.5 + 0.55 * len(gains)), layout="constrained")
        axes = figure.subplots()
        for i, rung in enumerate(rungs):
            found = [of[rung] for of in gains.values()]
            value = np.array([one.value for one in found])
            ends = np.abs(np.array([[one.low, one.high] for one in found]).T - value)
            height = np.arange(len(gains)) + 0.7 * (i / (len(rungs) - 1) - 0.5)
            axes.errorbar(value, height, xerr=ends, fmt="o", markersize=4, color=colours[rung], label=rung)
        axes.axvline(0, color=REFERENCE, linewidth=0.8)
        axes.set_xscale("symlog", linthresh=0.1)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}"))
        axes.set_yticks(range(len(gains)), list(gains))
        axes.invert_yaxis()
        axes.set(xlabel="reward per case over FIFO, money", title="What each rung adds")
        figure.legend(loc="outside lower center", ncols=len(rungs))
        with whole_file(path) as temporary:
            figure.savefig(temporary, format="png")
