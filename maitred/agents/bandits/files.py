"""Bandits as files: named arrays (npz, no pickle)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from maitred.agents.bandits.candidate_reward import CandidateReward
from maitred.agents.bandits.inverse_gap import InverseGap
from maitred.agents.bandits.linear import LinearBandit, Rule
from maitred.agents.bandits.neural_linear import Fit, NeuralLinear
from maitred.agents.bandits.pair_features import PAIR_NAMES, Scaling
from maitred.agents.bandits.policy import NeuralBandit, PairBandit
from maitred.agents.bandits.ridge import Ridge
from maitred.agents.bandits.thompson import Thompson
from maitred.agents.bandits.upper_bound import UpperBound
from maitred.agents.network import CandidateNetwork
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES
from maitred.whole_file import whole_file

RULES: dict[str, type[Any]] = {rule.__name__: rule for rule in (UpperBound, Thompson, InverseGap)}
_REGRESSORS = {"pair": PAIR_NAMES, "neural": (*CONTEXT_NAMES, *CANDIDATE_NAMES)}

Arrays = Mapping[str, np.ndarray[Any, Any]]


def save(policy: PairBandit | NeuralBandit, path: Path) -> None:
    """Write a policy; what a neural one remembers of decisions is left out, so a loaded one begins to remember anew."""
    form = "pair" if isinstance(policy, PairBandit) else "neural"
    arrays: dict[str, Any] = {"form": form, "name": policy.name, "regressors": _REGRESSORS[form]}
    if isinstance(policy, PairBandit):
        arrays |= _linear(policy.learner) | _prefixed("scaling", asdict(policy.scaling))
    else:
        neural = policy.learner
        weights = {name: value.numpy() for name, value in neural.network.state_dict().items()}
        arrays |= _linear(neural.learner) | _prefixed("network", weights) | _prefixed("fit", asdict(policy.fit))
        arrays |= {"scale": neural.scale, "penalty": policy.penalty, "memory": policy.memory}
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(path: Path) -> PairBandit | NeuralBandit:
    """Read a policy that `save` wrote.

    Raises:
        ValueError: its features are not those of this version.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    form, name = str(arrays["form"]), str(arrays["name"])
    if tuple(arrays["regressors"]) != _REGRESSORS[form]:
        raise ValueError(f"{path} was saved with other features than this version computes")
    rule: Rule = _read("rule", RULES[str(arrays["rule"])], arrays)
    learner = LinearBandit(_read("ridge", Ridge, arrays), rule)
    if form == "pair":
        return PairBandit(learner, _read("scaling", Scaling, arrays), name)
    neural = NeuralLinear(_network(arrays), arrays["scale"], learner)
    fit: Fit = _read("fit", Fit, arrays)
    return NeuralBandit(neural, fit, float(arrays["penalty"]), int(arrays["memory"]), name=name)


def _linear(learner: LinearBandit) -> dict[str, Any]:
    rule: Any = learner.rule
    ridge = {field.name: getattr(learner.ridge, field.name) for field in fields(Ridge)}
    return {"rule": type(rule).__name__} | _prefixed("rule", asdict(rule)) | _prefixed("ridge", ridge)


def _prefixed(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}.{name}": value for name, value in values.items()}


def _read(prefix: str, kind: type[Any], arrays: Arrays) -> Any:
    """A dataclass from the arrays of its field names; what has no axis is a number."""
    found = {field.name: arrays[f"{prefix}.{field.name}"] for field in fields(kind)}
    return kind(**{name: array.item() if array.ndim == 0 else array for name, array in found.items()})


def _network(arrays: Arrays) -> CandidateReward:
    weights = {name[8:]: torch.from_numpy(array) for name, array in arrays.items() if name.startswith("network.")}
    network = CandidateReward(CandidateNetwork(len(weights["network.context_encoder.bias"])))
    network.load_state_dict(weights)
    return network
