"""Small bandit problems whose answer is known, in arrays and as decisions of a contact center."""

import numpy as np

from maitred.agents.bandits.inverse_gap import InverseGap
from maitred.agents.bandits.linear import LinearBandit, Rule
from maitred.agents.bandits.ridge import Ridge
from maitred.agents.bandits.thompson import Thompson
from maitred.agents.bandits.upper_bound import UpperBound
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Decisions, Kind

ARMS, REGRESSORS = 4, 6
RULES = [UpperBound(alpha=1.0, epsilon=0.1), Thompson(), InverseGap(gamma=3.0)]
FORMS = ["shared", "disjoint"]
PLACES = 5  # of the decisions below; the last one is hold
HOLD = CANDIDATE_NAMES.index("is_hold")


def fresh(rule: Rule, form: str, penalty: float = 1.0) -> LinearBandit:
    return LinearBandit(Ridge.prior(REGRESSORS, 1 if form == "shared" else ARMS, penalty=penalty), rule)


def contexts(form: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Regressors, masks with two legal candidates or more, and keys."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count, ARMS if form == "shared" else 1, REGRESSORS))
    mask = rng.random((count, ARMS)) < 0.7
    mask[:, :2] |= mask.sum(axis=1, keepdims=True) < 2
    return x, mask, rng.integers(2**64, size=count, dtype=np.uint64)


def seen(x: np.ndarray, form: str, candidate: np.ndarray) -> tuple[np.ndarray, np.ndarray | int]:
    """Regressors (N, d) of chosen candidates, and which regression learns from each."""
    if form == "shared":
        return x[np.arange(len(x)), candidate], 0
    return x[:, 0], candidate


def taught(rule: Rule, form: str, count: int = 300, seed: int = 5) -> LinearBandit:
    """A bandit after random choices with planted rewards of noise 1."""
    rng = np.random.default_rng(seed)
    x, _, _ = contexts(form, count, seed)
    candidate = rng.integers(ARMS, size=count)
    rows, regression = seen(x, form, candidate)
    weights = np.random.default_rng(0).standard_normal((1 if form == "shared" else ARMS, REGRESSORS))
    reward = (rows * weights[regression]).sum(axis=1) + rng.standard_normal(count)
    return fresh(rule, form).update(rows, reward, regression)


def decisions_of(count: int, seed: int) -> Decisions:
    """Standard normal features, kinds with a contact in equal shares, all candidates legal, hold last."""
    rng = np.random.default_rng(seed)
    context = rng.standard_normal((count, len(CONTEXT_NAMES)), np.float32)
    context[:, : len(Kind)] = np.eye(len(Kind))[rng.integers(0, 3, count)]
    candidates = rng.standard_normal((count, PLACES, len(CANDIDATE_NAMES)), np.float32)
    candidates[:, :, HOLD] = 0
    candidates[:, -1] = np.arange(len(CANDIDATE_NAMES)) == HOLD
    key = rng.integers(2**64, size=count, dtype=np.uint64)
    return Decisions(key, context, candidates, np.ones((count, PLACES), bool))
