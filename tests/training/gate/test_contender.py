"""Who is judged decides as what is served would: the same network, and the platform's rule where that would abstain."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maitred.envs.decision import Decisions
from maitred.serving.bundle import ModelCard, load_bundle
from maitred.serving.enforce import usual
from maitred.serving.policy import BundlePolicy
from maitred.training.drift.of_run import FAMILIAR, seen_by
from maitred.training.export import export_bundle
from maitred.training.gate.contender import (
    Contender,
    GateError,
    NetworkPolicy,
    contender,
    never_abstaining,
    probabilities,
)
from maitred.training.train import export_run, load_policy
from tests.decisions import sample_decisions

from .contenders import network_run

ORDINARY = sample_decisions(50, 6, seed=1)
STRANGE = replace(ORDINARY, candidates=ORDINARY.candidates * 1e6)
BOTH = Decisions(*(np.concatenate([getattr(d, n) for d in (ORDINARY, STRANGE)]) for n in Decisions.__slots__))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maitred.training.train.PARITY_DECISIONS", 100)
    monkeypatch.setattr("maitred.training.drift.familiarity.DAYS", 2)


def test_a_run_takes_one_legal_place_for_certain_and_other_folders_are_none(tmp_path: Path) -> None:
    run = contender(str(network_run(tmp_path / "run")))
    chances = probabilities(run, ORDINARY)
    assert (chances.sum(axis=1) == 1).all() and not chances[~ORDINARY.mask].any()
    assert run.id == f"weights:{run.weights_sha256}" and run.level == 1
    with pytest.raises(GateError, match="one that draws"):
        probabilities(contender("random"), ORDINARY)
    with pytest.raises(GateError, match="found neither"):
        contender(str(tmp_path))


@pytest.mark.parametrize("learned_from_log", [True, False])
def test_a_run_abstains_where_its_bundle_does(tmp_path: Path, learned_from_log: bool) -> None:
    run = network_run(tmp_path / "run")
    if not learned_from_log:
        (run / FAMILIAR).unlink()
    judged = contender(str(run)).policy
    served = BundlePolicy(load_bundle(export_run(run, tmp_path / "bundle")))
    assert isinstance(judged, NetworkPolicy) and judged.familiar is not None and served.bundle.familiar is not None
    for name, limits in served.bundle.familiar.arrays().items():
        np.testing.assert_array_equal(judged.familiar.arrays()[name], limits)
    np.testing.assert_array_equal(judged.act(BOTH).candidate, served.act(BOTH).candidate)
    assert served.abstains(STRANGE).all()
    sure = never_abstaining(judged).act(STRANGE).candidate
    assert (sure != judged.act(STRANGE).candidate).any()
    np.testing.assert_array_equal(never_abstaining(served).act(STRANGE).candidate, sure)


def test_chances_of_a_policy_that_draws_are_certain_where_it_abstains(tmp_path: Path) -> None:
    folder = network_run(tmp_path / "run")
    policy, record = load_policy(folder), json.loads((folder / "run.json").read_text())
    told = {"training": {}, "objective": {}, "governance_sha256": "none"}
    card = ModelCard(name="drawn", version="1", exploration="softmax", **told)
    seen = seen_by(folder, record, policy)
    bundle = load_bundle(
        export_bundle(policy.network, tmp_path / "bundle", card=card, parity_decisions=ORDINARY, familiar=seen)
    )
    drawn = Contender(BundlePolicy(bundle), "drawn", 1, exploration="softmax")
    chances, choices = probabilities(drawn, BOTH), drawn.policy.act(BOTH)
    rows = np.arange(len(BOTH))
    np.testing.assert_allclose(chances[rows, choices.candidate], choices.propensity, rtol=1e-5)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    strange = bundle.familiar.strange(BOTH)
    assert 0.4 < strange.mean() < 0.7 and (chances[~strange].max(axis=1) < 1).any()
    np.testing.assert_array_equal(chances[strange].argmax(axis=1), usual(BOTH.candidates, BOTH.mask)[strange])
    assert (chances[strange].max(axis=1) == 1).all()
