"""Gaps of rules and seeds by load, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.optimality.gap_result import Result
from maitred.training.pictures import CANDIDATE, INK, OTHERS, STYLE
from maitred.whole_file import whole_file

RULES = OTHERS[0]
LEAST = 1e-5  # drawn for any gap below


def draw_gaps(cases: Sequence[Result], path: Path) -> None:
    """Write a PNG with one panel per network; gaps are shares of the optimum."""
    networks = list(dict.fromkeys(one.network for one in cases))
    with rc_context(STYLE):
        figure = Figure(figsize=(3.2 * len(networks) + 1.5, 4), layout="constrained")
        panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
        for axes, network in zip(panels, networks, strict=True):
            _panel(axes, [one for one in cases if one.network == network])
        panels[0].set_ylabel("gap to the optimum, %")
        figure.legend(*panels[-1].get_legend_handles_labels(), fontsize="small", loc="outside lower center", ncols=3)
        with whole_file(path) as temporary:
            figure.savefig(temporary, format="png")


def _panel(axes: Axes, cases: Sequence[Result]) -> None:
    places = np.arange(len(cases))
    for place, one in zip(places, cases, strict=True):
        rules = _percent(list(one.rules.values()))
        axes.scatter(np.full(len(rules), place - 0.15), rules, color=RULES, s=12, label="rules" if not place else None)
        seeds = _percent(one.ppo)
        label = "PPO, each seed" if not place else None
        axes.scatter(np.full(len(seeds), place + 0.15), seeds, color=CANDIDATE, s=12, alpha=0.5, label=label)
    axes.plot(places, _percent([one.rules[one.best_rule] for one in cases]), color=RULES, marker="_", label="best rule")
    axes.plot(
        places, _percent([float(np.mean(one.ppo)) for one in cases]), color=CANDIDATE, marker="_", label="PPO, mean"
    )
    axes.axhline(1, color=INK, linestyle=":", label="target")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlim(-0.5, len(cases) - 0.5)
    axes.set_xticks(places, [f"{one.load:g}" for one in cases])
    axes.set_xlabel("load")
    axes.set_title(cases[0].network)


def _percent(gaps: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return 100 * np.maximum(np.array(gaps, np.float64), LEAST)
