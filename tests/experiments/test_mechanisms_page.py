"""Every module and test that the page of mechanisms names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CELLS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in (ROOT / "docs/mechanisms.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and not line.startswith(("| id", "|---"))
]


def names(cell):
    return [name for name in re.split(r", ", cell.replace("`", "")) if name]


def test_modules_are_there():
    kernel = ROOT / "maitred/envs/kernel"
    named = {name for row in CELLS for name in names(row[3])}
    assert len(named) > 20
    missing = [
        name
        for name in named
        if not ((ROOT / "maitred" / name).is_file() if "/" in name else (kernel / f"{name}.py").is_file())
    ]
    assert missing == []


def test_tests_are_there():
    named = {name if "/" in name else f"tests/envs/kernel/{name}" for row in CELLS for name in names(row[4])}
    assert len(named) > 20
    assert [name for name in named if not (ROOT / f"{name}.py").is_file()] == []
