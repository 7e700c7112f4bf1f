"""A bundle that carries rules is judged under them, and so are those beside it."""

from pathlib import Path

import pytest
import torch

from maitred.agents.network import CandidateNetwork
from maitred.commands.policies import evaluate
from maitred.serving.bundle import ModelCard
from maitred.serving.governance import NONE, Governance
from maitred.training.evaluate import Evaluation, from_json
from maitred.training.export import export_bundle
from maitred.training.frozen import freeze
from maitred.training.job import EVALUATION
from tests.decisions import sample_decisions
from tests.rules import rules
from tests.training.governance.test_center import world


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evaluation]:
    folder = tmp_path_factory.mktemp("judged")
    freeze(world(), folder / "set", episodes=3, seed=5, purpose="a test", name="set")
    found = {}
    for name, own in {"with": rules(), "without": None}.items():
        evaluate(str(_bundle(folder / name, own)), str(folder / "set"), out=str(folder / f"{name}-out"))
        found[name] = from_json((folder / f"{name}-out" / EVALUATION).read_text())
    return found


def _bundle(out: Path, governance: Governance | None) -> Path:
    torch.manual_seed(0)
    decisions = sample_decisions(500, 6, seed=0)
    network = CandidateNetwork(width=8)
    network.fit_normaliser(decisions)
    sha256 = NONE if governance is None else governance.sha256
    card = ModelCard(name="tiny", version="1", training={}, objective={}, governance_sha256=sha256)
    return export_bundle(network, out, card=card, parity_decisions=decisions, governance=governance)


def test_bots_are_kept_from_what_must_be_human(judged: dict[str, Evaluation]) -> None:
    """Three types come alike often and one of them must be human: without rules bots meet half as many again."""
    met = {name: _cases_with_bots(evaluation, "random") for name, evaluation in judged.items()}
    assert met["without"] > 100 and met["with"] == pytest.approx(met["without"] * 2 / 3, rel=0.15)


def _cases_with_bots(evaluation: Evaluation, policy: str) -> float:
    ratios = evaluation.ratios[evaluation.policies.index(policy)]
    return float(ratios[:, evaluation.kpis.index("containment"), 1].sum())


def test_the_days_are_the_same(judged: dict[str, Evaluation]) -> None:
    ours, theirs = judged["with"], judged["without"]
    assert ours.frozen_sha256 == theirs.frozen_sha256 and ours.policies == theirs.policies
    assert ours.kpis == theirs.kpis and theirs.looks == 2 * ours.looks
