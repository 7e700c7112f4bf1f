"""The report of one training run: a single HTML file that needs nothing from outside."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maitred.envs.kpi import FAMILIES
from maitred.training import pictures
from maitred.training.curve import Curve
from maitred.training.evaluate import Evaluation
from maitred.training.frozen import FrozenSet
from maitred.training.paired import pooled
from maitred.training.wording import (
    BY_NAME,
    TERMS,
    bound_text,
    difference_text,
    label,
    slack_text,
    value_text,
    verdict,
)
from maitred.whole_file import whole_file

CARDS = ("reward", "aht_s", "csat", "asa_s", "abandonment")
SHOWN_LOOKS = 30
DPI = 144

Floats = NDArray[np.float64]


def write_report(
    path: str | Path,
    evaluation: Evaluation,
    curve: Curve | None,
    provenance: Mapping[str, Any],
    *,
    frozen: FrozenSet,
    candidate: str,
) -> None:
    """Write the report.

    Args:
        path: HTML file to write; replaced whole if it exists.
        evaluation: of the candidate and those it is compared with.
        curve: how the candidate was learned; None where nothing was trained.
        provenance: configuration, hashes, versions, commit, seeds; nested mappings are flattened.
        frozen: the set of the evaluation.
        candidate: name of the policy the report is about.

    Raises:
        ValueError: the candidate was not evaluated, or the evaluation is of another set.
    """
    if candidate not in evaluation.policies or candidate == evaluation.reference:
        others = ", ".join(p for p in evaluation.policies if p != evaluation.reference)
        raise ValueError(f"candidate: expected one of {others}, found {candidate}")
    if evaluation.frozen_sha256 != frozen.sha256:
        raise ValueError(f"frozen: expected the set {evaluation.frozen!r} of the evaluation, found {frozen.name!r}")
    environment = Environment(
        loader=PackageLoader("maitred.training"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    looks = frozen.looks.read()
    html = environment.get_template("report.html").render(
        evaluation=evaluation,
        candidate=candidate,
        episodes=evaluation.ratios.shape[1],
        headline=_headline(evaluation, candidate),
        cards=[_card(evaluation, candidate, kpi) for kpi in CARDS],
        families=_families(evaluation),
        terms=_terms(evaluation, candidate),
        bounds=_bounds(evaluation, provenance),
        matched=_matched(evaluation, candidate, frozen),
        pictures=_pictures(evaluation, curve, frozen, candidate),
        provenance=_flat(provenance),
        frozen=frozen,
        looks=len(looks),
        shown_looks=looks[-SHOWN_LOOKS:],
    )
    _replace(Path(path), html)


def _headline(evaluation: Evaluation, candidate: str) -> dict[str, Any]:
    """The verdict on the reward, and which other headline KPIs are clearly better, worse or neither."""
    evaluation = evaluation.headlines
    difference = evaluation.difference(candidate)
    verdicts = {
        kpi: verdict(kpi, low, high)
        for kpi, low, high in zip(evaluation.kpis, difference.low, difference.high, strict=True)
    }
    return {
        **_card(evaluation, candidate, "reward"),
        **{
            side: [label(kpi) for kpi, v in verdicts.items() if v == side and kpi != "reward"]
            for side in pictures.VERDICTS
        },
    }


def _card(evaluation: Evaluation, policy: str, kpi: str) -> dict[str, str]:
    """One KPI of one policy in words."""
    q = evaluation.kpis.index(kpi)
    value, low, high = (float(bound[q]) for bound in evaluation.difference(policy))
    return {
        "label": label(kpi),
        "value": value_text(kpi, evaluation.values[evaluation.policies.index(policy), q]),
        "reference": value_text(kpi, evaluation.values[evaluation.policies.index(evaluation.reference), q]),
        "difference": difference_text(kpi, value, low, high),
        "verdict": verdict(kpi, low, high),
        "better": BY_NAME[kpi].better,
    }


def _families(evaluation: Evaluation) -> dict[str, list[dict[str, Any]]]:
    """Every KPI of all policies, by family; families that have none are left out."""
    rows = {
        family: [_row(evaluation, kpi.name) for kpi in kpis if kpi.name in evaluation.kpis]
        for family, kpis in FAMILIES.items()
    }
    return {family: kpis for family, kpis in rows.items() if kpis}


def _row(evaluation: Evaluation, kpi: str) -> dict[str, Any]:
    """One KPI of all policies."""
    return {
        "label": label(kpi),
        "meaning": BY_NAME[kpi].meaning,
        "counts": BY_NAME[kpi].counts,
        "better": BY_NAME[kpi].better,
        "cells": {policy: _card(evaluation, policy, kpi) for policy in evaluation.policies},
    }


def _terms(evaluation: Evaluation, candidate: str) -> list[dict[str, str]]:
    """What each booked term adds to the reward per case, under reference and candidate."""
    weights, difference = evaluation.objective.weights(), evaluation.worth_difference(candidate)
    ours, theirs = (pooled(evaluation.worth[evaluation.policies.index(p)]) for p in (candidate, evaluation.reference))
    return [
        {
            "label": TERMS[term],
            "weight": f"{weights[term]:+.4g}".replace("-", "−") if weights[term] else "0",
            "reference": value_text("reward", theirs[term]),
            "candidate": value_text("reward", ours[term]),
            "difference": difference_text("reward", *(float(bound[term]) for bound in difference)),
            "verdict": verdict("reward", float(difference.low[term]), float(difference.high[term])),
        }
        for term in evaluation.terms
    ]


def _bounds(evaluation: Evaluation, provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every bound: its limit, each policy's value and room, and what training charged for it, where it did."""
    figures = provenance.get("figures", {})
    values = dict(zip(evaluation.policies, evaluation.values, strict=True))
    rows = []
    for bound in evaluation.bounds:
        q = evaluation.kpis.index(bound.kpi.name)
        cells = {
            policy: {"value": value_text(bound.kpi.name, of[q]), "slack": slack_text(bound, float(of[q]))}
            for policy, of in values.items()
        }
        charged = [figures.get(f"{what}_{bound.kpi.name}") for what in ("multiplier", "price")]
        row = {"label": label(bound.kpi.name), "limit": bound_text(bound), "cells": cells}
        rows.append(row | dict(zip(("multiplier", "price"), map(_charge_text, charged), strict=True)))
    return rows


