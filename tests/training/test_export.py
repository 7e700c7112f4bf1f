"""Export proves that every runtime answers as the network, and leaves a whole bundle or nothing."""

import json
import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from maitred.agents.network import CandidateNetwork
from maitred.serving.bundle import Bundle, BundleError, ModelCard, load_bundle
from maitred.serving.onnx_runtime import OnnxNetwork
from maitred.serving.parity import compare
from maitred.serving.runtime import NumpyNetwork
from maitred.training import export
from maitred.training.export import ExportError, export_bundle
from tests.decisions import sample_decisions

CARD = ModelCard(
    name="demo",
    version="1",
    training={"scenario": "demo", "seed": 0},
    objective={"cost": -1.0},
    governance_sha256="none",
    commit="abc",
)


@pytest.fixture(scope="module")
def bundle_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    decisions = sample_decisions(3000, 6, seed=0)
    network = CandidateNetwork(width=24)
    network.fit_normaliser(decisions)
    out = tmp_path_factory.mktemp("export") / "deep" / "demo"
    return export_bundle(network, out, card=CARD, parity_decisions=decisions)


@pytest.fixture(scope="module")
def bundle(bundle_dir: Path) -> Bundle:
    return load_bundle(bundle_dir)


def test_the_bundle_says_what_it_is(bundle_dir: Path, bundle: Bundle) -> None:
    assert sorted(p.name for p in bundle_dir.iterdir()) == [
        "manifest.json",
        "parity.npz",
        "policy.onnx",
        "weights.npz",
    ]
    assert [p.name for p in bundle_dir.parent.iterdir()] == ["demo"]  # nothing of the making is left
    manifest = json.loads((bundle_dir / "manifest.json").read_text())
    assert manifest["parity"]["compared"] == 3000 and manifest["parity"]["decisions"] == 256
    assert manifest["parity"]["numpy"]["different"] == manifest["parity"]["onnx"]["different"] == 0
    assert bundle.card == CARD


def test_the_graph_is_plain_and_self_contained(bundle: Bundle) -> None:
    model = onnx.load_from_string(bundle.graph)
    assert [(i.domain, i.version) for i in model.opset_import] == [("", 18)]
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    assert b".py" not in bundle.graph  # no trace of the machine it was made on


def test_the_exporter_does_not_tell_of_every_node(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("onnxscript", "onnx_ir"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    decisions = sample_decisions(64, 3, seed=2)
    with caplog.at_level(logging.INFO):
        export_bundle(CandidateNetwork(8), tmp_path / "quiet", card=CARD, parity_decisions=decisions)
    assert not [record.name for record in caplog.records if record.name.startswith("onnx")]


@pytest.mark.parametrize(("count", "places"), [(1, 2), (1, 40), (33, 3)])
def test_the_graph_takes_any_number_of_decisions_and_candidates(bundle: Bundle, count: int, places: int) -> None:
    d = sample_decisions(count, places, seed=1)
    found = OnnxNetwork(bundle.graph).forward(d.context, d.candidates, d.mask)
    assert compare(found, bundle.network.forward(d.context, d.candidates, d.mask)).holds


def test_a_runtime_that_disagrees_stops_the_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(NumpyNetwork):
        def __init__(self, weights: dict[str, np.ndarray]) -> None:  # type: ignore[type-arg]
            super().__init__({**weights, "hold_prior": weights["hold_prior"] + np.float32(1)})

    monkeypatch.setattr(export, "NumpyNetwork", Wrong)
    with pytest.raises(ExportError, match="numpy runtime disagrees"):
        export_bundle(
            CandidateNetwork(), tmp_path / "demo", card=CARD, parity_decisions=sample_decisions(50, 4, seed=0)
        )
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_numbers_stop_the_export(tmp_path: Path) -> None:
    network = CandidateNetwork()
    with torch.no_grad():
        network.value_out.bias.fill_(float("nan"))
    with pytest.raises((ExportError, BundleError)):
        export_bundle(network, tmp_path / "demo", card=CARD, parity_decisions=sample_decisions(50, 4, seed=0))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(bundle_dir: Path) -> None:
    before = (bundle_dir / "manifest.json").read_bytes()
    with pytest.raises(ExportError, match="does not exist"):
        export_bundle(CandidateNetwork(), bundle_dir, card=CARD, parity_decisions=sample_decisions(5, 4, seed=0))
    assert (bundle_dir / "manifest.json").read_bytes() == before
