"""A short run of the combined road: every way in both simulators, each judged in reality."""

import json

import pytest

from experiments.offline import center, combined
from experiments.offline.table import RULE

pytestmark = pytest.mark.slow
ARGUMENTS = ["--logged-days", "14", "--episodes", "4", "--steps", "32768"]


def test_every_road_is_trained_in_both_simulators_and_kept(tmp_path, capsys):
    roads = (combined.Road("cold", cloned=False), combined.Road("held", anchor=0.01))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(combined, "ROADS", roads)
        patch.setattr(combined, "_FIT", combined.Fit(steps=20))
        patch.setattr(center, "OWN_DAYS", 2)
        out = tmp_path / "figures.json"
        assert combined.main([*ARGUMENTS, "--out", str(tmp_path), "--json", str(out)]) == 0
    values = {figure["name"]: figure["value"] for figure in json.loads(out.read_text())}
    ways = (RULE, "cloning", "greedy", *(f"{r.name}, {where}" for where in ("shipped", "calibrated") for r in roads))
    per_case = [values[f"combined log, {way}: per case"] for way in ways]
    assert len(set(per_case[2:])) == len(per_case) - 2
    kept = {way: json.loads((tmp_path / f"combined-{way.replace(' ', '_')}-0.json").read_text()) for way in ways[3:]}
    assert len({each["settings"]["simulator"] for each in kept.values()}) == 2
    assert kept["held, shipped"]["content"]["nats"] >= 0 and kept["cold, shipped"]["content"]["nats"] is None
    assert "what a simulator says" in capsys.readouterr().out
