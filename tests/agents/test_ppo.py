"""Masked PPO learns on the candidate network, and the trained network decides as a policy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO
from stable_baselines3.common.vec_env import VecEnv

from maitred.agents.network import CandidateNetwork
from maitred.agents.ppo import CandidatePolicy, TorchPolicy
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Decisions
from tests.decisions import sample_decisions

ENVS, PLACES = 64, 6
HANDLE = CANDIDATE_NAMES.index("handle_s")


def quickest(d: Decisions) -> NDArray[np.int64]:
    return np.where(d.mask, d.candidates[..., HANDLE], np.inf).argmin(axis=1)


class QuickestAgent(VecEnv):
    """One-step episodes that pay 1 for the candidate of the shortest handle time, else 0."""

    def __init__(self) -> None:
        observation = spaces.Dict(
            {
                "context": spaces.Box(-np.inf, np.inf, (len(CONTEXT_NAMES),), np.float32),
                "candidates": spaces.Box(-np.inf, np.inf, (PLACES, len(CANDIDATE_NAMES)), np.float32),
                "mask": spaces.MultiBinary(PLACES),
            }
        )
        super().__init__(ENVS, observation, spaces.Discrete(PLACES))
        self.seed_of_batch = 0

    def reset(self) -> dict[str, NDArray[Any]]:
        self.seed_of_batch += 1
        self.batch = sample_decisions(ENVS, PLACES, seed=self.seed_of_batch, holds=False)
        return {"context": self.batch.context, "candidates": self.batch.candidates, "mask": self.batch.mask}

    def step_async(self, actions: NDArray[np.int64]) -> None:
        self.actions = actions

    def step_wait(self) -> Any:
        assert self.batch.mask[np.arange(ENVS), self.actions].all(), "an illegal candidate was chosen"
        reward = (self.actions == quickest(self.batch)).astype(np.float32)
        observation = self.reset()
        return observation, reward, np.ones(ENVS, bool), [{"terminal_observation": None}] * ENVS

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        assert method_name == "action_masks"
        return list(self.batch.mask)

    def has_attr(self, attr_name: str) -> bool:
        return attr_name == "action_masks"

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [None] * ENVS

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None: ...

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False] * ENVS

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Small batches gain nothing from a second thread, and on a busy machine wait for it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def trained(one_thread: None) -> CandidateNetwork:
    model = MaskablePPO(
        CandidatePolicy,
        QuickestAgent(),
        learning_rate=3e-3,
        n_steps=16,
        batch_size=512,
        n_epochs=8,
        gamma=0.0,
        seed=0,
        device="cpu",
    )
    policy = model.policy
    assert isinstance(policy, CandidatePolicy)
    policy.network.fit_normaliser(sample_decisions(2000, PLACES, seed=10**6, holds=False))
    model.learn(32_768)
    return policy.network


def test_learns_to_choose_the_quickest(trained: CandidateNetwork) -> None:
    d = sample_decisions(2000, PLACES, seed=10**6 + 1, holds=False)
    choices = TorchPolicy(trained).act(d)
    assert (choices.candidate == quickest(d)).mean() > 0.95
    assert (choices.propensity == 1).all()


def test_sampling_follows_the_probabilities_and_the_keys() -> None:
    torch.manual_seed(0)
    network = CandidateNetwork()
    d = sample_decisions(1, 4, seed=3)
    many = Decisions(
        np.arange(20_000, dtype=np.uint64),
        np.repeat(d.context, 20_000, axis=0),
        np.repeat(d.candidates, 20_000, axis=0),
        np.repeat(d.mask, 20_000, axis=0),
    )
    policy = TorchPolicy(network, sample=True)
    first, again = policy.act(many), policy.act(many)
    assert (first.candidate == again.candidate).all()
    for candidate in np.flatnonzero(d.mask[0]):
        drawn = first.candidate == candidate
        assert abs(drawn.mean() - first.propensity[drawn][0]) < 0.015


def test_saved_model_keeps_its_width(tmp_path: Path) -> None:
    model = MaskablePPO(
        CandidatePolicy,
        QuickestAgent(),
        policy_kwargs={"features_extractor_kwargs": {"width": 48}},
        device="cpu",
    )
    model.save(tmp_path / "model.zip")
    loaded = MaskablePPO.load(tmp_path / "model.zip", device="cpu").policy
    assert isinstance(loaded, CandidatePolicy) and loaded.network.width == 48
    for name, value in model.policy.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)
