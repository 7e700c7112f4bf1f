"""The front as a picture: what each family reaches, two KPIs at a time."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.front.families import AXES, CONDITIONED, FAMILIES, FIXED, OWN, RULE, Front, points
from experiments.front.hypervolume import Floats
from maitred.training.pictures import CANDIDATE, INK, OTHERS, REFERENCE, STYLE
from maitred.whole_file import whole_file

COLOURS = {CONDITIONED: CANDIDATE, OWN: OTHERS[0], FIXED: INK, RULE: REFERENCE}
MARKERS = {CONDITIONED: "o", OWN: "s", FIXED: "*", RULE: "x"}
LABELS = {"aht_s": "AHT, s", "csat": "CSAT, 0 to 1", "cost_per_contact": "cost per contact, money"}


def draw_front(front: Front, path: Path) -> None:
    """Write a PNG with one panel for each pair of KPIs; a point is a preference, the mean over training seeds.

    Grey lines join what the conditioned policy and the preference's own policy reach.
    """
    means = {family: points(front, family).mean(axis=0) * list(AXES.values()) for family in FAMILIES}
    with rc_context(STYLE):
        figure = Figure(figsize=(15, 5.5), layout="constrained")
        for axes, pair in zip(figure.subplots(1, 3), combinations(AXES, 2), strict=True):
            _panel(axes, {family: at[:, [list(AXES).index(kpi) for kpi in pair]] for family, at in means.items()})
            axes.set(xlabel=LABELS[pair[0]], ylabel=LABELS[pair[1]])
            better = ["lower" if AXES[kpi] > 0 else "higher" for kpi in pair]
            axes.set_title(f"better: {better[0]} across, {better[1]} up")
        key = ", ".join(f"{number} {name}" for number, name in enumerate(front, start=1))
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), title=f"preferences: {key}")
        with whole_file(path) as temporary:
            figure.savefig(temporary, format="png", dpi=110)


def _panel(axes: Axes, at: dict[str, Floats]) -> None:
    """(N, 2) of each family; numbers stand at the conditioned policy's points, in the order of the preferences."""
    for ours, theirs in zip(at[CONDITIONED], at[OWN], strict=True):
        axes.plot(*zip(ours, theirs, strict=True), color=REFERENCE, linewidth=0.5, zorder=1)
    for family, where in at.items():
        axes.scatter(where[:, 0], where[:, 1], color=COLOURS[family], marker=MARKERS[family], s=28, label=family)
    for number, where in enumerate(at[CONDITIONED], start=1):
        axes.annotate(str(number), tuple(where), textcoords="offset points", xytext=(4, 4), color=CANDIDATE)
