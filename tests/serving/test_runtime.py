"""The numpy network, the fast path, onnxruntime and torch give one answer; nonsense gets none."""

import numpy as np
import pytest
import torch

from maitred.agents.network import CandidateNetwork
from maitred.agents.ppo import TorchPolicy
from maitred.envs.decision import Decisions, draw
from maitred.serving.bundle import Bundle, ModelCard
from maitred.serving.onnx_runtime import OnnxNetwork
from maitred.serving.parity import compare
from maitred.serving.policy import BundlePolicy
from maitred.serving.runtime import MASKED_LOGIT, Outputs
from tests.decisions import sample_decisions


@pytest.fixture(scope="module")
def policy(bundle: Bundle) -> BundlePolicy:
    return BundlePolicy(bundle)


@pytest.mark.parametrize("places", [2, 16, 100])
def test_runtimes_agree(network: CandidateNetwork, bundle: Bundle, places: int) -> None:
    d = sample_decisions(1000, places, seed=places)
    found = bundle.network.forward(d.context, d.candidates, d.mask)
    graph = OnnxNetwork(bundle.graph).forward(d.context, d.candidates, d.mask)
    with torch.no_grad():
        tensors = (torch.from_numpy(a) for a in (d.context, d.candidates, d.mask))
        logits, value = network(*tensors)
    reference = Outputs(logits.argmax(1).numpy(), torch.softmax(logits, 1).numpy(), value.numpy())
    for outputs in (found, graph):
        agreement = compare(outputs, reference)
        assert agreement.holds, agreement
        assert (outputs.probabilities[~d.mask] == 0).all()
        assert d.mask[np.arange(1000), outputs.action].all()


def test_policies_agree(network: CandidateNetwork, policy: BundlePolicy) -> None:
    d = sample_decisions(500, 70, seed=5)
    batch = policy.act(d)
    np.testing.assert_array_equal(batch.candidate, TorchPolicy(network).act(d).candidate)
    outputs = policy.bundle.network.forward(d.context, d.candidates, d.mask)
    for i in range(len(d)):
        one = policy.decide_one(d.context[i], d.candidates[i], d.mask[i])
        assert one.candidate == batch.candidate[i] and one.propensity == 1
        np.testing.assert_allclose(one.probabilities, outputs.probabilities[i], atol=1e-5)
        assert (one.logits[~d.mask[i]] == MASKED_LOGIT).all()


def test_compare_tells_a_difference_from_a_tie() -> None:
    def outputs(action: int, *p: float) -> Outputs:
        return Outputs(np.array([action]), np.array([p], np.float32), np.zeros(1, np.float32))

    tied, apart = outputs(0, 0.5, 0.5), outputs(0, 0.6, 0.4)
    assert compare(outputs(1, 0.5, 0.5), tied).near_ties == 1 and compare(outputs(1, 0.5, 0.5), tied).holds
    assert compare(outputs(1, 0.6, 0.4), apart).different == 1
    assert not compare(outputs(1, 0.6, 0.4), apart).holds
    assert not compare(outputs(0, 0.6001, 0.3999), apart).holds
    assert not compare(outputs(0, np.nan, 0.4), apart).holds


def test_exploration_draws_by_key(bundle: Bundle) -> None:
    card = ModelCard(name="demo", version="1", training={}, objective={}, governance_sha256="0", exploration="softmax")
    policy = BundlePolicy(Bundle(card, bundle.sha256, bundle.network, bundle.graph))
    d = sample_decisions(300, 8, seed=7)
    choices = policy.act(d)
    outputs = bundle.network.forward(d.context, d.candidates, d.mask)
    np.testing.assert_array_equal(choices.candidate, draw(outputs.probabilities, d.key).candidate)
    assert (choices.candidate != outputs.action).any()
    one = policy.decide_one(d.context[0], d.candidates[0], d.mask[0], int(d.key[0]))
    assert one.candidate == choices.candidate[0]
    assert one.propensity == pytest.approx(choices.propensity[0], abs=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["context", "candidates"])
def test_features_that_are_not_finite_are_refused(policy: BundlePolicy, bad: float, part: str) -> None:
    d = sample_decisions(3, 4, seed=8)
    getattr(d, part)[0].flat[5] = bad
    with pytest.raises(ValueError, match="finite"):
        policy.act(d)
    with pytest.raises(ValueError, match="finite"):
        policy.decide_one(d.context[0], d.candidates[0], d.mask[0])


@pytest.mark.filterwarnings("ignore:overflow")
def test_features_too_large_for_float32_are_refused(policy: BundlePolicy) -> None:
    d = sample_decisions(1, 4, seed=8)
    huge = Decisions(d.key, d.context.astype(np.float64) + 1e300, d.candidates, d.mask)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="finite"):
        policy.act(huge)
    with pytest.raises(ValueError, match="finite"):
        policy.decide_one(huge.context[0], huge.candidates[0], huge.mask[0])


def test_nothing_legal_is_refused(policy: BundlePolicy) -> None:
    d = sample_decisions(3, 4, seed=9)
    d.mask[1] = False
    with pytest.raises(ValueError, match="legal"):
        policy.act(d)
    with pytest.raises(ValueError, match="legal"):
        policy.decide_one(d.context[1], d.candidates[1], d.mask[1])


def test_wrong_shapes_are_refused(policy: BundlePolicy) -> None:
    d = sample_decisions(1, 4, seed=9)
    with pytest.raises(ValueError, match="expected"):
        policy.decide_one(d.context[0, 1:], d.candidates[0], d.mask[0])
    with pytest.raises(ValueError, match="expected"):
        policy.decide_one(d.context[0], d.candidates[0, 1:], d.mask[0])
