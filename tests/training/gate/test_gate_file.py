"""The gate's file says what was decided, shows whether it was changed, and opens the export of one policy only."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maitred.serving.bundle import BundleError, load_bundle
from maitred.serving.level import LevelError, weights_sha256
from maitred.training.gate.contender import contender
from maitred.training.gate.gate_file import GateFileError, load_gate, promotion_of, seal, write_gate
from maitred.training.gate.verdict import Decision
from maitred.training.train import export_run

from .contenders import network_run


def report(run: Path | None = None, **fields: Any) -> dict[str, Any]:
    """A sealed report that promotes the policy of a run at level 2, with other fields."""
    weights = None if run is None else contender(str(run)).weights_sha256
    content = {
        "verdict": Decision.PROMOTE,
        "level": 2,
        "reasons": (),
        "candidate": {"weights_sha256": weights},
        "champion": {},
        "sets": [],
        "checks": [{"figures": {"z": np.array([1.5, np.inf]), "rows": np.int64(3)}}],
        "settings": {},
        "governance_sha256": "none",
    }
    return seal({**content, **fields})


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_gate(tmp_path / "gate.json", report())
    return tmp_path / "gate.json"


def test_what_was_written_is_read(written: Path) -> None:
    found = load_gate(written)
    assert found == report()
    assert found["checks"] == [{"figures": {"z": [1.5, None], "rows": 3}}]
    assert [path.name for path in written.parent.iterdir()] == ["gate.json"]


def test_layout_and_order_do_not_matter_but_every_value_does(written: Path) -> None:
    content = json.loads(written.read_text())
    written.write_text(json.dumps(dict(reversed(content.items()))))
    assert load_gate(written)["verdict"] == "promote"
    for change in ({"level": 1}, {"reasons": ["luck"]}, {"checks": []}, {"added": 1}, {"sha256": "0" * 64}):
        written.write_text(json.dumps({**content, **change}))
        with pytest.raises(GateFileError, match="changed since it was written"):
            load_gate(written)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"gate_version": 2}', '{"gate_version": 1}', "[" * 10_000])
def test_other_files_are_no_report(written: Path, text: str) -> None:
    written.write_text(text)
    with pytest.raises(GateFileError, match=r"gate\.json: expected"):
        load_gate(written)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(GateFileError, match="expected a readable file"):
        load_gate(tmp_path / "gate.json")


@pytest.mark.parametrize("verdict", ["hold", "reject"])
def test_only_a_promotion_promotes(tmp_path: Path, verdict: str) -> None:
    write_gate(tmp_path / "gate.json", report(verdict=verdict))
    with pytest.raises(GateFileError, match=f"expected a report that promotes, found {verdict}"):
        promotion_of(tmp_path / "gate.json", "w", "none")


def test_weights_are_identified_whatever_file_they_are_in() -> None:
    weights = {"b": np.zeros(3, np.float32), "a": np.ones((), np.float32)}
    assert weights_sha256(weights) == weights_sha256(dict(reversed(weights.items())))
    others = [{**weights, "b": np.zeros((3, 1), np.float32)}, {**weights, "b": np.zeros(3)}, {"a": weights["a"]}]
    assert len({weights_sha256(other) for other in [weights, *others]}) == 4


@pytest.fixture(autouse=True)
def few_parity_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maitred.training.train.PARITY_DECISIONS", 100)


def test_level_2_is_exported_with_a_report_of_this_very_policy_only(tmp_path: Path) -> None:
    run = network_run(tmp_path / "run", level=2)
    gate, out = tmp_path / "gate.json", tmp_path / "bundle"
    with pytest.raises(LevelError, match="expected a gate report, which level 2 needs"):
        export_run(run, out)
    write_gate(gate, report(network_run(tmp_path / "other", seed=1)))
    with pytest.raises(GateFileError, match=r"candidate\.weights_sha256"):
        export_run(run, out, gate=gate)
    write_gate(gate, report(run, level=1))
    with pytest.raises(LevelError, match="expected a report that promotes at level 2"):
        export_run(run, out, gate=gate)
    write_gate(gate, report(run, governance_sha256="f" * 64))
    with pytest.raises(GateFileError, match="governance_sha256"):
        export_run(run, out, gate=gate)
    gate.write_text(gate.read_text().replace('"governance_sha256": "' + "f" * 64, '"governance_sha256": "none'))
    with pytest.raises(GateFileError, match="changed since"):
        export_run(run, out, gate=gate)
    assert not out.exists()


def test_an_exported_bundle_carries_the_report_and_is_the_policy_that_was_judged(tmp_path: Path) -> None:
    run = network_run(tmp_path / "run", level=2)
    write_gate(tmp_path / "gate.json", report(run))
    card = load_bundle(export_run(run, tmp_path / "bundle", gate=tmp_path / "gate.json")).card
    assert card.level == 2 and card.gate is not None
    assert card.gate["sha256"] == report(run)["sha256"]
    assert contender(str(tmp_path / "bundle")).weights_sha256 == contender(str(run)).weights_sha256
    manifest = tmp_path / "bundle" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(card.gate["weights_sha256"], "0" * 64))
    with pytest.raises(BundleError, match="card/gate/weights_sha256"):
        load_bundle(tmp_path / "bundle")


@pytest.mark.parametrize("level", [0, 3, 4])
def test_a_policy_that_learns_while_it_serves_is_never_exported(tmp_path: Path, level: int) -> None:
    run = network_run(tmp_path / "run", level=level)
    write_gate(tmp_path / "gate.json", report(run, level=level))
    with pytest.raises(LevelError, match=f"found {level}"):
        export_run(run, tmp_path / "bundle", gate=tmp_path / "gate.json")


def test_level_1_needs_no_report(tmp_path: Path) -> None:
    run = network_run(tmp_path / "run")
    card = load_bundle(export_run(run, tmp_path / "bundle")).card
    assert (card.level, card.gate) == (1, None)
