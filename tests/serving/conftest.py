"""One exported bundle for all serving tests, and copies of it to damage."""

import shutil
from pathlib import Path

import pytest
import torch

from maitred.agents.network import CandidateNetwork
from maitred.serving.bundle import Bundle, ModelCard, load_bundle
from maitred.training.export import export_bundle
from tests.decisions import sample_decisions


@pytest.fixture(scope="session")
def network() -> CandidateNetwork:
    """A network with opinions, though untrained."""
    torch.manual_seed(0)
    decisions = sample_decisions(2000, 8, seed=0)
    network = CandidateNetwork()
    network.fit_normaliser(decisions)
    with torch.no_grad():
        network.score_out.weight.mul_(100)
    return network


@pytest.fixture(scope="session")
def bundle_dir(network: CandidateNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle as exported; not to be written to."""
    card = ModelCard(
        name="demo",
        version="1",
        training={"algorithm": "none"},
        objective={"cost": -1.0},
        governance_sha256="none",
    )
    out = tmp_path_factory.mktemp("export") / "demo"
    return export_bundle(network, out, card=card, parity_decisions=sample_decisions(2000, 8, seed=1))


@pytest.fixture
def damaged(bundle_dir: Path, tmp_path: Path) -> Path:
    """A copy of the bundle that a test may damage."""
    return Path(shutil.copytree(bundle_dir, tmp_path / "damaged"))


@pytest.fixture(scope="session")
def bundle(bundle_dir: Path) -> Bundle:
    """The bundle, loaded."""
    return load_bundle(bundle_dir)
