"""The candidate network: symmetric in its candidates, blind to illegal ones, sane before training."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from maitred.agents.network import CLIP, MASKED_LOGIT, CandidateNetwork, Normaliser
from maitred.envs.decision import CANDIDATE_FEATURES, Decisions
from tests.decisions import HOLD, USUAL, sample_decisions


@pytest.fixture(scope="module")
def network() -> CandidateNetwork:
    torch.manual_seed(0)
    network = CandidateNetwork()
    network.fit_normaliser(sample_decisions(2000, 6, seed=0))
    with torch.no_grad():  # a policy with opinions
        network.score_out.weight.mul_(100)
    return network


def scored(
    network: CandidateNetwork, d: Decisions, order: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    order = np.arange(d.mask.shape[1]) if order is None else order
    with torch.no_grad():
        logits, value = network(
            torch.from_numpy(d.context),
            torch.from_numpy(d.candidates[:, order]),
            torch.from_numpy(d.mask[:, order]),
        )
    return logits.numpy(), value.numpy()


def test_permuting_candidates_permutes_scores(network: CandidateNetwork) -> None:
    d = sample_decisions(200, 8, seed=1)
    order = np.random.default_rng(0).permutation(8)
    logits, value = scored(network, d)
    moved, same = scored(network, d, order)
    np.testing.assert_allclose(moved, logits[:, order], atol=1e-5)
    np.testing.assert_allclose(same, value, atol=1e-5)
    assert np.ptp(logits[d.mask]) > 1  # the scores do differ


@pytest.mark.parametrize("places", [1, 2, 16, 200])
def test_any_number_of_candidates(network: CandidateNetwork, places: int) -> None:
    d = sample_decisions(3, max(places, 2), seed=2)
    logits, value = scored(network, d, np.arange(places))
    assert logits.shape == (3, places) and value.shape == (3,)
    assert np.isfinite(logits).all() and np.isfinite(value).all()


def test_what_is_illegal_changes_nothing(network: CandidateNetwork) -> None:
    d = sample_decisions(200, 8, seed=3)
    noise = np.random.default_rng(0).uniform(0, 1e4, d.candidates.shape).astype(np.float32)
    noisy = Decisions(d.key, d.context, np.where(d.mask[..., None], d.candidates, noise), d.mask)
    logits, value = scored(network, d)
    for found, expected in zip(scored(network, noisy), (logits, value), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert (logits[~d.mask] == MASKED_LOGIT).all()
    assert d.mask[np.arange(200), logits.argmax(axis=1)].all()


def test_untrained_policy_is_uniform_but_for_the_priors_of_holding_and_of_what_is_usual() -> None:
    torch.manual_seed(1)
    d = sample_decisions(100, 5, seed=4)
    network = CandidateNetwork()
    network.fit_normaliser(d)
    logits, _ = scored(network, d)
    hold, usual = d.candidates[..., HOLD] == 1, d.candidates[..., USUAL] == 1
    assert (d.mask & usual & ~hold).any()
    np.testing.assert_allclose(logits[d.mask], (usual - 3.0 * hold)[d.mask], atol=0.2)


def test_normaliser_standardises_logs_of_natural_units_and_leaves_flags() -> None:
    rows = np.random.default_rng(5).normal(0, 0.3, (5000, len(CANDIDATE_FEATURES))).astype(np.float32)
    normaliser = Normaliser(CANDIDATE_FEATURES)
    rows[:, normaliser.is_log] = np.exp(3 * rows[:, normaliser.is_log])
    normaliser.fit(rows)
    found = normaliser(torch.from_numpy(rows)).numpy()
    flags = normaliser.is_flag
    np.testing.assert_allclose(found[:, ~flags].mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(found[:, ~flags].std(axis=0), 1, atol=1e-2)
    np.testing.assert_array_equal(found[:, flags], rows[:, flags])
    logs = np.log1p(rows[:, normaliser.is_log].astype(np.float64))
    expected = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    np.testing.assert_allclose(found[:, normaliser.is_log], expected, atol=1e-4)
    signed = [i for i, f in enumerate(CANDIDATE_FEATURES) if f.low < 0]
    assert not normaliser.is_log[signed].any() and (found[:, signed] < 0).any(axis=0).all()
    assert np.abs(normaliser(torch.full((1, rows.shape[1]), 1e30)).numpy()).max() == CLIP
