"""The stored oracle values and the logs they are of, and logs drawn at random."""

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maitred.training.ope.logged import Logged

MODELS = {"lr3fold": "q_hat_lr3fold", "const0.5": "q_hat_constp5"}
PAIRS = ["softmax5/lr3fold", "greedy80/lr3fold", "uniform/lr3fold", "det_qhat/lr3fold", "softmax5/const0.5"]


def oracle(name: str) -> Any:
    return json.loads((_folder() / name).read_text(encoding="utf-8"))


@cache
def arrays(name: str) -> dict[str, np.ndarray]:
    with np.load(_folder() / name) as stored:
        return dict(stored)


def record(found: dict[str, Any], pair: str) -> Any:
    policy, model = pair.split("/")
    return found[f"A_synth10/{policy}/q={model}"]


def log_a(pair: str) -> Logged:
    z = arrays("A_synth10.npz")
    policy, model = pair.split("/")
    return Logged(z["reward"].astype(float), z["pscore"], z["action"], z[f"pi_e_{policy}"], z["pi_b"], z[MODELS[model]])


def without_model(log: Logged) -> Logged:
    return replace(log, q=np.zeros_like(log.q))


def _folder() -> Path:
    if "MAITRED_DATA" not in os.environ:
        pytest.skip("MAITRED_DATA is not set: no oracle values to check against")
    return Path(os.environ["MAITRED_DATA"]) / "ope_oracle"


def drawn_log(seed: int, n: int = 300, places: int = 4, floor: float = 0.2) -> Logged:
    """Rewards 0 and 1, some places masked, exploring behaviour, a model that is off."""
    random = np.random.default_rng(seed)
    mask = random.random((n, places)) < 0.8
    mask[:, 0] = True
    behaviour, target = (_policy(random, mask, floor) for _ in range(2))
    chosen = (behaviour.cumsum(axis=1) > random.random(n)[:, None]).argmax(axis=1)
    expected = random.random((n, places))
    reward = (random.random(n) < expected[np.arange(n), chosen]).astype(float)
    q = 0.5 * expected + 0.2
    return Logged(reward, behaviour[np.arange(n), chosen], chosen, target, behaviour, q)


def _policy(random: np.random.Generator, mask: np.ndarray, floor: float) -> np.ndarray:
    score = np.where(mask, random.random(mask.shape), 0)
    greedy = np.eye(mask.shape[1])[score.argmax(axis=1)]
    return (1 - floor) * greedy + floor * mask / mask.sum(axis=1, keepdims=True)
