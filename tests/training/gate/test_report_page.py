"""The page tells what the file holds, needs nothing from outside, and believes nothing that is written in it."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from maitred.training.gate.gate_file import seal
from maitred.training.gate.report_page import write_page
from maitred.training.gate.settings import Settings
from maitred.training.gate.verdict_table import print_verdict

GUARD = {"mean": -0.01, "low": -0.02, "high": 0.0, "tolerance": 0.01, "standing": "unclear", "harm": 1.0}
FIGURES: dict[str, dict[str, Any]] = {
    "objective": {"mean": 0.1, "low": 0.05, "high": 0.15, "asked": 0.0, "against": "than old"},
    "guards": {
        "guards": [
            {**GUARD, "name": "csat", "label": "Satisfaction", "champion": "0.7", "candidate": "0.6"},
            {**GUARD, "name": "fcr", "label": "FCR", "champion": "–", "candidate": "–", "low": None, "mean": None},
        ]
    },
    "groups": {
        "segments": [
            {**GUARD, "name": "type loans", "share": 0.5},
            {**GUARD, "name": "type cards", "share": 0.5, "low": None, "high": None},
        ]
    },
    "looks": {"rows_at": [10, 20], "bounds": [None, 1.7], "z": [1.0, 2.0], "asked": 0.0},
    "estimators": {"estimates": [{"name": "DR", "mean": 0.1, "error": 0.05}]},
    "labels": {"p_values": [0.1, 0.5, 0.9]},
}


def content(verdict: str, name: str = "new") -> dict[str, Any]:
    policy = {"name": name, "id": "a", "level": 1, "weights_sha256": "w"}
    parts = dict(zip(FIGURES, (5, 5, 5, 4, 3, 2), strict=True))
    checks = [
        {"part": parts[key], "name": key, "state": "passed", "sentence": f"all of {key} is well", "figures": figures}
        for key, figures in FIGURES.items()
    ]
    checks.append({"part": 7, "name": "rules", "state": "not asked", "sentence": "no file", "figures": {}})
    return seal(
        {
            "created": "2026-01-01T00:00:00",
            "verdict": verdict,
            "level": 1,
            "reasons": ["guards: it suffers"],
            "mode": "better",
            "margin": 0.05,
            "candidate": policy,
            "champion": {**policy, "name": "old"},
            "sets": [{"name": "small", "scenario": "s", "sha256": "h", "episodes": 4, "looks": 2}],
            "log": {"rows": 30, "decisions": 20, "sha256": "l"},
            "governance_sha256": "none",
            "settings": Settings().described(),
            "checks": checks,
            "command": "maitred gate",
            "commit": None,
            "versions": {"numpy": "2"},
        }
    )


@pytest.mark.parametrize("verdict", ["promote", "hold", "reject"])
def test_the_page_tells_what_the_file_holds(verdict: str, tmp_path: Path) -> None:
    sealed = content(verdict)
    write_page(tmp_path / "gate.html", sealed)
    page = (tmp_path / "gate.html").read_text()
    assert "Should new replace old?" in page and f"<b>{verdict}</b>" in page and sealed["sha256"] in page
    assert all(f"all of {name} is well" in page for name in FIGURES)
    assert page.count('<img src="data:image/png') == len(FIGURES)
    assert "Not asked, and so not promised: rules (no file)" in page
    assert ("it suffers" in page) == (verdict != "promote")
    assert [path.name for path in tmp_path.iterdir()] == ["gate.html"]


def test_nothing_comes_from_outside_and_names_are_text(tmp_path: Path) -> None:
    write_page(tmp_path / "gate.html", content("hold", name="<script>alert(1)</script>"))
    page = (tmp_path / "gate.html").read_text()
    assert "<script" not in page and 'src="http' not in page and "href" not in page


def test_the_terminal_tells_the_verdict_and_what_stands_in_the_way() -> None:
    for verdict, shown in (("promote", "PROMOTE, up to AI level 1"), ("reject", "it suffers")):
        screen = StringIO()
        print_verdict(content(verdict, name="[bold]new"), Console(file=screen, width=120))
        assert shown in screen.getvalue() and "[bold]new" in screen.getvalue()