def _charge_text(money: float | None) -> str:
    """Money that a bound cost in training; a dash where nothing was charged for it."""
    return "–" if money is None else f"{money:.3g}"


def _matched(evaluation: Evaluation, candidate: str, frozen: FrozenSet) -> dict[str, str]:
    """Share of contacts answered by a well-matched agent, under reference and candidate."""
    fit = pictures.estimated_fit(frozen.scenario)
    shares = {
        role: pictures.well_matched_share(evaluation.portraits[evaluation.policies.index(policy)], fit)
        for role, policy in (("reference", evaluation.reference), ("candidate", candidate))
    }
    return {role: f"{100 * share:.0f} %" for role, share in shares.items()}


def _pictures(evaluation: Evaluation, curve: Curve | None, frozen: FrozenSet, candidate: str) -> dict[str, str]:
    """Every picture as a data URI, by name."""
    drawn: dict[str, Callable[[], Figure]] = {
        "forest": lambda: pictures.forest(evaluation.headlines),
        "front": lambda: pictures.front(evaluation, candidate),
        "day": lambda: pictures.day(evaluation, candidate),
        "who": lambda: pictures.who_gets_what(evaluation, candidate, frozen.scenario),
    }
    if curve is not None:
        drawn["learning"] = lambda: pictures.learning(curve)
    with matplotlib.rc_context(pictures.STYLE):
        return {name: _data_uri(draw()) for name, draw in drawn.items()}


def _data_uri(figure: Figure) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested mappings as one, keys joined by dots."""
    flat: dict[str, str] = {}
    for key, value in content.items():
        nested = isinstance(value, Mapping)
        flat |= _flat(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}": str(value)}
    return flat


def _replace(path: Path, html: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(html, encoding="utf-8")
