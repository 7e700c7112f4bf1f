"""Policies for tests of the gate: untrained networks as runs and bundles, and rules that are worse on purpose."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from maitred.agents.candidates import feature, uniform
from maitred.agents.network import CandidateNetwork
from maitred.envs.decision import Choices, Decisions, best, draw
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import save_scenario
from maitred.training.drift.familiarity import fit_familiar
from maitred.training.drift.of_run import FAMILIAR
from maitred.training.frozen import FrozenSet, freeze
from maitred.training.gate.contender import Contender
from tests.decisions import sample_decisions
from tests.training.center import small_center


@dataclass(frozen=True)
class Slowest:
    """Gives every contact to the agent who takes longest."""

    name: str = "slowest"

    def act(self, decisions: Decisions) -> Choices:
        return best(feature(decisions, "handle_s"), decisions.mask)


@dataclass(frozen=True)
class Favourite:
    """Gives every contact to whoever has worked most."""

    name: str = "favourite"

    def act(self, decisions: Decisions) -> Choices:
        return best(feature(decisions, "occupancy"), decisions.mask)


@dataclass(frozen=True)
class Anyone:
    """Gives every contact to anyone; policies of different salt differ in luck alone."""

    salt: int
    name: str = "anyone"

    def act(self, decisions: Decisions) -> Choices:
        return draw(uniform(decisions.mask), decisions.key, 200 + self.salt)


def as_contender(policy: Slowest | Favourite | Anyone, level: int = 1) -> Contender:
    return Contender(policy, f"test:{policy.name}", level)


def freeze_small(folder: Path, episodes: int = 40, seed: int = 3) -> FrozenSet:
    return freeze(small_center(), folder, episodes=episodes, seed=seed, purpose="tests", name=folder.name)


def network_run(folder: Path, seed: int = 0, level: int | None = None) -> Path:
    """The folder of a training run whose network learned nothing, of small's center."""
    torch.manual_seed(seed)
    network = CandidateNetwork(width=8)
    network.fit_normaliser(sample_decisions(200, 6, seed=0))
    (folder / "scenario").mkdir(parents=True)
    save_scenario(small_center(), folder / "scenario" / "center.yaml")
    arrays = {name: value.numpy() for name, value in network.state_dict().items()}
    with (folder / "network.npz").open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    half = sample_decisions(400, 6, seed=1), sample_decisions(400, 6, seed=2)
    with (folder / FAMILIAR).open("wb") as file:
        np.savez(file, allow_pickle=False, **fit_familiar(*half).arrays())
    config = {"seed": 1, "objective": asdict(Objective()), "policy": {"name": "ppo"}}
    record = {"config": config, "began": "2026-01-01", "commit": None, "governance": "none"}
    record |= {} if level is None else {"level": level}
    (folder / "run.json").write_text(json.dumps(record))
    return folder
