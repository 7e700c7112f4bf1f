"""The same minibatches as stable-baselines3's buffer, from memory that is taken once and never put in order."""

import numpy as np
import torch
from gymnasium import spaces
from sb3_contrib.common.maskable.buffers import MaskableDictRolloutBuffer

from maitred.training.rollout_memory import RolloutMemory

STEPS, CENTERS, PLACES = 6, 3, 2
SPACE = spaces.Dict(
    {"x": spaces.Box(-1, 1, (5,), np.float32), "many": spaces.Box(-1, 1, (PLACES, 2), np.float32)},
)
ARGUMENTS = (STEPS, SPACE, spaces.Discrete(PLACES), "cpu")


def minibatches(buffer, seed):
    """Of one rollout drawn from the seed, as plain arrays."""
    rng = np.random.default_rng(seed)
    buffer.reset()
    for _ in range(STEPS):
        observation = {name: rng.normal(size=(CENTERS, *box.shape)).astype(np.float32) for name, box in SPACE.items()}
        value, log_prob = torch.from_numpy(rng.normal(size=(2, CENTERS)).astype(np.float32))
        action, mask = rng.integers(PLACES, size=(CENTERS, 1)), rng.random((CENTERS, PLACES)) < 0.5
        reward, starts = rng.normal(size=CENTERS), rng.random(CENTERS) < 0.2
        buffer.add(observation, action, reward, starts, value, log_prob, action_masks=mask)
    buffer.compute_returns_and_advantage(torch.ones(CENTERS), np.zeros(CENTERS, bool))
    np.random.seed(seed)  # noqa: NPY002, which stable-baselines3 draws from
    parts = list(buffer.get(9)) + list(buffer.get(9))  # two passes
    return [[*part[0].values(), *part[1:]] for part in parts]


def test_minibatches_are_the_same_in_every_rollout():
    ours, theirs = (kind(*ARGUMENTS, n_envs=CENTERS) for kind in (RolloutMemory, MaskableDictRolloutBuffer))
    for seed in (1, 2):
        for a, b in zip(minibatches(ours, seed), minibatches(theirs, seed), strict=True):
            assert all(torch.equal(x, y) and x.dtype == y.dtype for x, y in zip(a, b, strict=True))


def test_all_rollouts_lie_in_the_same_memory_from_which_minibatches_read():
    buffer = RolloutMemory(*ARGUMENTS, n_envs=CENTERS)
    taken = dict(buffer.observations)
    for seed in (1, 2):
        minibatches(buffer, seed)
        assert all(np.shares_memory(buffer.observations[name], taken[name]) for name in SPACE)
