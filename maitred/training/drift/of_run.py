"""What the policy of a training run has seen: the same for who judges it and for who exports it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from maitred.envs.decision import Policy
from maitred.envs.objective import Objective
from maitred.envs.resized import resized
from maitred.envs.scenario_file import load_scenario
from maitred.serving.familiar import ARRAYS, Familiar
from maitred.training.drift.familiarity import ENCOUNTERS, seen_in
from maitred.training.learning import branch
from maitred.training.preferences import trained_spread
from maitred.training.run_folder import checked, read_arrays

CENTER = "scenario/center.yaml"  # that a run was trained in
FAMILIAR = "familiar.npz"  # what the log has seen that a run was learned from


def seen_by(folder: Path, record: Mapping[str, Any], policy: Policy) -> Familiar:
    """What a policy has seen: in its log, or in its scenario at every size and load that it was trained at.

    Args:
        folder: of the run.
        record: its `run.json`.
        policy: its network, which never abstains.

    Raises:
        RunError: what the log has seen is damaged.
        ScenarioError: the run has neither a log's nor a center's file, or a damaged one of a center.
    """
    if (path := folder / FAMILIAR).is_file():
        expected = {name: (np.float32, shape) for name, shape in ARRAYS.items()}
        return Familiar(**checked(path, read_arrays(path), expected))
    scenario, config = load_scenario(folder / CENTER), record["config"]
    sizes, loads = (config.get("policy", {}).get(factor, (1.0,)) for factor in ("sizes", "loads"))
    worlds = [resized(scenario, agents, load) for agents in sizes for load in loads]
    objective = Objective(**config["objective"])
    return seen_in(worlds, policy, branch(config["seed"], ENCOUNTERS), objective, trained_spread(record))
