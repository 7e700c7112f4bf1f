"""The gate's page: one HTML file that needs nothing from outside, made of the content of the gate's file alone."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from maitred.training.gate import pictures
from maitred.training.gate.check import PARTS
from maitred.training.pictures import STYLE
from maitred.whole_file import whole_file

DPI = 144
STATES = ("failed", "not run", "unclear", "passed", "not asked")  # the worst first

Content = Mapping[str, Any]

_FIRST = ("guards", "segments")  # what a leader asks first, after whether it is better

_PICTURES: dict[str, tuple[str, Callable[[Content], Figure]]] = {  # by the figure of a check that they show
    "p_values": ("Is a difference found by luck no more often than it may be?", pictures.same),
    "estimates": ("Do estimators agree?", pictures.estimates),
    "bounds": ("What each look had to show, and what it showed", pictures.spending),
    "guards": ("Does a KPI suffer?", pictures.guards),
    "segments": ("Does anyone lose?", pictures.segments),
}


def write_page(path: str | Path, content: Content) -> None:
    """Write the page of a sealed report, whole or not at all."""
    environment = Environment(
        loader=PackageLoader("maitred.training"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    html = environment.get_template("gate.html").render(
        gate=content,
        parts=_parts(content),
        silent=[f"{c['name']} ({c['sentence']})" for c in content["checks"] if c["state"] == "not asked"],
        drawn=_drawn(content),
        settings=_flat(content["settings"]),
    )
    with whole_file(Path(path)) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _parts(content: Content) -> list[dict[str, Any]]:
    """The parts of the report, each with its checks and the worst of their states."""
    found = []
    for number, title in PARTS.items():
        checks = [check for check in content["checks"] if check["part"] == number]
        states = [check["state"] for check in checks]
        worst = next((state for state in STATES if state in states), "not asked")
        found.append({"number": number, "title": title, "checks": checks, "state": worst})
    found[-1]["state"] = {"promote": "passed", "hold": "unclear", "reject": "failed"}[content["verdict"]]
    return found


def _drawn(content: Content) -> dict[str, list[tuple[str, str]]]:
    """By part, pictures as captions and data URIs."""
    with matplotlib.rc_context(STYLE):
        return {
            part: [(caption, _data_uri(draw())) for caption, draw in asked] for part, asked in _asked(content).items()
        }


def _asked(content: Content) -> dict[str, list[tuple[str, Callable[[], Figure]]]]:
    """By part, the pictures that there is something to draw of."""
    asked: dict[str, list[tuple[str, Callable[[], Figure]]]] = {"top": []}
    worth = [check for check in content["checks"] if "against" in check["figures"]]
    if worth:
        rows = [{"state": check["state"], **check["figures"]} for check in worth]
        asked["top"].append(("Is it better?", partial(pictures.objective, rows)))
    for check in content["checks"]:
        for figure, (caption, draw) in _PICTURES.items():
            if figure in check["figures"]:
                where = asked.setdefault("top" if figure in _FIRST else str(check["part"]), [])
                where.append((f"{caption} ({check['name']})", partial(draw, check["figures"])))
    return asked


def _data_uri(figure: Figure) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _flat(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings in one column; nested ones by their dotted name."""
    flat: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": str(item) for inner, item in value.items()}
        else:
            flat[key] = str(value)
    return flat
